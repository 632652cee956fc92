import sys, os
import torch
import numpy as np
from PIL import Image
from torch.nn import Module, Conv2d, Linear, MaxPool2d

def bce(p, y, eps=1e-6):
    """binary cross entropy"""
    return -(y * torch.log(p + eps) + (1 - y) * torch.log(1 - p + eps)).mean()

class Net(Module):
    def __init__(self):
        super().__init__()
        self.a = Conv2d(3, 16, 3)
        self.b = Conv2d(16, 32, 3)
        self.c = Linear(32 * 8 * 8, 64)
        self.d = Linear(64, 1)
        self.pool = MaxPool2d(2)
    def forward(self, x):
        x = self.pool(self.a(x).relu())
        x = self.pool(self.b(x).relu())
        x = self.c(x.flatten(1)).relu()
        return self.d(x).sigmoid().squeeze(1)

folder = sys.argv[1]
xs, ys = [], []
for label, cls in enumerate(sorted(os.listdir(folder))):
    for f in os.listdir(f"{folder}/{cls}"):
        xs.append(np.array(Image.open(f"{folder}/{cls}/{f}"), dtype=np.float32) / 255)
        ys.append(label)
xs = torch.tensor(np.array(xs)).permute(0, 3, 1, 2)
ys = torch.tensor(ys, dtype=torch.float32)
perm = torch.randperm(len(xs))
tr, va = perm[:280], perm[280:]

model = Net()
optim = torch.optim.Adam(model.parameters(), lr=0.008)
for epoch in range(24):
    tot = 0
    for chunk in tr[torch.randperm(len(tr))].split(20):
        loss = bce(model(xs[chunk]), ys[chunk])
        optim.zero_grad(); loss.backward(); optim.step()
        tot += float(loss.detach())
    with torch.no_grad():
        acc = ((model(xs[va]) > 0.5) == (ys[va] > 0.5)).float().mean().item()
    print(f"{epoch:3d} {tot:.4f} acc={acc:.3f}")
