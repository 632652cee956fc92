"""Code in the manner of question sites, in our own words: old, in pieces, without what it works on."""

from __future__ import annotations

KERAS = {
    "generators of a folder that is not there": """\
model = Sequential()
model.add(Conv2D(32, (7, 7), padding='same', input_shape=(24, 24, 3), activation='relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.5))
model.add(Conv2D(64, (5, 5), activation='relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.5))
model.add(Flatten())
model.add(Dense(128, activation='relu'))
model.add(Dense(1, activation='sigmoid'))
model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])

train_datagen = ImageDataGenerator(rescale=1./255, shear_range=0.2, zoom_range=0.2, horizontal_flip=True)
test_datagen = ImageDataGenerator(rescale=1./255)
training_set = train_datagen.flow_from_directory('pieces', target_size=(24, 24), class_mode='binary')
test_set = test_datagen.flow_from_directory('pieces', target_size=(24, 24), class_mode='binary')
model.fit_generator(training_set, steps_per_epoch=2, epochs=2, validation_data=test_set)
""",
    "precision by the batch": """\
from keras.layers.core import Dense, Dropout, Flatten
from keras.layers.convolutional import Conv2D, MaxPooling2D
from keras.optimizers import SGD
from keras import backend as K

def batch_precision(y_true, y_pred):
    hits = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    called = K.sum(K.round(K.clip(y_pred, 0, 1)))
    return hits / (called + K.epsilon())

X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=.2, random_state=0)
model = Sequential()
model.add(Conv2D(16, (3, 3), activation='relu', input_shape=(16, 16, 3)))
model.add(MaxPooling2D((2, 2)))
model.add(Flatten())
model.add(Dense(1, activation='sigmoid'))
model.compile(loss='binary_crossentropy', optimizer=SGD(lr=.0001), metrics=[batch_precision])
model.fit(X_train, y_train, batch_size=16, nb_epoch=2, validation_data=(X_test, y_test))
""",
    "at the prompt of Keras 1": """\
>>> from keras.models import Sequential
>>> from keras.layers import Convolution2D, MaxPooling2D, Activation, Flatten, Dense
>>> from keras.utils import np_utils
>>> model = Sequential()
>>> model.add(Convolution2D(8, 3, 3, border_mode='same', init='normal', input_shape=(rows, cols, 3)))
>>> model.add(Activation('relu'))
>>> model.add(MaxPooling2D(pool_size=(2, 2)))
>>> model.add(Flatten())
>>> model.add(Dense(how_many))
>>> model.add(Activation('softmax'))
>>> model.compile(loss='categorical_crossentropy', optimizer='adadelta', metrics=['accuracy'])
>>> photos = photos.astype('float32')
>>> photos /= 255
>>> Y = np_utils.to_categorical(answers, how_many)
>>> hist = model.fit(photos, Y, batch_size=size, nb_epoch=2, verbose=1, validation_split=0.2)
Train on 64 samples, validate on 16 samples
>>> print hist.history['acc'][-1], hist.history['val_acc'][-1]
""",
    "a lost comma and two generators": """\
from keras.models import Sequential
from keras.layers import Conv2D, GlobalAveragePooling2D, Dense
from keras.optimizers import Adam

model = Sequential([
    Conv2D(8, 3 activation='relu', input_shape=(16, 16, 3)),
    GlobalAveragePooling2D(),
    Dense(2, activation='softmax')
])
model.compile(Adam(lr=1e-2, decay=1e-4), 'categorical_crossentropy', metrics=['acc'])
h = model.fit_generator(here, samples_per_epoch=how_many, nb_epoch=2, validation_data=there, nb_val_samples=16)
print(h.history['val_acc'])
""",
    "tf.keras, indented": """\
import tensorflow as tf
from tensorflow.keras import layers, models

    model = models.Sequential()
    model.add(layers.Conv2D(8, (3, 3), activation='relu', input_shape=(16, 16, 3)))
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(1, activation='sigmoid'))
    model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=0.01),
                  loss=tf.keras.losses.BinaryCrossentropy(), metrics=['accuracy'])
    history = model.fit(one_set, epochs=2, validation_data=other_set)
""",
    "tf.keras, cut out of a method": """\
self.model = tf.keras.Sequential([
    tf.keras.layers.Input(shape=(16, 16, 3)),
    tf.keras.layers.Conv2D(8, 3, activation="relu"),
    tf.keras.layers.GlobalAveragePooling2D(),
    tf.keras.layers.Dense(2)])
self.model.compile(optimizer="adam", loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
self.model.fit(a, b, epochs=2, batch_size=SIZE, validation_data=(c, d))
return self.model.evaluate(c, d)
""",
}
TORCH = {
    "two loaders": """\
class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(6 * 6 * 6, 60)
        self.fc2 = nn.Linear(60, 2)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = x.view(-1, 6 * 6 * 6)
        return self.fc2(F.relu(self.fc1(x)))

net = Net().to(device)
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
for epoch in range(rounds):
    for i, data in enumerate(first, 0):
        inputs, labels = data
        optimizer.zero_grad()
        loss = criterion(net(inputs), labels)
        loss.backward()
        optimizer.step()

correct = 0
with torch.no_grad():
    for images, labels in second:
        correct += (net(images).argmax(1) == labels).sum().item()
print(correct)
""",
    "arrays": """\
import torch
import torch.nn as nn
from torch.utils.data import TensorDataset, DataLoader

batches = DataLoader(TensorDataset(torch.from_numpy(images), torch.from_numpy(targets)), batch_size=16)
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 1))
opt = torch.optim.Adam(model.parameters(), lr=0.01)
lossf = nn.BCEWithLogitsLoss()
for ep in range(4):
    for xb, yb in batches:
        opt.zero_grad()
        loss = lossf(model(xb), yb)
        loss.backward()
        opt.step()
""",
}
