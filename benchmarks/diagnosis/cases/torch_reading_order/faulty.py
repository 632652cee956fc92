import torch, sys, os, glob
import numpy as np
from PIL import Image
from torch import nn, optim
from torch.utils.data import Dataset, DataLoader, Subset


class Stoffe(Dataset):
    def __init__(self, wurzel):
        self.dateien = sorted(glob.glob(os.path.join(wurzel, "*", "*.png")))
        self.klassen = sorted({os.path.basename(os.path.dirname(d)) for d in self.dateien})

    def __len__(self):
        return len(self.dateien)

    def __getitem__(self, i):
        datei = self.dateien[i]
        bild = torch.from_numpy(np.array(Image.open(datei))).permute(2, 0, 1).float() / 255
        return bild, self.klassen.index(os.path.basename(os.path.dirname(datei)))


class Netz(nn.Module):
    def __init__(self):
        super().__init__()
        self.faltung = nn.Sequential(
            nn.Conv2d(3, 16, 5, stride=2), nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2), nn.ReLU(),
        )
        self.kopf = nn.Linear(32 * 8 * 8, 2)

    def forward(self, x):
        return self.kopf(self.faltung(x).flatten(start_dim=1))


alle = Stoffe(sys.argv[1])
# jedes vierte Bild zum Testen
test_index = [i for i in range(len(alle)) if i % 4 == 0]
train_index = [i for i in range(len(alle)) if i % 4 != 0]
train = DataLoader(Subset(alle, train_index), batch_size=10)
test = DataLoader(Subset(alle, test_index), batch_size=50)

model = Netz()
verlust = nn.CrossEntropyLoss()
optimierer = optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
for epoche in range(12):
    model.train()
    summe = 0.0
    for bilder, ziele in train:
        optimierer.zero_grad()
        l = verlust(model(bilder), ziele)
        l.backward()
        optimierer.step()
        summe += l.item()
    model.eval()
    richtig = 0
    with torch.no_grad():
        for bilder, ziele in test:
            richtig += (model(bilder).argmax(1) == ziele).sum().item()
    print(f"Epoche {epoche + 1:2d}  Verlust {summe / len(train):.3f}  Test {richtig / len(test_index):.3f}")
