import os, sys, random
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from PIL import Image

HEIGHT = WIDTH = 48
LABELS = {"left": 0, "right": 1}


def prepare(images):
    """list of HxWx3 arrays -> batch for the network"""
    array = np.array(images).astype(np.float32) / 255.0
    return torch.from_numpy(array.reshape(-1, 3, HEIGHT, WIDTH))


def read(part):
    rows = []
    for name, label in LABELS.items():
        for f in os.listdir(os.path.join(sys.argv[1], part, name)):
            rows.append((np.array(Image.open(os.path.join(sys.argv[1], part, name, f))), label))
    random.shuffle(rows)
    pictures, labels = zip(*rows)
    return prepare(pictures), torch.tensor(labels)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.ModuleList([nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 32, 3, padding=1), nn.Conv2d(32, 32, 3, padding=1)])
        self.out = nn.Linear(32, 2)

    def forward(self, x):
        for c in self.conv:
            x = F.max_pool2d(F.relu(c(x)), 2)
        return self.out(x.amax((2, 3)))


X, Y = read("train")
XV, YV = read("validation")
model = Model()
adam = torch.optim.Adam(model.parameters(), lr=0.004)
for epoch in range(10):
    perm = torch.randperm(len(X))
    for i in range(0, len(X), 20):
        adam.zero_grad()
        loss = F.cross_entropy(model(X[perm[i:i+20]]), Y[perm[i:i+20]])
        loss.backward()
        adam.step()
    with torch.no_grad():
        print("epoch", epoch, "loss %.3f" % loss.item(), "val_acc %.3f" % (model(XV).argmax(1) == YV).float().mean().item())
