import sys, os, random
import numpy as np
import torch
from torch import nn
from PIL import Image

root = sys.argv[1]
kinds = sorted(d for d in os.listdir(root) if os.path.isdir(os.path.join(root, d)))
print(kinds)

items = [(os.path.join(root, k, f), i) for i, k in enumerate(kinds) for f in os.listdir(os.path.join(root, k))]
random.shuffle(items)
cut = int(len(items) * 0.75)

def batches(part, size=22, shuffle=True):
    part = list(part)
    if shuffle:
        random.shuffle(part)
    for s in range(0, len(part), size):
        chunk = part[s:s + size]
        xs = np.stack([np.array(Image.open(p).convert('RGB'), dtype='float32') for p, _ in chunk])
        yield torch.from_numpy(xs / 255.).permute(0, 3, 1, 2), torch.tensor([t for _, t in chunk])


class BallNet(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(32, 48), nn.ReLU(), nn.Linear(48, n), nn.Softmax(dim=1))

    def forward(self, x):
        return self.head(self.features(x))


model = BallNet(len(kinds))
loss_fn = nn.CrossEntropyLoss()
adam = torch.optim.Adam(model.parameters(), lr=0.001)
for epoch in range(12):
    model.train(); s = 0
    for xb, yb in batches(items[:cut]):
        adam.zero_grad()
        l = loss_fn(model(xb), yb)
        l.backward()
        adam.step()
        s += l.item() * len(yb)
    model.eval(); ok = 0
    with torch.no_grad():
        for xb, yb in batches(items[cut:], shuffle=False):
            ok += int((model(xb).argmax(1) == yb).sum())
    print('epoch', epoch + 1, 'loss', round(s / cut, 4), 'val_acc', round(ok / (len(items) - cut), 4))
