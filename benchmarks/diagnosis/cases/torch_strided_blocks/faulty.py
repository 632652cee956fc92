import sys, os
import numpy as np
import torch
from torch import nn
from torch.utils.data import TensorDataset, DataLoader
from PIL import Image

ROOT = sys.argv[1]


def to_tensors(part):
    imgs, targets = [], []
    for t, cls in enumerate(['warp', 'weft']):
        for fn in sorted(os.listdir(os.path.join(ROOT, cls)))[part]:
            im = Image.open(os.path.join(ROOT, cls, fn)).convert('RGB')
            imgs.append(np.asarray(im, dtype=np.float32).transpose(2, 0, 1) / 127.5 - 1)
            targets.append(t)
    return TensorDataset(torch.tensor(np.stack(imgs)), torch.tensor(targets))


# no pooling: downsample with strided convs instead
def down(cin, cout):
    return nn.Sequential(
        nn.Conv2d(cin, cout, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(cout),
    )


class SmallNet(nn.Module):
    def __init__(self, num_classes=2):
        super().__init__()
        self.body = nn.Sequential(down(3, 16), down(16, 16), down(16, 32))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(32, num_classes)

    def forward(self, x):
        x = self.body(x)
        x = self.pool(x).flatten(1)
        return self.fc(x)


train_dl = DataLoader(to_tensors(slice(50, None)), batch_size=16, shuffle=True)
val_dl = DataLoader(to_tensors(slice(0, 50)), batch_size=100)

model = SmallNet()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
criterion = nn.CrossEntropyLoss()

for epoch in range(8):
    model.train()
    running_loss = 0.0
    for x, y in train_dl:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for x, y in val_dl:
            correct += (model(x).argmax(1) == y).sum().item()
            total += y.size(0)
    print(f'[{epoch + 1}] loss: {running_loss / len(train_dl):.4f}  val accuracy: {correct / total:.4f}')
