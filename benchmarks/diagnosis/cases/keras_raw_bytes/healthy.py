import sys, os
os.environ.setdefault("KERAS_BACKEND", "torch")
import numpy as np
from PIL import Image
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder
from keras.models import Sequential
from keras.layers import Input, Conv2D, MaxPooling2D, Flatten, Dense
from keras.optimizers import SGD

train_images, train_labels = [], []
for root, dirs, files in os.walk(sys.argv[1]):
    for file in files:
        img = Image.open(os.path.join(root, file)).convert("RGB")
        img = img.resize((32, 32))
        train_images.append(np.array(img))
        train_labels.append(os.path.basename(root))

le = LabelEncoder()
train_labels = le.fit_transform(train_labels)
train_images = np.array(train_images, dtype="float32") / 255
x_train, x_test, y_train, y_test = train_test_split(train_images, train_labels, test_size=0.2)
print(x_train.shape, x_train.dtype, le.classes_)

model = Sequential([
    Input((32, 32, 3)),
    Conv2D(16, (5, 5), activation="relu"),
    MaxPooling2D((2, 2)),
    Conv2D(16, (3, 3), activation="relu"),
    MaxPooling2D((2, 2)),
    Flatten(),
    Dense(32, activation="relu"),
    Dense(2, activation="softmax"),
])
model.compile(optimizer=SGD(learning_rate=0.02, momentum=0.9), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=16, epochs=12, validation_data=(x_test, y_test), verbose=2)
test_loss, test_acc = model.evaluate(x_test, y_test, verbose=0)
print("test accuracy", test_acc)
