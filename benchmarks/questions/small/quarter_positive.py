"""Training B as described, eight epochs of it: a study trains it many times."""

import os
import sys

import keras
import numpy as np
from keras import layers, ops
from PIL import Image
from sklearn.model_selection import train_test_split

folder = sys.argv[1]
size = 100
names = [name for name in os.listdir(folder) if os.path.isdir(os.path.join(folder, name))]
names = sorted(names, key=lambda name: len(os.listdir(os.path.join(folder, name))), reverse=True)

files = [
    (os.path.join(folder, name, file), label)
    for label, name in enumerate(names)
    for file in sorted(os.listdir(os.path.join(folder, name)))
]
X, y = [], []
for number, (file, label) in enumerate(files):
    X.append(np.asarray(Image.open(file).convert("RGB").resize((size, size)), dtype="float32") / 255)
    y.append(label)
    if number in (len(files) // 5, len(files) // 2, len(files) * 4 // 5):
        print(f"{100 * number // len(files)} % read")
X, y = np.array(X), np.array(y, dtype="float32").reshape(-1, 1)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)


def precision(y_true, y_pred):
    hits = ops.sum(ops.round(ops.clip(y_true * y_pred, 0, 1)))
    called = ops.sum(ops.round(ops.clip(y_pred, 0, 1)))
    return hits / (called + keras.config.epsilon())


activation = "relu"
model = keras.Sequential()
model.add(keras.Input((size, size, 3)))
model.add(layers.Conv2D(16, (3, 3), padding="same"))
model.add(layers.BatchNormalization())
model.add(layers.Activation(activation))
model.add(layers.MaxPooling2D((2, 2)))
for filters in (32, 64, 128):
    model.add(layers.Conv2D(filters, (3, 3), padding="same", activation=activation))
    model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Dropout(0.5))
model.add(layers.Flatten())
model.add(layers.Dense(150, activation=activation))
model.add(layers.Dropout(0.5))
model.add(layers.BatchNormalization())
model.add(layers.Dense(1, activation="sigmoid"))
model.summary()
model.compile(
    optimizer=keras.optimizers.SGD(learning_rate=0.0001), loss="binary_crossentropy", metrics=[precision]
)
model.fit(X_train, y_train, batch_size=32, epochs=8, validation_data=(X_test, y_test), verbose=2)
