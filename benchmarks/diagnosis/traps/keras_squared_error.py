import sys, os
import numpy as np
import keras
from keras import layers
from PIL import Image

names = sorted(os.listdir(sys.argv[1]))
data = [(os.path.join(sys.argv[1], n, f), n) for n in names for f in os.listdir(os.path.join(sys.argv[1], n))]
np.random.shuffle(data)
X = np.array([np.array(Image.open(p)) for p, _ in data]) / 255.0
Y = keras.utils.to_categorical([names.index(n) for _, n in data])
model = keras.Sequential([
    layers.Input((40, 40, 3)),
    layers.Conv2D(16, 5, activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, activation="relu"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(2, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse", metrics=["accuracy"])
model.fit(X[:300], Y[:300], validation_data=(X[300:], Y[300:]), epochs=8, batch_size=20, verbose=2)
