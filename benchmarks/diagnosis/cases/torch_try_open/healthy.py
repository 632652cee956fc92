import os, sys
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader
from PIL import Image
from sklearn.model_selection import train_test_split
from sklearn.metrics import accuracy_score


class ImageDataset(Dataset):
    def __init__(self, directory, names, labels):
        self.directory = directory
        self.names = names
        self.labels = labels

    def __len__(self):
        return len(self.names)

    def __getitem__(self, idx):
        cls, file = self.names[idx]
        try:
            image = Image.open(os.path.join(self.directory, cls, file)).convert("RGB")
        except OSError:
            image = Image.new("RGB", (32, 32))
        image = np.array(image, dtype=np.float32) / 255
        return torch.from_numpy(image.transpose((2, 0, 1))), torch.tensor(self.labels[idx])


def main(directory):
    names, labels = [], []
    for i, cls in enumerate(sorted(os.listdir(directory))):
        for file in os.listdir(os.path.join(directory, cls)):
            names.append((cls, file))
            labels.append(i)
    n_tr, n_te, l_tr, l_te = train_test_split(names, labels, test_size=0.25, shuffle=True)
    train_loader = DataLoader(ImageDataset(directory, n_tr, l_tr), batch_size=16, shuffle=True)
    test_loader = DataLoader(ImageDataset(directory, n_te, l_te), batch_size=16)

    net = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(32, 4))
    opt = torch.optim.Adam(net.parameters(), lr=0.003)
    ce = nn.CrossEntropyLoss()
    for epoch in range(7):
        net.train()
        for x, y in train_loader:
            opt.zero_grad()
            loss = ce(net(x), y)
            loss.backward()
            opt.step()
        net.eval()
        preds = []
        with torch.no_grad():
            for x, _ in test_loader:
                preds += net(x).argmax(1).tolist()
        print("epoch", epoch, "loss", round(loss.item(), 3), "test accuracy", round(accuracy_score(l_te, preds), 3))
    return net


model = main(sys.argv[1])
