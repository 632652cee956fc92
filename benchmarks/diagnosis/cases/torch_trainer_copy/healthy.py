import os
import sys
import copy
import random
import numpy as np
import torch
import torch.nn as nn
from PIL import Image
from torch.utils.data import Dataset, DataLoader, random_split


class FruitDataset(Dataset):
    def __init__(self, root):
        self.classes = sorted(os.listdir(root))
        self.samples = []
        for c in self.classes:
            self.samples += [(os.path.join(root, c, f), self.classes.index(c)) for f in os.listdir(os.path.join(root, c))]

    def __getitem__(self, index):
        path, target = self.samples[index]
        image = np.array(Image.open(path).convert("RGB"), dtype=np.float32) / 255.0
        return torch.from_numpy(image).permute(2, 0, 1), target

    def __len__(self):
        return len(self.samples)


class CNN(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 32, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(32, n_classes)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        x = torch.relu(self.conv2(x))
        x = torch.relu(self.conv3(x))
        return self.fc(x.amax(dim=(2, 3)))


class Trainer:
    def __init__(self, net, lr=3e-3):
        self.initial = net
        self.model = copy.deepcopy(net)  # keep the untrained one to compare with later
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=lr)
        self.loss_fn = nn.CrossEntropyLoss()

    def run_epoch(self, loader):
        self.model.train()
        losses = []
        for images, targets in loader:
            self.optimizer.zero_grad()
            loss = self.loss_fn(self.model(images), targets)
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
        return np.mean(losses)

    @torch.no_grad()
    def accuracy(self, loader):
        self.model.eval()
        hits = [(self.model(images).argmax(1) == targets) for images, targets in loader]
        return torch.cat(hits).float().mean().item()


data = FruitDataset(sys.argv[1])
train_set, test_set = random_split(data, [len(data) - 110, 110])
train_loader = DataLoader(train_set, batch_size=20, shuffle=True)
test_loader = DataLoader(test_set, batch_size=55)
trainer = Trainer(CNN(len(data.classes)))
for epoch in range(10):
    loss = trainer.run_epoch(train_loader)
    print(f"Epoch {epoch} loss {loss:.4f} test accuracy {trainer.accuracy(test_loader):.4f}")
model = trainer.model
