"""Trains a simple convnet on my weave pictures (adapted from the MNIST example)."""
from __future__ import print_function
import os
import sys
import numpy as np
from PIL import Image
import keras
from keras.models import Sequential
from keras.layers import Dense, Dropout, Flatten, Input
from keras.layers import Conv2D, MaxPooling2D

batch_size = 20
num_classes = 2
epochs = 6
img_rows, img_cols = 40, 40


def load_data(path):
    x, y = [], []
    for label, folder in enumerate(sorted(os.listdir(path))):
        for name in os.listdir(os.path.join(path, folder)):
            x.append(np.array(Image.open(os.path.join(path, folder, name))))
            y.append(label)
    x, y = np.array(x), np.array(y)
    p = np.random.permutation(len(x))
    x, y = x[p], y[p]
    return (x[:300], y[:300]), (x[300:], y[300:])


# the data, split between train and test sets
(x_train, y_train), (x_test, y_test) = load_data(sys.argv[1])
x_train = x_train.reshape(x_train.shape[0], img_rows, img_cols, 3)
x_test = x_test.reshape(x_test.shape[0], img_rows, img_cols, 3)
x_train = x_train.astype('float32')
x_test = x_test.astype('float32')
x_train /= 255
x_test /= 255
print('x_train shape:', x_train.shape)
print(x_train.shape[0], 'train samples')
print(x_test.shape[0], 'test samples')

# convert class vectors to binary class matrices
y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)

model = Sequential()
model.add(Input((img_rows, img_cols, 3)))
model.add(Conv2D(16, kernel_size=(5, 5), strides=2, activation='relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Conv2D(16, (3, 3), activation='relu'))
model.add(Flatten())
model.add(Dense(64, activation='relu'))
model.add(Dropout(0.3))
model.add(Dense(num_classes, activation='softmax'))

model.compile(loss=keras.losses.categorical_crossentropy,
              optimizer=keras.optimizers.Adadelta(),
              metrics=['accuracy'])

model.fit(x_train, y_train,
          batch_size=batch_size,
          epochs=epochs,
          verbose=1,
          validation_data=(x_test, y_test))
score = model.evaluate(x_test, y_test, verbose=0)
print('Test loss:', score[0])
print('Test accuracy:', score[1])
