import sys
from pathlib import Path
import numpy as np
import keras
from keras import layers
from PIL import Image

ordner = Path(sys.argv[1])
klassen = sorted(d.name for d in ordner.iterdir())
bilder, ziele = [], []
for nr, klasse in enumerate(klassen):
    for datei in sorted((ordner / klasse).glob("*.png")):
        bilder.append(np.asarray(Image.open(datei)))
        ziele.append(nr)
bilder = np.array(bilder)
ziele = keras.utils.to_categorical(ziele, len(klassen))
mischung = np.random.permutation(len(bilder))
bilder, ziele = bilder[mischung], ziele[mischung]
print(len(bilder), "Bilder,", len(klassen), "Klassen")

eingabe = keras.Input(shape=bilder.shape[1:])
h = layers.Rescaling(1.0 / 255)(eingabe)
for filter_zahl in (16, 32):
    h = layers.Conv2D(filter_zahl, 3, padding="same", activation="relu")(h)
    h = layers.MaxPooling2D()(h)
h = layers.Conv2D(32, 3, padding="same", activation="relu")(h)
h = layers.GlobalMaxPooling2D()(h)
ausgabe = layers.Dense(len(klassen), activation="softmax")(h)
model = keras.Model(eingabe, ausgabe)
model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.optimizer.learning_rate = 0.004

verlauf = model.fit(bilder, ziele, validation_split=0.25, epochs=12, batch_size=16, verbose=2)
print("Genauigkeit Validierung:", verlauf.history["val_accuracy"][-1])
