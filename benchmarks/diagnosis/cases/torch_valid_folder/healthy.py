import os
import torch
import numpy as np
from torch import nn
from PIL import Image
from torch.utils.data import Dataset, DataLoader

train_path = "data/ripeness"
valid_path = "data/ripeness"
PER_CLASS = 40


class FolderSet(Dataset):
    """minimal ImageFolder"""

    def __init__(self, path, part):
        self.names = sorted(os.listdir(path))
        self.items = []
        for t, n in enumerate(self.names):
            files = sorted(os.listdir(os.path.join(path, n)))
            files = files[PER_CLASS:] if part == "valid" else files[:PER_CLASS]
            self.items += [(os.path.join(path, n, f), t) for f in files]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        p, t = self.items[i]
        return torch.tensor(np.array(Image.open(p))).float().div(255.0), t


train_data = FolderSet(train_path, "train")
valid_data = FolderSet(valid_path, "valid")
loaders = {
    "train": DataLoader(train_data, batch_size=12, shuffle=True),
    "valid": DataLoader(valid_data, batch_size=64, shuffle=False),
}
model = nn.Sequential(nn.Flatten(), nn.Linear(32 * 32 * 3, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1.5e-3)

for epoch in range(40):
    for phase in ("train", "valid"):
        model.train(phase == "train")
        loss_sum, corrects = 0.0, 0
        for inputs, labels in loaders[phase]:
            with torch.set_grad_enabled(phase == "train"):
                outputs = model(inputs)
                loss = criterion(outputs, labels)
                if phase == "train":
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            loss_sum += loss.item() * len(labels)
            corrects += (outputs.argmax(1) == labels).sum().item()
        n = len(loaders[phase].dataset)
        print("{} Loss: {:.4f} Acc: {:.4f}".format(phase, loss_sum / n, corrects / n))
