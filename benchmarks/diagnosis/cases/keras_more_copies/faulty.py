import sys, os
import numpy as np
from PIL import Image
from sklearn.model_selection import train_test_split
import keras
from keras import layers

path = sys.argv[1]
names = sorted(os.listdir(path))
print(names)
X, y = [], []
for i, n in enumerate(names):
    for f in sorted(os.listdir(os.path.join(path, n)))[:40]:
        X.append(np.array(Image.open(os.path.join(path, n, f))))
        y.append(i)
X, y = np.array(X) / 255., np.array(y)


def enlarge(X, y, copies=4):
    """my dataset is small, so add slightly noisy copies"""
    parts_x, parts_y = [X], [y]
    for _ in range(copies):
        parts_x.append(np.clip(X + np.random.normal(0, 0.02, X.shape), 0, 1))
        parts_y.append(y)
    return np.concatenate(parts_x), np.concatenate(parts_y)


X, y = enlarge(X, y)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.33, random_state=42, stratify=y)
print("train", X_train.shape, "test", X_test.shape)

model = keras.Sequential([
    layers.Input(X_train.shape[1:]),
    layers.Flatten(),
    layers.Dense(128, activation="relu"),
    layers.Dense(64, activation="relu"),
    layers.Dense(len(names), activation="softmax"),
])
model.compile(optimizer=keras.optimizers.Adam(0.001), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(X_train, y_train, epochs=20, batch_size=32, verbose=2, validation_data=(X_test, y_test))
