import os
import sys
import numpy as np
import torch
from torch import nn
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

root = sys.argv[1]


def read(part):
    xs, ys = [], []
    for label, name in enumerate(sorted(os.listdir(os.path.join(root, part)))):
        for file in sorted(os.listdir(os.path.join(root, part, name))):
            picture = Image.open(os.path.join(root, part, name, file)).convert("RGB")
            xs.append(np.asarray(picture, dtype=np.float32).transpose(2, 0, 1) / 255)
            ys.append(label)
    return TensorDataset(torch.tensor(np.stack(xs)), torch.tensor(ys))


train_loader = DataLoader(read("train"), batch_size=25, shuffle=True)
val_loader = DataLoader(read("validation"), batch_size=50)


def block(i, o, stride=1):
    return [nn.Conv2d(i, o, 3, stride, 1), nn.ReLU(), nn.Dropout(0.4), nn.BatchNorm2d(o)]


model = nn.Sequential(
    *block(3, 16), *block(16, 16, 2), *block(16, 24), *block(24, 24, 2), *block(24, 32), *block(32, 32, 2), *block(32, 32),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 2),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
for epoch in range(16):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    model.eval()
    right = 0
    with torch.no_grad():
        for x, y in val_loader:
            right += (model(x).argmax(1) == y).sum().item()
    print("epoch %d: validation accuracy %.3f" % (epoch + 1, right / len(val_loader.dataset)))
