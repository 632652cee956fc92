import os, sys
import numpy as np
import keras
from PIL import Image

FILTERS = 16
SHAPE = (32, 32, 3)

def read_all(base):
    cats = sorted(os.listdir(base))
    for ci, cat in enumerate(cats):
        for fn in os.listdir(os.path.join(base, cat)):
            yield np.array(Image.open(os.path.join(base, cat, fn)), dtype="float32") / 255, ci

samples = list(read_all(sys.argv[1]))
np.random.shuffle(order := np.arange(len(samples)))
X = np.array([samples[i][0] for i in order])
Y = np.array([samples[i][1] for i in order])
model = keras.models.Sequential([
    keras.layers.InputLayer(shape=SHAPE),
    keras.layers.Conv2D(FILTERS, 3, padding="same", activation="relu"),
    keras.layers.MaxPooling2D(),
    keras.layers.Conv2D(FILTERS, 3, padding="same", activation="relu"),
    keras.layers.Conv2D(FILTERS, 3, padding="same", activation="relu"),
    keras.layers.GlobalMaxPooling2D(),
    keras.layers.Dense(4, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.Adam(4e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
print(model.count_params(), "parameters")
model.fit(X[:330], Y[:330], validation_data=(X[330:], Y[330:]), epochs=12, batch_size=15, verbose=2)
