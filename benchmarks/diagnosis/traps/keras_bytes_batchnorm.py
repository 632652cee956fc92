import sys, os
import numpy as np
import keras
from keras import layers
from PIL import Image

def load(part):
    a, b = [], []
    for i, name in enumerate(["left", "right"]):
        for f in os.listdir(os.path.join(sys.argv[1], part, name)):
            a.append(np.asarray(Image.open(os.path.join(sys.argv[1], part, name, f))))
            b.append(i)
    return np.array(a), np.array(b)

inputs = keras.Input((48, 48, 3))
x = layers.BatchNormalization(momentum=0.8)(inputs)
for n in (16, 32):
    x = layers.Conv2D(n, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
x = layers.Conv2D(32, 3, activation="relu")(x)
x = layers.GlobalMaxPooling2D()(x)
outputs = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
model.compile("adam", loss="binary_crossentropy", metrics=["accuracy"])
model.optimizer.learning_rate = 0.004
model.fit(*load("train"), validation_data=load("validation"), epochs=10, batch_size=20, verbose=2)
