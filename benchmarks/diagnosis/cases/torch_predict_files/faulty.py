import os, sys, random
from types import SimpleNamespace
import numpy as np
import torch
import torch.nn as nn
from PIL import Image

cfg = SimpleNamespace(data=sys.argv[1], epochs=10, batch=16, lr=3e-3, hold=100, seed=0)
MEAN, STD = 0.45, 0.25
CATS = sorted(os.listdir(cfg.data))


def load_tensor(path):
    a = np.asarray(Image.open(path).convert("RGB"), dtype=np.float32) / 255
    return torch.from_numpy((a - MEAN) / STD).permute(2, 0, 1)


def predict(model, path):
    img = Image.open(path).convert("RGB").resize((96, 96))
    t = torch.from_numpy(np.array(img, dtype=np.float32) / 255).permute(2, 0, 1)[None]
    with torch.no_grad():
        return CATS[model(t).argmax(1).item()]


def fit(model, files):
    opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    x = torch.stack([load_tensor(f) for f in files])
    y = torch.tensor([CATS.index(f.split(os.sep)[-2]) for f in files])
    for epoch in range(cfg.epochs):
        order, total, right = torch.randperm(len(x)), 0.0, 0
        for b in order.split(cfg.batch):
            opt.zero_grad()
            o = model(x[b])
            loss = nn.functional.cross_entropy(o, y[b])
            loss.backward()
            opt.step()
            total += loss.item() * len(b)
            right += (o.argmax(1) == y[b]).sum().item()
        print(f"epoch {epoch}: train loss {total / len(x):.3f}, train acc {right / len(x):.3f}")


if __name__ == "__main__":
    every = [os.path.join(cfg.data, c, f) for c in CATS for f in os.listdir(os.path.join(cfg.data, c))]
    random.shuffle(every)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, len(CATS)))
    fit(model, every[cfg.hold:])
    model.eval()
    answers = [predict(model, f) == f.split(os.sep)[-2] for f in every[:cfg.hold]]
    print("right on held-out files:", sum(answers) / len(answers))
