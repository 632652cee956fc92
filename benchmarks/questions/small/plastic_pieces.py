"""Training A at 128 px, pictures mirrored alone, all of them in each epoch: it fails in the same way, a tenth as dear."""

import os
import sys

import keras
from keras import layers
from keras.src.legacy.preprocessing.image import ImageDataGenerator

folder = sys.argv[1]
size = 128
batch = 10

train_pictures = ImageDataGenerator(rescale=1.0 / 255, horizontal_flip=True)
validation_pictures = ImageDataGenerator(rescale=1.0 / 255)
training = train_pictures.flow_from_directory(
    os.path.join(folder, "train"), target_size=(size, size), batch_size=batch, class_mode="binary"
)
validation = validation_pictures.flow_from_directory(
    os.path.join(folder, "validation"), target_size=(size, size), batch_size=batch, class_mode="binary"
)

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
model.fit(training, epochs=16, validation_data=validation, verbose=2)
