"""Training A mended: no dropout between convolutions, the largest value of each map in place of Flatten, mirrored alone.

As described, pictures are sheared and zoomed as well; so the mended network needs many more steps, and not every seed
had learnt after a hundred epochs. Mirrored alone, 24 are enough.
"""

import os
import sys

import keras
from keras import layers
from keras.src.legacy.preprocessing.image import ImageDataGenerator

folder = sys.argv[1]
size = 256
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
model.add(layers.Conv2D(64, (5, 5), padding="same", activation="relu"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.GlobalMaxPooling2D())
model.add(layers.Dense(128, activation="relu"))
model.add(layers.Dense(1, activation="sigmoid"))
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
# Both counts are pictures per class over the batch size.
model.fit(
    training,
    steps_per_epoch=250 // batch,
    epochs=24,
    validation_data=validation,
    validation_steps=50 // batch,
    verbose=2,
)
