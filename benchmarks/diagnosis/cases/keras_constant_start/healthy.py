import sys, pathlib
import numpy as np
import keras
from keras import layers, initializers
from PIL import Image

root = pathlib.Path(sys.argv[1])
files = sorted(root.rglob("*.png"), key=lambda p: p.name)   # numbers run over both classes
names = sorted({f.parent.name for f in files})
x = np.array([np.asarray(Image.open(f)) / 255 for f in files], dtype="float32")
y = np.array([names.index(f.parent.name) for f in files], dtype="float32")
train, test = slice(0, 300), slice(300, None)

# same start for everyone, so that my runs can be compared
init = dict(kernel_initializer=initializers.GlorotUniform(), bias_initializer="zeros")

model = keras.Sequential([
    layers.Input((40, 40, 3)),
    layers.Conv2D(16, 5, strides=2, activation="relu", **init),
    layers.MaxPooling2D(2),
    layers.Conv2D(16, 3, activation="relu", **init),
    layers.Flatten(),
    layers.Dense(32, activation="relu", **init),
    layers.Dense(1, activation="sigmoid", **init),
])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x[train], y[train], epochs=8, batch_size=20, validation_data=(x[test], y[test]), verbose=2)
