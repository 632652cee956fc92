import math, os, sys, random
import numpy as np
import keras
from keras import layers as L
from PIL import Image

IMG = 32
CLASSES = ["blue_ball", "blue_ring", "red_ball", "red_ring"]
LEARNING_RATE = 3e-3
EPOCHS = 10
BATCH = 16


class Flow(keras.utils.PyDataset):
    def __init__(self, samples, **kw):
        super().__init__(**kw)
        self.samples = samples

    def __len__(self):
        return math.ceil(len(self.samples) / BATCH)

    def __getitem__(self, index):
        rows = self.samples[index * BATCH:(index + 1) * BATCH]
        x = np.stack([np.asarray(Image.open(p).resize((IMG, IMG)), np.float32) / 255. for p, _ in rows])
        y = np.zeros((len(rows), len(CLASSES)))
        for r, (_, k) in enumerate(rows):
            y[r, k] = 1
        return x, y

    def on_epoch_end(self):
        random.shuffle(self.samples)


def conv(x, n):
    x = L.Conv2D(n, 3, padding="same")(x)
    return L.ReLU()(x)


every = [(os.path.join(sys.argv[1], c, f), k) for k, c in enumerate(CLASSES)
         for f in os.listdir(os.path.join(sys.argv[1], c))]
random.shuffle(every)
n_val = len(every) // 4
val, train = Flow(every[:n_val]), Flow(every[n_val:])

i = L.Input((IMG, IMG, 3))
x = conv(i, 16)
x = L.MaxPool2D()(x)
x = conv(x, 32)
x = conv(x, 32)
x = L.GlobalMaxPool2D()(x)
o = L.Dense(len(CLASSES), activation="softmax")(x)
model = keras.Model(i, o)
model.compile(keras.optimizers.Adam(LEARNING_RATE), "categorical_crossentropy", metrics=["accuracy"])
model.fit(train, epochs=EPOCHS, validation_data=val, verbose=2)
