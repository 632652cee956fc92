import sys, os
import numpy as np
from PIL import Image
from sklearn.metrics import confusion_matrix, accuracy_score
import keras
from keras import layers


class DataGenerator(keras.utils.PyDataset):
    'Generates data for Keras'
    def __init__(self, list_IDs, labels, batch_size=32, dim=(48, 48), n_channels=3, shuffle=True):
        super().__init__()
        self.dim = dim
        self.batch_size = batch_size
        self.labels = labels
        self.list_IDs = list_IDs
        self.n_channels = n_channels
        self.shuffle = shuffle
        self.on_epoch_end()

    def __len__(self):
        return int(np.ceil(len(self.list_IDs) / self.batch_size))

    def __getitem__(self, index):
        indexes = self.indexes[index * self.batch_size:(index + 1) * self.batch_size]
        X = np.empty((len(indexes), *self.dim, self.n_channels))
        y = np.empty((len(indexes)), dtype=int)
        for i, k in enumerate(indexes):
            X[i,] = np.array(Image.open(self.list_IDs[k])) / 255
            y[i] = self.labels[k]
        return X, y

    def on_epoch_end(self):
        self.indexes = np.arange(len(self.list_IDs))
        if self.shuffle == True:
            np.random.shuffle(self.indexes)


def listing(folder):
    ids, labels = [], []
    for label, name in enumerate(("left", "right")):
        for file in sorted(os.listdir(os.path.join(folder, name))):
            ids.append(os.path.join(folder, name, file))
            labels.append(label)
    return ids, labels


train_ids, train_labels = listing(os.path.join(sys.argv[1], "train"))
val_ids, val_labels = listing(os.path.join(sys.argv[1], "validation"))
training_generator = DataGenerator(train_ids, train_labels, batch_size=20)
validation_generator = DataGenerator(val_ids, val_labels, batch_size=20)

model = keras.Sequential([
    keras.Input((48, 48, 3)),
    layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(),
    layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
    layers.Conv2D(32, 3, activation="relu"), layers.GlobalMaxPooling2D(),
    layers.Dense(2, activation="softmax"),
])
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.004), metrics=["accuracy"])
model.fit(training_generator, epochs=9, verbose=2)

probabilities = model.predict(validation_generator, verbose=0)
predicted = np.argmax(probabilities, axis=1)
print(confusion_matrix(val_labels, predicted))
print("Validation accuracy:", accuracy_score(val_labels, predicted))
