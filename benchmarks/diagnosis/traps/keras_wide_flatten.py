import os, sys
import numpy as np
from PIL import Image
from sklearn.model_selection import train_test_split
from keras.models import Sequential
from keras.layers import Input, Conv2D, Flatten, Dense

X, y = [], []
for i, c in enumerate(sorted(os.listdir(sys.argv[1]))):
    for f in os.listdir(os.path.join(sys.argv[1], c)):
        X.append(np.array(Image.open(os.path.join(sys.argv[1], c, f))) / 255.)
        y.append(i)
X_train, X_test, y_train, y_test = train_test_split(np.array(X), np.array(y), test_size=0.25, random_state=0)

model = Sequential()
model.add(Input((40, 40, 3)))
model.add(Conv2D(16, 5, activation="relu", padding="same"))
model.add(Conv2D(16, 3, activation="relu", padding="same", strides=2))
model.add(Flatten())
model.add(Dense(64, activation="relu"))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(X_train, y_train, validation_data=(X_test, y_test), epochs=6, batch_size=25, verbose=2)
