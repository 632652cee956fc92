import sys, os
import numpy as np
import torch
from torch import nn
from PIL import Image
from sklearn.model_selection import train_test_split

IMG_SIZE = 32   # speeds things up a lot
path = sys.argv[1]

samples = []
for cat in ["warp", "weft"]:
    for f in os.listdir(os.path.join(path, cat)):
        im = Image.open(os.path.join(path, cat, f)).resize((IMG_SIZE, IMG_SIZE))
        samples.append((np.array(im, dtype=np.float32) / 255, int(cat == "weft")))
tr, va = train_test_split(samples, test_size=0.3)


def collate(batch):
    return torch.tensor(np.array([b[0] for b in batch])).permute(0, 3, 1, 2), torch.tensor([b[1] for b in batch])


train_loader = torch.utils.data.DataLoader(tr, batch_size=20, shuffle=True, collate_fn=collate)
val_loader = torch.utils.data.DataLoader(va, batch_size=20, collate_fn=collate)

model = nn.Sequential(
    nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
    nn.AdaptiveMaxPool2d(2), nn.Flatten(),
    nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, 2),
)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.002)
for epoch in range(8):
    for x_b, y_b in train_loader:
        loss = nn.functional.cross_entropy(model(x_b), y_b)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    good = 0
    with torch.no_grad():
        for x_b, y_b in val_loader:
            good += (model(x_b).argmax(1) == y_b).sum().item()
    print("Epoch", epoch + 1, "validation accuracy", good / len(va))
