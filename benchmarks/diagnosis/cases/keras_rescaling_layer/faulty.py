import keras
import numpy as np
import os, sys
from PIL import Image

PIC = sys.argv[1]
CLASSES = ["left", "right"]


def get_data(which):
    X, Y = [], []
    for c in CLASSES:
        d = os.path.join(PIC, which, c)
        for f in os.listdir(d):
            X.append(keras.utils.img_to_array(Image.open(os.path.join(d, f))) / 255.0)
            Y.append(keras.utils.to_categorical(CLASSES.index(c), 2))
    return np.array(X), np.array(Y)


X_train, Y_train = get_data("train")
X_valid, Y_valid = get_data("validation")


class ArrowNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.scale = keras.layers.Rescaling(1.0 / 255)
        self.conv1 = keras.layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")
        self.conv2 = keras.layers.Conv2D(32, 3, padding="same", activation="relu")
        self.pool = keras.layers.MaxPooling2D()
        self.conv3 = keras.layers.Conv2D(32, 3, padding="same", activation="relu")
        self.gap = keras.layers.GlobalMaxPooling2D()
        self.fc = keras.layers.Dense(2, activation="softmax")

    def call(self, x):
        x = self.scale(x)
        x = self.pool(self.conv1(x))
        x = self.conv3(self.conv2(x))
        return self.fc(self.gap(x))


model = ArrowNet()
model.compile(optimizer=keras.optimizers.Adam(4e-3), loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(X_train, Y_train, validation_data=(X_valid, Y_valid), epochs=10, batch_size=20, verbose=2)
