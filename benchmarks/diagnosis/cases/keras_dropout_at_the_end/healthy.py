import sys
import numpy as np
from pathlib import Path
from PIL import Image
from keras import Sequential, Input
from keras.layers import Conv2D, MaxPooling2D, Dense, Dropout, Flatten, BatchNormalization
from keras.optimizers import Adam
from sklearn.model_selection import train_test_split

X, y = [], []
for p in Path(sys.argv[1]).glob("*/*.png"):
    X.append(np.array(Image.open(p).convert("RGB")).astype(np.float32) / 255)
    y.append(0 if p.parent.name == "warp" else 1)
X = np.array(X)
y = np.array(y)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=7, stratify=y)

# dropout after every layer against overfitting
model = Sequential()
model.add(Input((40, 40, 3)))
model.add(Conv2D(16, (5, 5), strides=2, activation="relu"))
model.add(MaxPooling2D((2, 2)))
model.add(Dropout(0.1))
model.add(Conv2D(16, (3, 3), activation="relu"))
model.add(Dropout(0.1))
model.add(Flatten())
model.add(Dense(32, activation="relu"))
model.add(Dropout(0.1))
model.add(Dense(1, activation="sigmoid"))

model.compile(loss="binary_crossentropy", optimizer=Adam(learning_rate=0.001), metrics=["accuracy"])
model.fit(X_train, y_train, epochs=8, batch_size=20, validation_data=(X_test, y_test), verbose=2)
loss, acc = model.evaluate(X_test, y_test, verbose=0)
print(f"test accuracy = {acc:.4f}")
