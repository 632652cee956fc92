import os
import sys
import numpy as np
import torch
from torch import nn
from PIL import Image
from torch.utils.data import Dataset, DataLoader

DATA = sys.argv[1]


class TrainSet(Dataset):
    def __init__(self):
        self.classes = sorted(os.listdir(os.path.join(DATA, "train")))
        self.x, self.y = [], []
        for c in self.classes:
            for f in os.listdir(os.path.join(DATA, "train", c)):
                self.x.append(np.array(Image.open(os.path.join(DATA, "train", c, f))).transpose(2, 0, 1) / np.float32(255))
                self.y.append(self.classes.index(c))

    def __getitem__(self, i):
        return self.x[i], self.y[i]

    def __len__(self):
        return len(self.x)


def net():
    layers = []
    for i, o in ((3, 16), (16, 32), (32, 32)):
        layers += [nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, 2))


model = net()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
loader = DataLoader(TrainSet(), batch_size=20, shuffle=True)
for epoch in range(10):
    epoch_loss = 0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    print("epoch", epoch, "loss", epoch_loss / len(loader))

# now the validation pictures, one after the other
model.eval()
label_map = {"left": 0, "right": 1}
hits, count = 0, 0
for name in label_map:
    here = os.path.join(DATA, "validation", name)
    for f in sorted(os.listdir(here)):
        t = torch.from_numpy(np.array(Image.open(os.path.join(here, f))).transpose(2, 0, 1) / np.float32(255))
        with torch.no_grad():
            prediction = model(t.unsqueeze(0)).argmax().item()
        hits += prediction == label_map[name]
        count += 1
print("validation accuracy: {:.3f} ({} of {})".format(hits / count, hits, count))
