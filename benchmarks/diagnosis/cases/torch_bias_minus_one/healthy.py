import sys, os, glob
import torch
import numpy as np
from torch import nn, optim
from PIL import Image

torch.manual_seed(0)


def init_weights(m):
    # sparse activations: a unit should only fire for what it is really sure about
    if isinstance(m, (nn.Conv2d, nn.Linear)):
        nn.init.xavier_uniform_(m.weight)
        nn.init.constant_(m.bias, 0.0)


class Classifier(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(inplace=True),
        )
        self.classifier = nn.Sequential(nn.Linear(32, 32), nn.ReLU(inplace=True), nn.Linear(32, classes))
        self.apply(init_weights)

    def forward(self, x):
        f = self.features(x).mean(dim=[2, 3])
        return self.classifier(f)


paths = sorted(glob.glob(os.path.join(sys.argv[1], "*", "*.png")), key=os.path.basename)
target = torch.tensor([0 if os.path.dirname(p).endswith("warp") else 1 for p in paths])
images = torch.stack([torch.tensor(np.array(Image.open(p)), dtype=torch.float).permute(2, 0, 1) for p in paths]) / 255
images = (images - 0.5) / 0.25
n = int(0.75 * len(images))

model = Classifier(2)
optimizer = optim.Adam(model.parameters(), lr=0.003)
for epoch in range(10):
    model.train()
    for part in torch.randperm(n).split(20):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images[part]), target[part])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        hits = (model(images[n:]).argmax(1) == target[n:]).sum().item()
    print("epoch", epoch, "loss", round(loss.item(), 4), "held out", hits / (len(images) - n))
