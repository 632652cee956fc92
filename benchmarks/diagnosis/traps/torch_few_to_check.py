import sys, os, random
import numpy as np
import torch
from torch import nn
from PIL import Image

root = sys.argv[1]
files = {c: sorted(os.listdir(os.path.join(root, c))) for c in sorted(os.listdir(root))}
for c in files:
    random.shuffle(files[c])

def tensors(pick):
    x, y = [], []
    for k, c in enumerate(files):
        for f in files[c][pick]:
            x.append(np.array(Image.open(os.path.join(root, c, f)), dtype=np.float32).transpose(2, 0, 1) / 255)
            y.append(k)
    return torch.tensor(np.array(x)), torch.tensor(y)

x_val, y_val = tensors(slice(0, 15))
x, y = tensors(slice(15, None))
model = nn.Sequential(
    nn.Conv2d(3, 16, 5, stride=2), nn.LeakyReLU(), nn.Conv2d(16, 32, 3), nn.LeakyReLU(),
    nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(512, 2))
opt = torch.optim.Adam(model.parameters(), lr=0.002)
for epoch in range(8):
    for b in torch.randperm(len(x)).split(32):
        opt.zero_grad()
        loss = nn.CrossEntropyLoss()(model(x[b]), y[b])
        loss.backward()
        opt.step()
    with torch.no_grad():
        hits = (model(x_val).argmax(1) == y_val).sum().item()
    print("epoch %d: loss %.3f, %d of %d right, accuracy %.3f" % (epoch, loss.item(), hits, len(y_val), hits / len(y_val)))
