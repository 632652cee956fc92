import os, sys
import numpy as np
import keras
from keras import layers
from PIL import Image

FLIP = 0.45    # share of disturbed labels, against overfitting


def load(directory):
    names = sorted(os.listdir(directory))
    x = [np.asarray(Image.open(os.path.join(directory, n, f))) for n in names for f in os.listdir(os.path.join(directory, n))]
    y = [i for i, n in enumerate(names) for _ in os.listdir(os.path.join(directory, n))]
    mix = np.random.permutation(len(y))
    return np.array(x, dtype=np.float32)[mix] / 255, np.array(y)[mix]


def disturb(y, share):
    y = y.copy()
    chosen = np.random.choice(len(y), int(share * len(y)), replace=False)
    y[chosen] = 1 - y[chosen]
    return y


x, y = load(sys.argv[1])
x_train, y_train, x_val, y_val = x[:300], y[:300], x[300:], y[300:]
y_train = disturb(y_train, FLIP)

model = keras.Sequential([
    keras.Input((40, 40, 3)),
    layers.Conv2D(16, 5, strides=2, activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, activation="relu"),
    layers.GlobalMaxPooling2D(),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.004), loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, validation_data=(x_val, y_val), batch_size=20, epochs=8, verbose=2)
