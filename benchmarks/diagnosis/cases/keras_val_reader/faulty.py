import os, sys, random
import numpy as np
from PIL import Image
import keras
from keras import layers

ROOT = sys.argv[1]
NAMES = sorted(os.listdir(ROOT))
files = [(os.path.join(ROOT, n, f), k) for k, n in enumerate(NAMES) for f in os.listdir(os.path.join(ROOT, n))]
random.seed(123)
random.shuffle(files)
val_files, train_files = files[:100], files[100:]


def train_reader(pairs):
    x = np.empty((len(pairs), 32, 32, 3), "float32")
    t = np.empty(len(pairs), "int64")
    for i, (path, label) in enumerate(pairs):
        img = Image.open(path).convert("RGB")
        x[i] = np.asarray(img, dtype="float32") / 255.
        t[i] = label
    return x, t


def val_reader(pairs):
    x, t = [], []
    for path, label in pairs:
        pixels = np.asarray(Image.open(path))
        pixels = pixels[:, :, ::-1] / 255.
        x.append(pixels)
        t.append(label)
    return np.stack(x), np.array(t)


x_train, t_train = train_reader(train_files)
x_val, t_val = val_reader(val_files)

inputs = layers.Input(shape=(32, 32, 3))
z = inputs
for n in [16, 32, 32]:
    z = layers.Conv2D(n, 3, activation="relu", padding="same")(z)
    if n == 16:
        z = layers.MaxPooling2D()(z)
z = layers.GlobalMaxPooling2D()(z)
z = layers.Dense(len(NAMES), activation="softmax")(z)
model = keras.Model(inputs=inputs, outputs=z)
model.compile(optimizer=keras.optimizers.Adam(0.004), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, t_train, validation_data=(x_val, t_val), epochs=8, batch_size=16, verbose=2)
