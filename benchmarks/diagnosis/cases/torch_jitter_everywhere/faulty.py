import os, sys
import numpy as np
import torch
from torch import nn, optim
from torch.utils.data import Dataset, DataLoader
from PIL import Image

BASE = sys.argv[1]


def random_erase(t, share=0.6):
    h = int(t.shape[1] * share)
    a, b = np.random.randint(0, t.shape[1] - h, 2)
    t = t.clone()
    t[:, a:a + h, b:b + h] = 0.5
    return t


def random_noise(t):
    return t + 0.15 * torch.rand(1) * torch.randn_like(t)


class Arrows(Dataset):
    def __init__(self, split, transforms=()):
        self.folder = os.path.join(BASE, split)
        self.items = [(c, f) for c in sorted(os.listdir(self.folder)) for f in os.listdir(os.path.join(self.folder, c))]
        self.transforms = transforms

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        c, f = self.items[i]
        t = torch.tensor(np.array(Image.open(os.path.join(self.folder, c, f)))).permute(2, 0, 1) / 255
        for tr in self.transforms:
            t = tr(t)
        return t, {"left": 0, "right": 1}[c]


augment = (random_erase, random_noise)
train_dl = DataLoader(Arrows("train", augment), batch_size=20, shuffle=True)
valid_dl = DataLoader(Arrows("validation", augment), batch_size=20)

model = nn.Sequential(
    nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, 2))
opt = optim.Adam(model.parameters(), lr=4e-3)
for epoch in range(11):
    model.train()
    for xb, yb in train_dl:
        loss = nn.functional.cross_entropy(model(xb), yb)
        opt.zero_grad(); loss.backward(); opt.step()
    model.eval()
    with torch.no_grad():
        acc = np.mean([(model(xb).argmax(1) == yb).float().mean().item() for xb, yb in valid_dl])
    print(f"epoch {epoch:02d} loss {loss.item():.3f} valid {acc:.3f}")
