import sys, os
import numpy as np
import torch
from torch import nn
from PIL import Image
from torch.utils.data import DataLoader, Dataset, Subset

NUM_EPOCHS = 1


class Pictures(Dataset):
    def __init__(self, root, transform=None):
        self.root, self.transform = root, transform
        self.names = [(c, f) for c in sorted(os.listdir(root)) for f in sorted(os.listdir(os.path.join(root, c)))]
        self.class_to_idx = {c: i for i, c in enumerate(sorted(os.listdir(root)))}

    def __len__(self):
        return len(self.names)

    def __getitem__(self, i):
        c, f = self.names[i]
        img = Image.open(os.path.join(self.root, c, f))
        if self.transform:
            img = self.transform(img)
        return img, self.class_to_idx[c]


def to_tensor(img):
    return torch.from_numpy(np.array(img)).permute(2, 0, 1).float().div(255)


ds = Pictures(sys.argv[1], to_tensor)
perm = torch.randperm(len(ds)).tolist()
loaders = {
    "train": DataLoader(Subset(ds, perm[:330]), batch_size=22, shuffle=True),
    "test": DataLoader(Subset(ds, perm[330:]), batch_size=22),
}
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = nn.Sequential(
    nn.Conv2d(3, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3), nn.ReLU(),
    nn.Conv2d(32, 32, 3), nn.ReLU(),
    nn.AdaptiveMaxPool2d(1), nn.Flatten(),
    nn.Linear(32, len(ds.class_to_idx)),
).to(device)
opt = torch.optim.Adam(model.parameters(), lr=0.003)
for epoch in range(NUM_EPOCHS):
    model.train()
    for i, (images, labels) in enumerate(loaders["train"]):
        images, labels = images.to(device), labels.to(device)
        outputs = model(images)
        loss = nn.functional.cross_entropy(outputs, labels)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if (i + 1) % 5 == 0:
            print("Epoch [{}/{}], Step [{}/{}], Loss: {:.4f}".format(epoch + 1, NUM_EPOCHS, i + 1, len(loaders["train"]), loss.item()))

model.eval()
with torch.no_grad():
    correct, total = 0, 0
    for images, labels in loaders["test"]:
        predicted = model(images.to(device)).argmax(1).cpu()
        total += labels.size(0)
        correct += (predicted == labels).sum().item()
    print("Test Accuracy of the model on the {} test images: {} %".format(total, 100 * correct / total))
