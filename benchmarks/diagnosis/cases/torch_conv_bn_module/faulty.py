import os
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image
from torch.utils.data import Dataset, DataLoader

ROOT = os.environ["PICTURES"]


class Arrows(Dataset):
    def __init__(self, part):
        self.items = []
        for label, name in enumerate(["left", "right"]):
            folder = os.path.join(ROOT, part, name)
            self.items += [(os.path.join(folder, f), label) for f in sorted(os.listdir(folder))]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        path, label = self.items[i]
        img = np.array(Image.open(path).convert("RGB"), dtype=np.float32) / 255
        return torch.from_numpy(img).permute(2, 0, 1), label


class ConvBN(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn = nn.BatchNorm2d(cout, track_running_stats=False)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


# ported from our old Keras model
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            ConvBN(3, 16, 2), ConvBN(16, 32, 2), ConvBN(32, 32), ConvBN(32, 64, 2), ConvBN(64, 64),
        )
        self.fc = nn.Linear(64, 2)

    def forward(self, x):
        x = self.features(x)
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


train_loader = DataLoader(Arrows("train"), batch_size=8, shuffle=True)
val_loader = DataLoader(Arrows("validation"), batch_size=8)

model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(8):
    model.train()
    for images, labels in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    model.eval()
    hits = 0
    with torch.no_grad():
        for images, labels in val_loader:
            hits += (model(images).argmax(1) == labels).sum().item()
    print(f"epoch {epoch}: loss {loss.item():.3f} val_acc {hits / len(val_loader.dataset):.3f}")
