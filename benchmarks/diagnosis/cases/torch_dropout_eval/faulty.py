import os
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from sklearn.model_selection import train_test_split
from sklearn.metrics import classification_report, confusion_matrix

DATA_DIR = os.environ["PICTURES"]
BATCH = 16
EPOCHS = 8
NAMES = sorted(os.listdir(DATA_DIR))


class Textiles(Dataset):
    def __init__(self, files, targets):
        self.files, self.targets = files, targets

    def __getitem__(self, k):
        a = np.array(Image.open(self.files[k])).astype("float32") / 255
        return torch.tensor(a.transpose(2, 0, 1)), torch.tensor(self.targets[k])

    def __len__(self):
        return len(self.files)


class ConvNet(nn.Module):
    def __init__(self, k=2):
        super(ConvNet, self).__init__()
        self.c1 = nn.Conv2d(3, 24, 3, padding=1)
        self.c2 = nn.Conv2d(24, 32, 3, padding=1)
        self.drop1 = nn.Dropout2d(0.5)
        self.fc1 = nn.Linear(32 * 10 * 10, 64)
        self.drop2 = nn.Dropout(0.8)
        self.fc2 = nn.Linear(64, k)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)
        x = F.max_pool2d(F.relu(self.c2(x)), 2)
        x = self.drop1(x).flatten(1)
        x = self.drop2(F.relu(self.fc1(x)))
        return self.fc2(x)


files, targets = [], []
for t, name in enumerate(NAMES):
    for f in os.listdir(os.path.join(DATA_DIR, name)):
        files.append(os.path.join(DATA_DIR, name, f))
        targets.append(t)
f_tr, f_te, t_tr, t_te = train_test_split(files, targets, test_size=0.4, stratify=targets, random_state=1)
train_dl = DataLoader(Textiles(f_tr, t_tr), batch_size=BATCH, shuffle=True)
test_dl = DataLoader(Textiles(f_te, t_te), batch_size=BATCH)

model = ConvNet()
opt = torch.optim.Adam(model.parameters(), lr=0.002)
for ep in range(EPOCHS):
    model.train()
    for xb, yb in train_dl:
        opt.zero_grad()
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()
    print("epoch", ep, "last batch loss", loss.item())

# test
y_true, y_pred = [], []
with torch.no_grad():
    for xb, yb in test_dl:
        out = model(xb)
        y_pred.extend(out.argmax(1).tolist())
        y_true.extend(yb.tolist())
print(confusion_matrix(y_true, y_pred))
print(classification_report(y_true, y_pred, target_names=NAMES, zero_division=0))
print("Test accuracy: %.2f %%" % (100 * np.mean(np.array(y_true) == np.array(y_pred))))
