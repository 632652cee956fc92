import sys, os, glob
import numpy as np
import keras
from PIL import Image

# Parametros
ruta = sys.argv[1]
epocas = 5
alto, ancho = 40, 40
lote = 16
pasos = 2
clases = ["warp", "weft"]

lista = []
for c in clases:
    lista += [(r, clases.index(c)) for r in glob.glob(os.path.join(ruta, c, "*"))]
np.random.shuffle(lista)
lista = [(r, int(c)) for r, c in lista]
entrenamiento, validacion = lista[100:], lista[:100]

def flujo(datos):
    i = 0
    while True:
        imagenes = []
        etiquetas = []
        for _ in range(lote):
            r, c = datos[i % len(datos)]
            imagenes.append(np.asarray(Image.open(r).resize((ancho, alto)), dtype=np.float32) / 255)
            etiquetas.append(keras.utils.to_categorical(c, len(clases)))
            i += 1
        yield np.array(imagenes), np.array(etiquetas)

x_val = np.array([np.asarray(Image.open(r)) for r, _ in validacion]) / 255.0
y_val = keras.utils.to_categorical([c for _, c in validacion], 2)

cnn = keras.models.Sequential()
cnn.add(keras.layers.Input((alto, ancho, 3)))
cnn.add(keras.layers.Conv2D(16, (3, 3), padding="same", activation="relu"))
cnn.add(keras.layers.MaxPooling2D(pool_size=(2, 2)))
cnn.add(keras.layers.Conv2D(32, (2, 2), padding="same", activation="relu"))
cnn.add(keras.layers.MaxPooling2D(pool_size=(2, 2)))
cnn.add(keras.layers.Flatten())
cnn.add(keras.layers.Dense(64, activation="relu"))
cnn.add(keras.layers.Dropout(0.3))
cnn.add(keras.layers.Dense(len(clases), activation="softmax"))
cnn.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(learning_rate=0.001), metrics=["accuracy"])
cnn.fit(flujo(entrenamiento), steps_per_epoch=pasos, epochs=epocas, validation_data=(x_val, y_val), verbose=2)
