import os, sys, random
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset
from PIL import Image

class Files(Dataset):
    def __init__(self, rows):
        self.rows = rows
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        path, target = self.rows[i]
        return torch.tensor(np.array(Image.open(path))).permute(2, 0, 1).float() / 255, target

root = sys.argv[1]
rows = [(os.path.join(root, c, f), k) for k, c in enumerate(sorted(os.listdir(root))) for f in os.listdir(os.path.join(root, c))]
random.shuffle(rows)
train_loader = DataLoader(Files(rows[100:]), batch_size=16, shuffle=False)
val_loader = DataLoader(Files(rows[:100]), batch_size=50, shuffle=True)

model = nn.Sequential(
    nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
    nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, 4))
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
criterion = nn.CrossEntropyLoss()
for epoch in range(12):
    for x, t in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), t)
        loss.backward()
        optimizer.step()
    correct = 0
    with torch.no_grad():
        for x, t in val_loader:
            correct += (model(x).argmax(1) == t).sum().item()
    print("epoch", epoch, "loss", loss.item(), "val", correct / 100)
