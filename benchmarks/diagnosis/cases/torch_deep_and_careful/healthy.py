import os, sys
from collections import OrderedDict
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader
from PIL import Image
from sklearn.model_selection import train_test_split

NONLINEARITY = nn.ReLU
LEARNING_RATE = 3e-3


class Weave(Dataset):
    def __init__(self, frame):
        self.frame = frame

    def __len__(self):
        return len(self.frame)

    def __getitem__(self, k):
        path, label = self.frame[k]
        pixels = np.asarray(Image.open(path).convert("L"), dtype=np.float32)
        return torch.from_numpy((pixels - 128) / 64)[None], label


def network(depth=4):
    parts = OrderedDict(conv_in=nn.Conv2d(1, 16, 5, stride=2), act_in=NONLINEARITY())
    for d in range(depth):
        parts[f"conv_{d}"] = nn.Conv2d(16, 16, 3, padding=1)
        parts[f"act_{d}"] = NONLINEARITY()
    parts["pool"] = nn.AdaptiveAvgPool2d(1)
    parts["flat"] = nn.Flatten()
    parts["out"] = nn.Linear(16, 2)
    return nn.Sequential(parts)


def evaluate(model, loader):
    model.eval()
    with torch.no_grad():
        return np.mean(np.concatenate([(model(x).argmax(1) == y).numpy() for x, y in loader]))


frame = [(os.path.join(sys.argv[1], d, f), int(d == "weft")) for d in ("warp", "weft") for f in os.listdir(os.path.join(sys.argv[1], d))]
train_frame, test_frame = train_test_split(frame, test_size=0.25, stratify=[label for _, label in frame])
train_loader = DataLoader(Weave(train_frame), batch_size=20, shuffle=True)
test_loader = DataLoader(Weave(test_frame), batch_size=50)
model = network()
optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
for epoch in range(12):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {evaluate(model, test_loader):.4f}")
