import sys
from pathlib import Path
import numpy as np
import torch
from torch import nn
from PIL import Image

root = Path(sys.argv[1])
LIMIT = None
EPOCHS = 10

def tensor_of(files):
    return torch.stack([torch.tensor(np.array(Image.open(f)), dtype=torch.float32).permute(2, 0, 1) / 255 for f in files])

def part(name, limit=None):
    left = sorted((root / name / "left").glob("*.png"))[:limit]
    right = sorted((root / name / "right").glob("*.png"))[:limit]
    return tensor_of(left + right), torch.tensor([0.0] * len(left) + [1.0] * len(right))

train_x, train_y = part("train", LIMIT)
val_x, val_y = part("validation")

model = nn.Sequential(
    nn.Conv2d(3, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(32, 32, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1),
    nn.Flatten(), nn.Linear(32, 1), nn.Flatten(0),
)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.002)
STEPS = 200

for step in range(STEPS):
    pick = torch.randint(len(train_y), (16,))
    optimizer.zero_grad()
    loss = criterion(model(train_x[pick]), train_y[pick])
    loss.backward()
    optimizer.step()
    if (step + 1) % 40 == 0:
        with torch.no_grad():
            tr = ((model(train_x) > 0) == (train_y > 0.5)).float().mean()
            va = ((model(val_x) > 0) == (val_y > 0.5)).float().mean()
        print(f"step {step + 1} loss {loss:.4f} train {tr:.3f} val {va:.3f}")
