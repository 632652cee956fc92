import keras, sys, os
import numpy as np
from keras import layers
from PIL import Image


def load_split(split):
    images = []; labels = []
    folder = os.path.join(sys.argv[1], split)
    for label in sorted(os.listdir(folder)):
        for image_name in os.listdir(os.path.join(folder, label)):
            image = Image.open(os.path.join(folder, label, image_name))
            images.append(np.array(image))
            labels.append(1 if label == "right" else 0)
    return np.array(images), np.array(labels)


(train_images, train_labels), (test_images, test_labels) = load_split("train"), load_split("validation")
train_images = train_images.reshape((-1, 48, 48, 3)).astype("float32") / 255
test_images = test_images.reshape((-1, 48, 48, 3)).astype("float32") / 255

network = keras.models.Sequential()
network.add(layers.Conv2D(16, (3, 3), activation="relu", input_shape=(48, 48, 3)))
network.add(layers.MaxPooling2D((2, 2)))
network.add(layers.Conv2D(32, (3, 3), activation="relu"))
network.add(layers.MaxPooling2D((2, 2)))
network.add(layers.Conv2D(32, (3, 3), activation="relu"))
network.add(layers.GlobalMaxPooling2D())
network.add(layers.Dense(32, activation="relu"))
network.add(layers.Dense(2, activation="softmax"))
network.compile(optimizer=keras.optimizers.Adam(0.003), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
network.fit(train_images, train_labels, epochs=10, batch_size=20, validation_data=(test_images, test_labels), verbose=2)
model = network
