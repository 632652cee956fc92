import sys
import pathlib
import numpy as np
import keras
from keras import layers
from PIL import Image
from sklearn.model_selection import StratifiedShuffleSplit

data = pathlib.Path(sys.argv[1])
class_names = sorted(p.name for p in data.iterdir() if p.is_dir())
images, labels = [], []
for index, class_name in enumerate(class_names):
    for p in sorted((data / class_name).iterdir()):
        images.append(np.asarray(Image.open(p).convert("RGB")))
        labels.append(index)
images, labels = np.array(images), np.array(labels)
train_ix, val_ix = next(StratifiedShuffleSplit(1, test_size=0.3).split(images, labels))

counts = np.bincount(labels[train_ix])
print({n: int(c) for n, c in zip(class_names, counts)})
class_weight = {i: counts.sum() / (len(counts) * c) for i, c in enumerate(counts)}

model = keras.Sequential(
    [
        keras.Input(shape=(48, 48, 3)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(12, 5, strides=2, padding="same", activation="relu"),
        layers.Conv2D(24, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(24, 3, padding="same", activation="relu"),
        layers.GlobalMaxPooling2D(),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(3e-3), metrics=["accuracy"])
history = model.fit(
    images[train_ix], labels[train_ix],
    validation_data=(images[val_ix], labels[val_ix]),
    batch_size=16,
    epochs=14,
    verbose=2,
)
