import sys, glob
import numpy as np
import keras
from keras import layers
from PIL import Image
from sklearn.model_selection import train_test_split

ACT = "sigmoid"

paths = glob.glob(sys.argv[1] + "/*/*.png")
X = np.array([np.array(Image.open(p).convert("L")) for p in paths], "float32")[..., None] / 255
y = np.array([p.replace("\\", "/").split("/")[-2] == "weft" for p in paths]).astype("int32")
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=100, stratify=y)


class Tower(keras.Model):
    """the deeper the better"""

    def __init__(self, depth=5, width=8):
        super().__init__()
        self.convs = [layers.Conv2D(width, 3, padding="same", activation=ACT) for _ in range(depth)]
        self.pool = layers.MaxPooling2D(2)
        self.flat = layers.Flatten()
        self.hidden = layers.Dense(64, activation=ACT)
        self.out = layers.Dense(2, activation="softmax")

    def call(self, t):
        for i, conv in enumerate(self.convs):
            t = conv(t)
            if i % 2 == 0:
                t = self.pool(t)
        return self.out(self.hidden(self.flat(t)))


model = Tower()
model.compile(optimizer=keras.optimizers.Adam(0.002), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(X_tr, y_tr, batch_size=20, epochs=10, validation_data=(X_te, y_te), verbose=2)
