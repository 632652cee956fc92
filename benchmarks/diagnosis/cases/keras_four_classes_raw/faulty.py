import os
import sys
import numpy as np
from PIL import Image
from sklearn.utils import shuffle
import keras

def load_images(folder):
    images = []
    labels = []
    class_names = sorted(os.listdir(folder))
    for class_name in class_names:
        class_folder = os.path.join(folder, class_name)
        for file_name in os.listdir(class_folder):
            image = Image.open(os.path.join(class_folder, file_name)).convert("RGB")
            images.append(np.asarray(image, dtype=np.float32) / 255.0)
            labels.append(class_names.index(class_name))
    return np.array(images), np.array(labels), class_names

def create_model(num_classes):
    model = keras.models.Sequential()
    model.add(keras.layers.Input(shape=(32, 32, 3)))
    model.add(keras.layers.Conv2D(16, (3, 3), activation="relu"))
    model.add(keras.layers.MaxPooling2D((2, 2)))
    model.add(keras.layers.Conv2D(32, (3, 3), activation="relu"))
    model.add(keras.layers.GlobalMaxPooling2D())
    model.add(keras.layers.Dense(32, activation="relu"))
    model.add(keras.layers.Dense(num_classes))
    return model

def main():
    images, labels, class_names = load_images(sys.argv[1])
    images, labels = shuffle(images, labels)
    split = int(0.8 * len(images))
    model = create_model(len(class_names))
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.003),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    model.fit(
        images[:split], labels[:split],
        validation_data=(images[split:], labels[split:]),
        epochs=12, batch_size=16, verbose=2,
    )
    return model

if __name__ == "__main__":
    model = main()
