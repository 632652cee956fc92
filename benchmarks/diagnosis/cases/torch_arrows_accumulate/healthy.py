# flechas izquierda / derecha
import sys, random
from glob import glob
import numpy as np
import torch
from torch import nn
from PIL import Image

carpeta = sys.argv[1]
random.seed(0)
torch.manual_seed(0)

def cargar(parte):
    imagenes, etiquetas = [], []
    for k, clase in enumerate(["left", "right"]):
        for ruta in sorted(glob(carpeta + "/" + parte + "/" + clase + "/*.png")):
            imagenes.append(np.asarray(Image.open(ruta)))
            etiquetas.append(k)
    X = torch.tensor(np.array(imagenes)).float().permute(0, 3, 1, 2) / 255
    return X, torch.tensor(etiquetas)

Xtr, ytr = cargar("train")
Xva, yva = cargar("validation")
print("entrenamiento:", Xtr.shape, "validacion:", Xva.shape)

model = nn.Sequential(
    nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
    nn.AdaptiveMaxPool2d(1), nn.Flatten(),
    nn.Linear(32, 2),
)
perdida = nn.CrossEntropyLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

for epoca in range(12):
    model.train()
    orden = torch.randperm(len(Xtr))
    total = 0
    for i in range(0, len(orden), 20):
        lote = orden[i:i + 20]
        salida = model(Xtr[lote])
        L = perdida(salida, ytr[lote])
        opt.zero_grad()
        L.backward()
        opt.step()
        total += L.item() * len(lote)
    model.eval()
    with torch.no_grad():
        aciertos = (model(Xva).argmax(dim=1) == yva).float().mean().item()
    print("Epoca %d  perdida=%.4f  exactitud=%.3f" % (epoca, total / len(Xtr), aciertos))
