import os, sys
import numpy as np
import keras
from keras.layers import *
from PIL import Image, ImageOps

train_dir = os.path.join(sys.argv[1], 'train')
val_dir = os.path.join(sys.argv[1], 'validation')
BS = 25

def get_files(d):
    out = []
    for i, c in enumerate(sorted(os.listdir(d))):
        out += [(os.path.join(d, c, f), i) for f in os.listdir(os.path.join(d, c))]
    return out

def augment(img):
    if np.random.rand() < 0.5:
        img = ImageOps.mirror(img)
    if np.random.rand() < 0.5:
        img = ImageOps.flip(img)
    return img

def generator(files, training):
    while True:
        if training:
            np.random.shuffle(files)
        for k in range(0, len(files), BS):
            xb, yb = [], []
            for path, label in files[k:k + BS]:
                img = Image.open(path)
                if training:
                    img = augment(img)
                xb.append(np.array(img) / 255.0)
                yb.append(label)
            yield np.array(xb), np.array(yb)

train_files, val_files = get_files(train_dir), get_files(val_dir)
model = keras.Sequential()
model.add(Input((48, 48, 3)))
model.add(Conv2D(16, (3, 3), activation='relu', padding='same'))
model.add(MaxPooling2D())
model.add(Conv2D(32, (3, 3), activation='relu', padding='same'))
model.add(MaxPooling2D())
model.add(Conv2D(32, (3, 3), activation='relu', padding='same'))
model.add(GlobalMaxPooling2D())
model.add(Dense(1, activation='sigmoid'))
model.compile('adam', loss='binary_crossentropy', metrics=['accuracy'])
model.optimizer.learning_rate.assign(0.004)
model.fit(generator(train_files, True), steps_per_epoch=len(train_files) // BS, epochs=10,
          validation_data=generator(val_files, False), validation_steps=len(val_files) // BS, verbose=2)
