import os
import sys
import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import Dataset, DataLoader
from PIL import Image


class ArrowImages(Dataset):
    def __init__(self, main_dir, transform=None):
        self.main_dir = main_dir
        self.transform = transform
        self.all_imgs = []
        for label, direction in enumerate(["left", "right"]):
            for name in os.listdir(os.path.join(main_dir, direction)):
                self.all_imgs.append((os.path.join(main_dir, direction, name), label))

    def __len__(self):
        return len(self.all_imgs)

    def __getitem__(self, idx):
        loc, label = self.all_imgs[idx]
        image = np.array(Image.open(loc).convert("RGB"), dtype=np.float32) / 255
        return torch.from_numpy(image).permute(2, 0, 1), label


class MyFirstCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1)
        self.conv3 = nn.Conv2d(32, 32, kernel_size=3, stride=2, padding=1)
        self.pool = nn.Flatten()
        self.fc = nn.LazyLinear(128)
        self.fc2 = nn.Linear(128, 2)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        x = torch.relu(self.conv2(x))
        x = torch.relu(self.conv3(x))
        x = self.pool(x)
        x = torch.relu(self.fc(x))
        return self.fc2(x)


trainset = ArrowImages(os.path.join(sys.argv[1], "train"))
testset = ArrowImages(os.path.join(sys.argv[1], "validation"))
trainloader = DataLoader(trainset, batch_size=20, shuffle=True)
testloader = DataLoader(testset, batch_size=25, shuffle=False)

model = MyFirstCNN()
model(torch.zeros(1, 3, 48, 48))  # lazy layers
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.003)

for epoch in range(12):  # loop over the dataset multiple times
    model.train()
    running_loss = 0.0
    for i, data in enumerate(trainloader, 0):
        inputs, labels = data
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    correct = 0
    total = 0
    model.eval()
    with torch.no_grad():
        for data in testloader:
            images, labels = data
            _, predicted = torch.max(model(images), 1)
            total += labels.size(0)
            correct += (predicted == labels).sum().item()
    print('[%d] loss: %.4f test: %.4f' % (epoch + 1, running_loss / len(trainloader), correct / total))
print('Finished Training')
