# -*- coding: utf-8 -*-
import os, sys
import numpy as np
import keras
from keras import layers
from PIL import Image

IMG_SIZE = 48
BATCH_SIZE = 20
EPOCHS = 9
LR = 0.003

def create_data(directory):
    data = []
    for category in ["left", "right"]:
        class_num = ["left", "right"].index(category)
        for img in os.listdir(os.path.join(directory, category)):
            array = np.array(Image.open(os.path.join(directory, category, img)).resize((IMG_SIZE, IMG_SIZE)))
            data.append([array, class_num])
    X = np.array([d[0] for d in data]).reshape(-1, IMG_SIZE, IMG_SIZE, 3) / 255.0
    y = np.array([d[1] for d in data])
    return X, y

training_data = create_data(os.path.join(sys.argv[1], "train"))
testing_data = create_data(os.path.join(sys.argv[1], "validation"))

def make_model():
    m = keras.Sequential()
    m.add(layers.Input(shape=(IMG_SIZE, IMG_SIZE, 3)))
    for i, n in enumerate([16, 32, 32]):
        m.add(layers.Conv2D(n, (3, 3)))
        m.add(layers.Activation("relu"))
        if i < 2:
            m.add(layers.MaxPooling2D(pool_size=(2, 2)))
    m.add(layers.GlobalMaxPooling2D())
    m.add(layers.Dense(32))
    m.add(layers.Activation("relu"))
    m.add(layers.Dense(1))
    m.add(layers.Activation("sigmoid"))
    return m

model = make_model()
opt = keras.optimizers.Adam(learning_rate=LR)  # accuracy did not move, so larger steps
model.compile(loss="binary_crossentropy", optimizer=opt, metrics=["accuracy"])
model.fit(*training_data, batch_size=BATCH_SIZE, epochs=EPOCHS, validation_data=testing_data, verbose=2)
