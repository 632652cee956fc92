import sys, os
import numpy as np
from PIL import Image
import keras
from keras import backend as K, ops, layers
from sklearn.model_selection import train_test_split
from sklearn.utils.class_weight import compute_class_weight


def recall_m(y_true, y_pred):
    y_true = ops.cast(y_true, "float32")
    true_positives = ops.sum(ops.round(ops.clip(y_true * y_pred, 0, 1)))
    possible_positives = ops.sum(ops.round(ops.clip(y_true, 0, 1)))
    return true_positives / (possible_positives + K.epsilon())


def load(folder, size=48):
    x, y = [], []
    for label, name in enumerate(["clean", "infected"]):
        for f in os.listdir(os.path.join(folder, name)):
            x.append(np.array(Image.open(os.path.join(folder, name, f)).resize((size, size))) / 255)
            y.append(label)
    return np.array(x, dtype="float32"), np.array(y).reshape(-1, 1)


X, y = load(sys.argv[1])
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)
weights = compute_class_weight("balanced", classes=np.array([0, 1]), y=y_train.ravel())

model = keras.Sequential([
    layers.Input((48, 48, 3)),
    layers.Conv2D(16, 5, strides=2, padding="same"),
    layers.BatchNormalization(momentum=0.9),
    layers.Activation("relu"),
    layers.Conv2D(32, 3, activation="relu", padding="same"),
    layers.MaxPooling2D(),
    layers.Conv2D(32, 3, activation="relu", padding="same"),
    layers.GlobalMaxPooling2D(),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="binary_crossentropy", metrics=["accuracy", keras.metrics.Recall()])
model.fit(X_train, y_train, epochs=20, batch_size=16, class_weight={0: weights[0], 1: weights[1]}, verbose=0)
res = model.evaluate(X_val, y_val, batch_size=8, verbose=0)
print("loss: %.4f  accuracy: %.4f  recall: %.4f" % tuple(res))
