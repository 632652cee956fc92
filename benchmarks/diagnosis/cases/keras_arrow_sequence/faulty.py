import sys, os, math
import numpy as np
import keras
from keras.layers import Conv2D, MaxPooling2D, GlobalMaxPooling2D, Dense, Input
from keras.models import Model
from PIL import Image


class ImageSequence(keras.utils.PyDataset):
    """like flow_from_directory"""

    def __init__(self, directory, batch_size=32, shuffle=True, **kwargs):
        super().__init__(**kwargs)
        self.class_indices = {c: i for i, c in enumerate(sorted(os.listdir(directory)))}
        self.filepaths, self.labels = [], []
        for c, i in self.class_indices.items():
            for f in sorted(os.listdir(os.path.join(directory, c))):
                self.filepaths.append(os.path.join(directory, c, f))
                self.labels.append(i)
        self.labels = np.array(self.labels)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.order = np.arange(len(self.labels))
        self.on_epoch_end()
        print("Found %d images belonging to %d classes." % (len(self.labels), len(self.class_indices)))

    def __len__(self):
        return math.ceil(len(self.labels) / self.batch_size)

    def __getitem__(self, idx):
        part = self.order[idx * self.batch_size:(idx + 1) * self.batch_size]
        x = np.array([np.array(Image.open(self.filepaths[i]), dtype="float32") for i in part]) / 255
        return x, self.labels[part]

    def on_epoch_end(self):
        if self.shuffle:
            np.random.shuffle(self.order)


base = sys.argv[1]
train_gen = ImageSequence(os.path.join(base, "train"), batch_size=20)
val_gen = ImageSequence(os.path.join(base, "validation"), batch_size=20, shuffle=False)

inp = Input(shape=(48, 48, 3))
x = Conv2D(16, (3, 3), activation="relu", padding="same")(inp)
x = MaxPooling2D((2, 2))(x)
x = Conv2D(32, (3, 3), activation="relu", padding="same")(x)
x = MaxPooling2D((2, 2))(x)
x = Conv2D(32, (3, 3), activation="relu", padding="same")(x)
x = GlobalMaxPooling2D()(x)
out = Dense(1, activation="softmax")(x)
model = Model(inp, out)
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.003), metrics=["accuracy"])
model.fit(train_gen, validation_data=val_gen, epochs=9, verbose=2)
