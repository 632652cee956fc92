import os, sys, random
import numpy as np
import keras
from keras import layers, regularizers, callbacks
from PIL import Image

params = {
    "filters": (16, 16),
    "l2": 0.0,
    "lr": 0.004,
    "epochs": 8,
    "batch": 20,
}


def weaves(folder):
    for k, side in enumerate(("warp", "weft")):
        for name in os.listdir(os.path.join(folder, side)):
            yield keras.utils.img_to_array(Image.open(os.path.join(folder, side, name))) / 255.0, k


def as_arrays(folder):
    pairs = list(weaves(folder))
    random.shuffle(pairs)
    return np.stack([a for a, _ in pairs]), np.array([b for _, b in pairs])


def build(params):
    model = keras.Sequential(name="weave_net")
    model.add(layers.Input((40, 40, 3)))
    for i, n in enumerate(params["filters"]):
        if i:
            model.add(layers.MaxPooling2D())
        model.add(layers.Conv2D(n, 5, strides=2 - i, activation="relu", kernel_regularizer=regularizers.l2(params["l2"])))
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(keras.optimizers.Adam(params["lr"]), "binary_crossentropy", metrics=["accuracy"])
    return model


model = build(params)
x, y = as_arrays(sys.argv[1])
model.fit(x, y, batch_size=params["batch"], epochs=params["epochs"], verbose=2, validation_split=0.25,
          callbacks=[callbacks.TerminateOnNaN()])
