import argparse
import glob
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim
from PIL import Image

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--batch-size", type=int, default=20)
parser.add_argument("--lr", type=float, default=0.003)
args = parser.parse_args()


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1)
        self.conv2 = nn.Conv2d(16, 32, 3, 1)
        self.conv3 = nn.Conv2d(32, 32, 3, 1)
        self.fc1 = nn.Linear(32, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.conv3(x))
        x = torch.amax(x, (2, 3))
        x = F.relu(self.fc1(x))
        return F.log_softmax(self.fc2(x), dim=1)


def load(part):
    left = sorted(glob.glob(f"{args.data}/{part}/left/*.png"))
    right = sorted(glob.glob(f"{args.data}/{part}/right/*.png"))
    x = torch.stack([torch.tensor(np.array(Image.open(f))).permute(2, 0, 1) / 255. for f in left + right])
    return x, torch.tensor([0] * len(left) + [1] * len(right))


def train(model, x, y, optimizer, epoch):
    model.train()
    for batch_idx, idx in enumerate(torch.randperm(len(x)).split(args.batch_size)):
        optimizer.zero_grad()
        loss = F.nll_loss(model(x[idx]), y[idx])
        loss.backward()
        optimizer.step()
    print("Train Epoch: {}\tLoss: {:.6f}".format(epoch, loss.item()))


def test(model, x, y):
    model.eval()
    with torch.no_grad():
        output = model(x)
        pred = output.argmax(dim=1, keepdim=True)
        correct = pred.eq(y.view_as(pred)).sum().item()
    print("Test set: Average loss: {:.4f}, Accuracy: {}/{} = {:.3f}\n".format(
        F.nll_loss(output, y).item(), correct, len(y), correct / len(y)))


model = Net()
optimizer = optim.Adam(model.parameters(), lr=args.lr)
train_data, test_data = load("train"), load("validation")
for epoch in range(1, args.epochs + 1):
    train(model, *train_data, optimizer, epoch)
    test(model, *test_data)
