import os, sys
import numpy as np
import torch, torch.nn as nn
from PIL import Image
from torch.utils.data import TensorDataset, DataLoader, random_split

def dataset(path):
    imgs, labs = [], []
    for label, cls in enumerate(sorted(os.listdir(path))):
        for f in os.listdir(os.path.join(path, cls)):
            imgs.append(np.asarray(Image.open(os.path.join(path, cls, f)).convert("L"), dtype=np.float32)[None] / 255)
            labs.append(label)
    return TensorDataset(torch.tensor(np.stack(imgs)), torch.tensor(labs))

full = dataset(sys.argv[1])
tr, te = random_split(full, [0.6, 0.4], generator=torch.Generator().manual_seed(1))
tr_dl, te_dl = DataLoader(tr, 24, shuffle=True), DataLoader(te, 40)

model = nn.Sequential(
    nn.Conv2d(1, 16, 5, stride=2), nn.ReLU(),
    nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(32 * 8 * 8, 2), nn.LogSoftmax(dim=1))
nll = nn.NLLLoss()
opt = torch.optim.Adagrad(model.parameters(), lr=0.002)

history = {"loss": [], "acc": []}
for epoch in range(6):
    correct = 0
    seen = 0
    for xb, yb in tr_dl:
        opt.zero_grad(set_to_none=True)
        loss = nll(model(xb), yb)
        loss.backward()
        opt.step()
    with torch.no_grad():
        for xb, yb in te_dl:
            correct += (model(xb).max(1)[1] == yb).sum().item()
            seen += len(yb)
    history["loss"].append(loss.item())
    history["acc"].append(correct / seen)
    print("epoch", epoch, "train loss", loss.item(), "test acc", correct / seen)
