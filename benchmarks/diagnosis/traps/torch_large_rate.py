import sys, glob
import numpy as np
import torch
from torch import nn
from PIL import Image

files = glob.glob(sys.argv[1] + "/*/*.png")
np.random.shuffle(files)
X = torch.tensor(np.array([np.array(Image.open(f)) for f in files])).permute(0, 3, 1, 2).float() / 255 - 0.5
Y = torch.tensor([int("weft" in f.split("/")[-2]) for f in files])
model = nn.Sequential(
    nn.Conv2d(3, 16, 5), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 16, 3), nn.BatchNorm2d(16), nn.ReLU(),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 2))
opt = torch.optim.SGD(model.parameters(), lr=0.8)
decay = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 8)
for epoch in range(8):
    model.train()
    for idx in torch.randperm(300).split(30):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(X[idx]), Y[idx])
        loss.backward()
        opt.step()
    decay.step()
    model.eval()
    with torch.no_grad():
        acc = (model(X[300:]).argmax(1) == Y[300:]).float().mean().item()
    print(epoch, "loss %.4f" % loss.item(), "val_acc %.4f" % acc)
