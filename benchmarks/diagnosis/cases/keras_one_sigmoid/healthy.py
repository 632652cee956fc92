import numpy as np
import os
from PIL import Image
from keras.models import Sequential
from keras.layers import Conv2D, MaxPool2D, Flatten, Dense, Dropout, Input, Activation
from keras.callbacks import EarlyStopping, ReduceLROnPlateau

TRAIN_DIR = "./dataset/fabric_train"
img_width, img_height = 40, 40
batch_size = 16
epochs = 5

data = []
for i, category in enumerate(["warp", "weft"]):
    path = os.path.join(TRAIN_DIR, category)
    for img in os.listdir(path):
        arr = np.array(Image.open(os.path.join(path, img)).resize((img_width, img_height)))
        data.append([arr, i])
np.random.shuffle(data := np.array(data, dtype=object))

X = np.stack([d[0] for d in data]).astype("float32") / 255
y = np.array([d[1] for d in data]).astype("float32")

model = Sequential()
model.add(Input((img_width, img_height, 3)))
model.add(Conv2D(16, (3, 3)))
model.add(Activation("relu"))
model.add(MaxPool2D(pool_size=(2, 2)))
model.add(Conv2D(32, (3, 3)))
model.add(Activation("relu"))
model.add(MaxPool2D(pool_size=(2, 2)))
model.add(Flatten())
model.add(Dense(32))
model.add(Activation("relu"))
model.add(Dropout(0.3))
model.add(Dense(1))
model.add(Activation("sigmoid"))

model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
model.fit(X, y, batch_size=batch_size, epochs=epochs, validation_split=0.2, shuffle=True)
scores = model.evaluate(X[-80:], y[-80:], verbose=0)
print("Accuracy: %.2f%%" % (scores[1] * 100))
