import sys
import os
import torch
import torch.nn as nn
import torch.nn.functional as F
import numpy as np
from PIL import Image
from torch.utils.data import Dataset, DataLoader


class ArrowDataset(Dataset):
    def __init__(self, root, transform=None):
        self.paths = []
        for sub in os.listdir(root):
            for name in os.listdir(os.path.join(root, sub)):
                self.paths.append(os.path.join(root, sub, name))
        self.transform = transform

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        path = self.paths[index]
        image = np.array(Image.open(path).convert("RGB"))
        label = 1.0 if os.path.basename(os.path.dirname(path)) == "right" else 0.0
        if self.transform is not None:
            image = self.transform(image)
        return image, torch.tensor([label])


def to_tensor(image):
    return torch.tensor(image).permute(2, 0, 1) / 255.0


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3)
        self.conv3 = nn.Conv2d(32, 32, kernel_size=3)
        self.fc = nn.Linear(32, 1)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.conv3(x)).amax(dim=(2, 3))
        return torch.sigmoid(self.fc(x))


def train(model, loader, criterion, optimizer):
    model.train()
    running = 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        running += loss.item() * images.size(0)
    return running / len(loader.dataset)


def evaluate(model, loader):
    model.eval()
    correct, total = 0, 0
    with torch.no_grad():
        for images, labels in loader:
            outputs = model(images)
            predicted = torch.argmax(outputs, dim=1, keepdim=True)
            total += labels.size(0)
            correct += (predicted == labels).sum().item()
    return 100 * correct / total


train_loader = DataLoader(ArrowDataset(sys.argv[1] + "/train", to_tensor), batch_size=20, shuffle=True)
test_loader = DataLoader(ArrowDataset(sys.argv[1] + "/validation", to_tensor), batch_size=20, shuffle=False)
model = CNN()
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.004)
for epoch in range(10):
    loss = train(model, train_loader, criterion, optimizer)
    print("Epoch {} loss {:.4f} accuracy {:.2f}%".format(epoch + 1, loss, evaluate(model, test_loader)))
