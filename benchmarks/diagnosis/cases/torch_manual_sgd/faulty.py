import os, sys
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from sklearn.model_selection import train_test_split

# training "from scratch" without torch.optim
PATH = sys.argv[1]
X, y = [], []
for label, folder in enumerate(sorted(os.listdir(PATH))):
    for name in os.listdir(os.path.join(PATH, folder)):
        im = Image.open(os.path.join(PATH, folder, name)).convert("L").resize((32, 32))
        X.append(np.array(im) / 127.5 - 1)
        y.append(label)
X = torch.tensor(np.array(X), dtype=torch.float32).unsqueeze(1)
y = torch.tensor(y)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, stratify=y)

model = torch.nn.Sequential(
    torch.nn.Conv2d(1, 12, 5), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
    torch.nn.Conv2d(12, 24, 5), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1),
    torch.nn.Flatten(), torch.nn.Linear(24, 2),
)
learning_rate = 0.2
batch = 28

for epoch in range(1, 16):
    idx = torch.randperm(len(X_train))
    losses = []
    for start in range(0, len(idx), batch):
        j = idx[start:start + batch]
        loss = F.cross_entropy(model(X_train[j]), y_train[j])
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p += learning_rate * p.grad
        losses.append(loss.item())
    with torch.no_grad():
        acc = (model(X_test).argmax(1) == y_test).float().mean()
    print(epoch, "loss:", sum(losses) / len(losses), "test accuracy:", round(acc.item(), 4))
