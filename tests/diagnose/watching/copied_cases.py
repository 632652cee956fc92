"""Trainings in PyTorch whose pictures are copied or changed; all in one script, a function each."""

from __future__ import annotations

CASES = {
    "changed anew": """
        stream(lambda epoch: (X + .02 * torch.rand_like(X), y), epochs=6)
    """,
    "mirrored at random": """
        def some(epoch):
            turned = torch.rand(120) < .5
            return torch.where(turned[:, None, None, None], X.flip(3), X), y
        stream(some, epochs=6)
    """,
    "half at random": """
        def half(epoch):
            at = torch.randperm(120)[:48]
            return noise[0][at], y[at]
        stream(half, epochs=9)
    """,
    "copied before the split": """
        A, a = torch.cat([X, V]), torch.cat([y, w])
        turned = A.flip(3)
        turned[::2] = A[::2] + .02 * torch.randn(90, 3, 12, 12)
        order = torch.randperm(360)
        A, a = torch.cat([A, turned])[order], torch.cat([a, a])[order]
        fit(net(), A[:260], a[:260], A[260:], a[260:])
    """,
    "changed beyond recognition": """
        stream(lambda epoch: (torch.rand_like(X), y), epochs=8, rate=.01, V=noise[1])
    """,
    "made by hand": """
        model = net()
        optimizer = torch.optim.Adam(model.parameters(), lr=.03)
        for epoch in range(3):
            order = torch.randperm(120)
            for start in range(0, 120, 20):
                at = order[start:start + 20]
                optimizer.zero_grad()
                F.cross_entropy(model(X[at]), y[at]).backward()
                optimizer.step()
            print(f"val accuracy {accuracy(model, V, w):.4f}")
    """,
    "names mixed up": """
        model = net()
        fit(model, epochs=8, judge=False)
        model.eval()
        right = 0
        for at in range(60):
            with torch.no_grad():
                answer = "ab"[model(V[at][None]).argmax(1).item()]
            right += answer == "ba"[int(w[at])]
        print(f"test accuracy: {right}/60")
    """,
    "names in order": """
        model = net()
        fit(model, epochs=8, judge=False)
        model.eval()
        right = 0
        for at in range(60):
            with torch.no_grad():
                answer = "ab"[model(V[at][None]).argmax(1).item()]
            right += answer == "ab"[int(w[at])]
        print(f"test accuracy: {right}/60")
    """,
    "validation in part changed": """
        class Some(Dataset):
            def __len__(self):
                return 60
            def __getitem__(self, at):
                return (V[at].flip(2) if torch.rand(()) < .5 else V[at]), w[at]
        some = Some()
        def show(model, *_):
            right = 0
            with torch.no_grad():
                for a, b in DataLoader(some, batch_size=20):
                    right += (model(a).argmax(1) == b).sum().item()
            return right / 60
        fit(net(), show=show)
    """,
}

PRELUDE = """
from torch.utils.data import IterableDataset

class Anew(IterableDataset):
    # Nobody knows how many pictures there are.
    def __init__(self, part):
        self.part, self.epoch = part, -1

    def __iter__(self):
        self.epoch += 1
        A, a = self.part(self.epoch)
        return iter([(A[at], a[at]) for at in torch.randperm(len(A))])

def stream(part, epochs, rate=.03, V=V):
    model, loader = net(), DataLoader(Anew(part), batch_size=20)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for epoch in range(epochs):
        model.train()
        for a, b in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(a), b).backward()
            optimizer.step()
        model.eval()
        print(f"val accuracy {accuracy(model, V, w):.4f}")
"""
"""Stands after the prelude of `torch_cases`."""
