import os
import numpy as np
import torch
import torch.nn as nn
from PIL import Image

base_dir = os.environ["PICTURES"]
filenames = []
categories = []
for number, kind in enumerate(sorted(os.listdir(base_dir))):
    for filename in os.listdir(base_dir + "/" + kind):
        filenames.append(base_dir + "/" + kind + "/" + filename)
        categories.append(number)

order = np.random.permutation(len(filenames))
X = torch.tensor(np.array([np.asarray(Image.open(filenames[i])) for i in order]) / 255.).float().permute(0, 3, 1, 2)
Y = torch.tensor([categories[i] for i in order]).float().unsqueeze(1)
print("total:", len(Y), "classes:", Y.unique().tolist())
n_train = 300


class BinaryNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.cnn = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 16, 3), nn.ReLU(), nn.MaxPool2d(2))
        self.mlp = nn.Sequential(nn.Flatten(), nn.Linear(16 * 64, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, t):
        return self.mlp(self.cnn(t))


model = BinaryNet()
lossfunc = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters())
for e in range(8):
    for k in range(0, n_train, 15):
        model.zero_grad()
        loss = lossfunc(model(X[k:k + 15]), Y[k:k + 15])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        val = ((model(X[n_train:]) > 0).float() == Y[n_train:]).float().mean()
    print("epoch %i loss %f val_accuracy %f" % (e, loss, val))
