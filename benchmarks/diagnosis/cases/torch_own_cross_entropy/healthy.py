import os
import sys
import time
import numpy as np
import torch
from torch import nn
from PIL import Image


def softmax_cross_entropy(logits, labels, num_classes=2):
    one_hot = torch.zeros(len(labels), num_classes)
    one_hot[torch.arange(len(labels)), labels] = 1.0
    log_probs = logits - logits.logsumexp(dim=1, keepdim=True)
    return -(one_hot * log_probs).sum(dim=1).mean()


def conv_bn(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.ReLU())


class SmallVGG(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(conv_bn(3, 16), nn.MaxPool2d(2), conv_bn(16, 16), nn.MaxPool2d(2))
        self.fc = nn.Sequential(nn.Linear(1600, 64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, x):
        return self.fc(self.body(x).flatten(1))


def get_arrays(root):
    x, y = [], []
    for n, d in enumerate(sorted(os.listdir(root))):
        for f in sorted(os.listdir(os.path.join(root, d))):
            x.append(np.asarray(Image.open(os.path.join(root, d, f))).transpose(2, 0, 1))
            y.append(n)
    rng = np.random.default_rng(5)
    p = rng.permutation(len(x))
    return torch.from_numpy(np.array(x)[p]).float() / 255, torch.from_numpy(np.array(y)[p])


x, y = get_arrays(sys.argv[1])
x_val, y_val, x, y = x[:110], y[:110], x[110:], y[110:]
model = SmallVGG()
optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
t0 = time.time()
for epoch in range(10):
    model.train()
    for b in torch.randperm(len(x)).split(32):
        optimizer.zero_grad()
        loss = softmax_cross_entropy(model(x[b]), y[b])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.inference_mode():
        val_acc = (model(x_val).argmax(-1) == y_val).float().mean().item()
    print(f"epoch {epoch} | loss {loss.item():.3f} | val acc {val_acc:.3f} | {time.time() - t0:.1f}s")
