import os
import sys
import numpy as np
from PIL import Image
import keras
from keras.models import Sequential
from keras.layers import Input, Conv2D, MaxPooling2D, Flatten, Dense, Dropout
from keras.utils import to_categorical
from sklearn.model_selection import train_test_split

data, target = [], []
categories = sorted(os.listdir(sys.argv[1]))
for category in categories:
    for image in os.listdir(os.path.join(sys.argv[1], category)):
        data.append(np.array(Image.open(os.path.join(sys.argv[1], category, image))) / 255)
        target.append(categories.index(category))
data = np.array(data, dtype="float32")
target = to_categorical(target, len(categories))
x_train, x_test, y_train, y_test = train_test_split(data, target, test_size=0.25, shuffle=True, random_state=10)

model = Sequential()
model.add(Input((32, 32, 3)))
model.add(Conv2D(16, (3, 3), activation="relu"))
model.add(MaxPooling2D((2, 2)))
model.add(Conv2D(32, (3, 3), activation="relu"))
model.add(MaxPooling2D((2, 2)))
model.add(Flatten())
model.add(Dense(128, activation="softmax"))
model.add(Dense(len(categories), activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=16, epochs=12, validation_data=(x_test, y_test), verbose=2)
score = model.evaluate(x_test, y_test, verbose=0)
print("Test accuracy:", score[1])
