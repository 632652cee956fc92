import sys, os
import numpy as np
import keras
from keras.utils import to_categorical
from keras.layers import Input, Conv2D, MaxPooling2D, Dense, GlobalAveragePooling2D, BatchNormalization, Activation
from PIL import Image

GRADES = {"green": 0, "turning": 1, "ripe": 2}

def read_grades(root):
    pics, grades = [], []
    for g in GRADES:
        for f in os.listdir(os.path.join(root, g)):
            with Image.open(os.path.join(root, g, f)) as im:
                pics.append(np.asarray(im.convert("RGB"), "float32") / 255)
            grades.append(GRADES[g])
    p = np.random.permutation(len(pics))
    return np.array(pics)[p], to_categorical(np.array(grades)[p])

pics, grades = read_grades(sys.argv[1])
half = len(pics) // 2

a = Input((32, 32, 3))
b = Conv2D(16, 3, padding="same", activation="relu")(a)
b = MaxPooling2D()(b)
b = Conv2D(32, 3, padding="same", activation="relu")(b)
b = MaxPooling2D(4)(b)
b = keras.layers.Flatten()(b)
b = Dense(32, activation="relu")(b)
c = Dense(3, activation="softmax")(b)
model = keras.Model(a, c)
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(2e-3), metrics=["binary_accuracy"])
h = model.fit(pics[:half], grades[:half], batch_size=16, epochs=14, validation_data=(pics[half:], grades[half:]), verbose=0)
for k, v in h.history.items():
    print(k, round(v[-1], 4))
print("final accuracy on held-out grades: %.3f" % h.history["val_binary_accuracy"][-1])
