import sys, glob, os
import numpy as np
import keras
from PIL import Image
from sklearn.model_selection import train_test_split

files = sorted(glob.glob(os.path.join(sys.argv[1], "*", "*.png")))
y = np.array([f.split(os.sep)[-2] == "weft" for f in files]).astype("float32")
X = np.array([np.asarray(Image.open(f)) for f in files], dtype="float32") / 255
X1, X2, y1, y2 = train_test_split(X, y, test_size=100, stratify=y)
model = keras.Sequential()
model.add(keras.layers.Input(X.shape[1:]))
model.add(keras.layers.Conv2D(16, 5, activation="relu"))
model.add(keras.layers.MaxPooling2D())
model.add(keras.layers.Conv2D(16, 3, activation="relu"))
model.add(keras.layers.Flatten())
model.add(keras.layers.Dense(1))
model.compile(
    optimizer=keras.optimizers.RMSprop(0.001),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")],
)
model.fit(X1, y1, epochs=6, validation_data=(X2, y2), batch_size=20, verbose=2)
