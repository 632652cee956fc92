import os, sys
import numpy as np
import torch
from torch import nn
from PIL import Image
from sklearn.metrics import confusion_matrix, classification_report

def read(split):
    xs, ys = [], []
    for k, name in enumerate(("left", "right")):
        d = os.path.join(sys.argv[1], split, name)
        for f in os.listdir(d):
            xs.append(torch.tensor(np.array(Image.open(os.path.join(d, f))), dtype=torch.float32).permute(2, 0, 1))
            ys.append(k)
    return torch.stack(xs).div_(255), torch.tensor(ys, dtype=torch.float32)

x, y = read("train")
xv, yv = read("validation")

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Dropout(0.3))
        self.g = nn.Linear(32, 1)
    def forward(self, t):
        return self.g(self.f(t))[:, 0]

model = Net()
loss_function = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.004)
for epoch in range(12):
    model.train(True)
    for part in torch.randperm(len(x)).split(25):
        loss = loss_function(model(x[part]), y[part])
        loss.backward()
        optimizer.step()
        model.zero_grad(set_to_none=True)
    model.train(False)
    with torch.no_grad():
        predicted = (model(xv) > 0).int().numpy()
    print("epoch", epoch, "loss", loss.item(), "accuracy", np.mean(predicted == yv.numpy()))
print(confusion_matrix(yv.numpy(), predicted))
