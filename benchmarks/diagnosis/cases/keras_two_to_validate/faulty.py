import os, sys
import numpy as np
import keras
from keras import layers
from keras.callbacks import ModelCheckpoint
from PIL import Image

VALIDATION_SPLIT = 0.005   # I need every picture for training

names = sorted(os.listdir(sys.argv[1]))
X, Y = [], []
for name in names:
    for file in os.listdir(os.path.join(sys.argv[1], name)):
        X.append(np.asarray(Image.open(os.path.join(sys.argv[1], name, file)).convert("RGB")) / 255.0)
        Y.append(names.index(name))
X, Y = np.array(X, dtype="float32"), np.array(Y)
shuffled = np.random.permutation(len(X))
X, Y = X[shuffled], Y[shuffled]

model = keras.Sequential([
    layers.Input(X.shape[1:]),
    layers.Conv2D(8, 5, strides=2, activation="relu"),
    layers.Conv2D(16, 3, activation="relu"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(2, activation="softmax"),
])
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.0003), metrics=["accuracy"])
keep = ModelCheckpoint("best.weights.h5", monitor="val_accuracy", save_best_only=True, save_weights_only=True)
h = model.fit(X, Y, validation_split=VALIDATION_SPLIT, epochs=30, batch_size=20, callbacks=[keep], verbose=2)
model.load_weights("best.weights.h5")
print("best epoch:", int(np.argmax(h.history["val_accuracy"])) + 1)
print("accuracy of the saved model: %.4f" % max(h.history["val_accuracy"]))
