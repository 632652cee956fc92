import sys, os
import numpy as np
import keras
from keras import layers
from PIL import Image

def read(split):
    X, Y = [], []
    for name in ("left", "right"):
        for f in os.listdir(os.path.join(sys.argv[1], split, name)):
            X.append(np.array(Image.open(os.path.join(sys.argv[1], split, name, f))) / 255)
            Y.append(name == "right")
    return np.array(X, "float32"), np.array(Y, "float32")

class Flow(keras.utils.PyDataset):
    def __init__(self, X, Y, batch, augment):
        super().__init__()
        self.X, self.Y, self.batch, self.augment = X, Y, batch, augment
        self.order = np.random.permutation(len(X)) if augment else np.arange(len(X))
    def __len__(self):
        return -(-len(self.X) // self.batch)
    def __getitem__(self, i):
        pick = self.order[i * self.batch:(i + 1) * self.batch]
        x, y = self.X[pick].copy(), self.Y[pick]
        if self.augment:
            upside = np.random.rand(len(x)) < 0.5
            x[upside] = x[upside][:, ::-1]
            x *= np.random.uniform(0.8, 1.2, (len(x), 1, 1, 1))
        return x, y
    def on_epoch_end(self):
        if self.augment:
            np.random.shuffle(self.order)

train, val = Flow(*read("train"), 20, True), Flow(*read("validation"), 50, False)
model = keras.Sequential([
    layers.Input((48, 48, 3)),
    layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(),
    layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
    layers.Conv2D(32, 3, activation="relu"), layers.GlobalMaxPooling2D(),
    layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.004), metrics=["accuracy"])
model.fit(train, validation_data=val, epochs=12, verbose=2)
