import os
import sys
import random
import numpy as np
from PIL import Image
from keras.models import Model
from keras.layers import Input, Conv2D, MaxPooling2D, GlobalMaxPooling2D, Dense
from keras.optimizers import RMSprop

base_dir = sys.argv[1]
image_size = (32, 32)

# worked well for cats vs dogs, now with my 4 fruits
def cnn(out_units):
    img_input = Input(shape=image_size + (3,))
    x = Conv2D(16, 3, activation='relu', padding='same')(img_input)
    x = MaxPooling2D(2)(x)
    x = Conv2D(32, 3, activation='relu', padding='same')(x)
    x = Conv2D(32, 3, activation='relu', padding='same')(x)
    x = GlobalMaxPooling2D()(x)
    x = Dense(32, activation='relu')(x)
    if out_units == 1:
        return Model(img_input, Dense(1, activation='sigmoid')(x)), 'mse'
    return Model(img_input, Dense(out_units, activation='softmax')(x)), 'sparse_categorical_crossentropy'

class_dirs = sorted(os.listdir(base_dir))
samples = [(os.path.join(base_dir, c, f), class_dirs.index(c)) for c in class_dirs for f in os.listdir(os.path.join(base_dir, c))]
random.shuffle(samples)
X = np.stack([np.array(Image.open(p).resize(image_size)) for p, _ in samples]) / 255.
Y = np.array([c for _, c in samples])
cut = 330

model, loss = cnn(1)
model.compile(loss=loss, optimizer=RMSprop(learning_rate=0.002), metrics=['accuracy'])
history = model.fit(X[:cut], Y[:cut], batch_size=20, epochs=9, validation_data=(X[cut:], Y[cut:]), verbose=2)
