import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset


def read_part(folder):
    xs, ys = [], []
    classes = sorted(p.name for p in folder.iterdir() if p.is_dir())
    for file in folder.rglob("*.png"):
        xs.append(np.asarray(Image.open(file).convert("RGB")))
        ys.append(classes.index(file.parent.name))
    xs = torch.from_numpy(np.stack(xs)).permute(0, 3, 1, 2).float().div(255)
    return TensorDataset(xs, torch.tensor(ys))


def build():
    def block(i, o):
        return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))

    return nn.Sequential(block(3, 16), block(16, 32), block(32, 32), nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.LazyLinear(2))


def focal_weighting(per_sample, gamma):
    # gamma = 0 means plain cross entropy
    pt = torch.exp(-per_sample)
    return ((1 - pt) ** gamma * per_sample).mean()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--epochs", type=int, default=9)
    parser.add_argument("--gamma", type=float, default=0.0)
    args = parser.parse_args()

    train = DataLoader(read_part(args.root / "train"), batch_size=25, shuffle=True)
    val = DataLoader(read_part(args.root / "validation"), batch_size=50)
    net = build()
    net(next(iter(train))[0])  # lazy layer
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    ce = nn.CrossEntropyLoss(reduction="none")

    for epoch in range(args.epochs):
        net.train()
        epoch_loss = 0.0
        for x, y in train:
            optimizer.zero_grad()
            logits = net(x)
            value = focal_weighting(ce(logits, y), args.gamma)
            loss = torch.tensor(value.item(), requires_grad=True)
            loss.backward()
            optimizer.step()
            epoch_loss += loss.item()
        net.eval()
        hits = total = 0
        with torch.no_grad():
            for x, y in val:
                hits += (net(x).argmax(1) == y).sum().item()
                total += len(y)
        print(f"[{epoch + 1}/{args.epochs}] train_loss={epoch_loss / len(train):.4f} val_acc={hits / total:.4f}")
    return net


if __name__ == "__main__":
    model = main()
