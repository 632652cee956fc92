import sys, os, random
import numpy as np
import torch
from torch import nn
from PIL import Image

root = sys.argv[1]

def batches(part, size=20, shuffle=True):
    part = list(part)
    if shuffle:
        random.shuffle(part)
    for s in range(0, len(part), size):
        chunk = part[s:s + size]
        xs = np.stack([np.array(Image.open(p).convert('RGB'), dtype='float32') for p, _ in chunk])
        yield torch.from_numpy(xs / 255.).permute(0, 3, 1, 2), torch.tensor([[float(t)] for _, t in chunk])


def scan(split):
    folder = os.path.join(root, split)
    return [(os.path.join(folder, k, f), k == 'right') for k in os.listdir(folder) for f in os.listdir(os.path.join(folder, k))]


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(32, 24), nn.ReLU(), nn.Linear(24, 1), nn.Sigmoid())

    def forward(self, x):
        return self.head(self.features(x))


train_items, val_items = scan('train'), scan('validation')
model = Classifier()
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.004)
for epoch in range(10):
    model.train(); s = 0
    for xb, yb in batches(train_items):
        optimizer.zero_grad()
        l = loss_fn(model(xb), yb)
        l.backward()
        optimizer.step()
        s += l.item() * len(yb)
    model.eval(); ok = 0
    with torch.no_grad():
        for xb, yb in batches(val_items, shuffle=False):
            ok += int((torch.sigmoid(model(xb)).round() == yb).sum())
    print('epoch', epoch + 1, 'loss', round(s / len(train_items), 4), 'val_acc', round(ok / len(val_items), 4))
