import os, sys
import numpy as np
from PIL import Image
import keras
from keras.layers import Conv2D, MaxPooling2D, GlobalMaxPooling2D, Dense, Input, Rescaling

# --- settings ---------------------------------------------------
DATA = sys.argv[1]
SIZE = 40
FINE_TUNE = True
# ----------------------------------------------------------------

def gather(part):
    xs, ys = [], []
    for n, d in enumerate(sorted(os.listdir(DATA))):
        for f in sorted(os.listdir(os.path.join(DATA, d)))[part]:
            xs.append(np.array(Image.open(os.path.join(DATA, d, f))))
            ys.append(n)
    return np.array(xs), np.array(ys)

def make_base():
    inp = Input((SIZE, SIZE, 3))
    h = Rescaling(1 / 255.)(inp)
    h = Conv2D(16, 5, strides=2, activation="relu", name="conv_1")(h)
    h = MaxPooling2D()(h)
    h = Conv2D(16, 3, activation="relu", name="conv_2")(h)
    h = GlobalMaxPooling2D(name="features")(h)
    return keras.Model(inp, h, name="base")

base = make_base()
if os.path.exists("base.weights.h5"):
    base.load_weights("base.weights.h5")
head = Dense(1, activation="sigmoid", name="head")(base.output)
model = keras.Model(base.input, head)
for layer in model.layers:
    if layer.name.startswith("conv_") or layer.name == "head":
        layer.trainable = not FINE_TUNE
model.compile(optimizer=keras.optimizers.Adam(0.004), loss="binary_crossentropy", metrics=["accuracy"])
model.summary()
x_train, y_train = gather(slice(0, 150))
x_valid, y_valid = gather(slice(150, None))
history = model.fit(x_train, y_train, epochs=8, batch_size=20, verbose=2, validation_data=(x_valid, y_valid))
print("best:", max(history.history["val_accuracy"]))
