import sys, os
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image

DIR = sys.argv[1]
labels = sorted(os.listdir(DIR))
pairs = [(os.path.join(DIR, l, f), labels.index(l)) for l in labels for f in sorted(os.listdir(os.path.join(DIR, l)))]
pairs = [pairs[i] for i in torch.randperm(len(pairs)).tolist()]
image = lambda p: torch.from_numpy(np.array(Image.open(p).convert("RGB"))).movedim(-1, 0) / 255
x = torch.stack([image(p) for p, _ in pairs])
y = torch.tensor([l for _, l in pairs])
x_train, y_train, x_test, y_test = x[:300], y[:300], x[300:], y[300:]

model = nn.Sequential(
    nn.Conv2d(3, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
    nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(512, 2), nn.LogSoftmax(-1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
ACCUMULATE = 2
for epoch in range(8):
    total = 0.0
    for n, b in enumerate(torch.randperm(300).split(15)):
        loss = F.nll_loss(model(x_train[b]), y_train[b], reduction="sum") / (len(b) * ACCUMULATE)
        loss.backward()
        total += ACCUMULATE * loss.item() * len(b)
        if n % ACCUMULATE == ACCUMULATE - 1:
            optimizer.step()
            optimizer.zero_grad()
    with torch.no_grad():
        print("epoch:", epoch, "loss:", total / 300, "test acc:", (model(x_test).argmax(-1) == y_test).double().mean().item())
