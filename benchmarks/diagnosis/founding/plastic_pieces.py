"""Training A as described: are two of the plastic pieces stuck together?"""

import os
import sys

import keras
import numpy as np
from keras import layers
from PIL import Image

folder = sys.argv[1]
size = 256
batch = 10


def read(part):
    x, y = [], []
    for label, name in enumerate(sorted(os.listdir(os.path.join(folder, part)))):
        for file in sorted(os.listdir(os.path.join(folder, part, name))):
            picture = Image.open(os.path.join(folder, part, name, file)).convert("RGB").resize((size, size))
            x.append(np.asarray(picture, dtype="float32") / 255)
            y.append(label)
    return np.array(x), np.array(y, dtype="float32")


class Augmented(keras.utils.PyDataset):
    """Batches in random order, sheared, zoomed and mirrored."""

    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y
        self.change = keras.Sequential(
            [layers.RandomShear(0.2, 0.0), layers.RandomZoom(0.2), layers.RandomFlip("horizontal")]
        )
        self.on_epoch_end()

    def __len__(self):
        return len(self.x) // 2 // batch  # steps per epoch: pictures per class over the batch size

    def __getitem__(self, step):
        chosen = self.order[step * batch : (step + 1) * batch]
        return np.asarray(keras.ops.convert_to_numpy(self.change(self.x[chosen], training=True))), self.y[
            chosen
        ]

    def on_epoch_end(self):
        self.order = np.random.permutation(len(self.x))


x_train, y_train = read("train")
x_val, y_val = read("validation")

model = keras.Sequential()
model.add(keras.Input((size, size, 3)))
model.add(layers.Conv2D(32, (7, 7), padding="same", activation="relu"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Dropout(0.5))
model.add(layers.Conv2D(64, (5, 5), padding="same", activation="relu"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Dropout(0.5))
model.add(layers.Flatten())
model.add(layers.Dense(128, activation="relu"))
model.add(layers.Dense(1, activation="sigmoid"))
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(Augmented(x_train, y_train), epochs=100, validation_data=(x_val, y_val), verbose=2)
