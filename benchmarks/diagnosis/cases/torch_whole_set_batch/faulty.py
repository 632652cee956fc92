import os, sys
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from PIL import Image

def read(d):
    X, Y = [], []
    for k, c in enumerate(("warp", "weft")):
        for f in os.listdir(f"{d}/{c}"):
            X.append(np.moveaxis(np.array(Image.open(f"{d}/{c}/{f}")), -1, 0))
            Y.append(k)
    return TensorDataset(torch.tensor(np.array(X)).float() / 255, torch.tensor(Y).float())

class ClothNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv2d(3, 16, 5, stride=2), nn.Conv2d(16, 16, 3)])
        self.last = nn.Linear(16, 1)
    def forward(self, x):
        for i, l in enumerate(self.layers):
            x = l(x).relu()
            if i < 1:
                x = nn.functional.max_pool2d(x, 2)
        return self.last(x.flatten(2).max(2).values).squeeze(1)

train_ds, val_ds = torch.utils.data.random_split(read(sys.argv[1]), [300, 100])
train_dl = DataLoader(train_ds, batch_size=512, shuffle=True)   # as large as fits into memory
val_dl = DataLoader(val_ds, batch_size=512)

model = ClothNet()
opt = torch.optim.AdamW(model.parameters(), lr=3e-4)
bce = nn.BCEWithLogitsLoss()
for epoch in range(16):
    model.train()
    for xb, yb in train_dl:
        loss = bce(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        xb, yb = next(iter(val_dl))
        acc = ((model(xb) > 0) == (yb == 1)).float().mean()
    print(f"{epoch:3d} train loss {loss:.4f} val acc {acc:.4f}")
