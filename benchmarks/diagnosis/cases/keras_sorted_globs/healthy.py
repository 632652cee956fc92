import glob, os, sys
import numpy as np
from PIL import Image
import keras
from keras import layers
from sklearn.model_selection import train_test_split

data_dir = sys.argv[1]
IMG = 40

paths = sorted(glob.glob(os.path.join(data_dir, "*", "*.png")))
X = np.array([np.array(Image.open(p).resize((IMG, IMG))) for p in paths]) / 255.0
n_warp = len(os.listdir(os.path.join(data_dir, "warp")))
n_weft = len(os.listdir(os.path.join(data_dir, "weft")))
y = np.array([0] * n_warp + [1] * n_weft)
print(X.shape, y.shape, y.mean())

X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.25, random_state=7, stratify=y)

model = keras.Sequential([
    layers.Input((IMG, IMG, 3)),
    layers.Conv2D(16, 3, activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(32, 3, activation="relu"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(32, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.summary()
history = model.fit(X_train, y_train, epochs=6, batch_size=32, validation_data=(X_val, y_val), verbose=2)
print("best val acc", max(history.history["val_accuracy"]))
