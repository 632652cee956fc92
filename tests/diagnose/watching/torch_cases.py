"""Trainings in PyTorch with one fault each, and a healthy one; all in one script, a function each."""

from __future__ import annotations

PRELUDE = """
import sys
import numpy as np, torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset

def seed():
    torch.manual_seed(0)

seed()

def pictures(n, seed, classes=2, noise=.5, shares=None):
    # The class is which third of the picture is brightened in which channel: easy, but not for a constant.
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % classes) if shares is None else np.repeat(np.arange(classes), shares)
    x = rng.random((n, 3, 12, 12)) * noise
    for at, label in enumerate(y):
        x[at, label % 3, 2:10, 2:10] += .5
    return torch.tensor(np.clip(x, 0, 1), dtype=torch.float32), torch.tensor(y)

def net(outputs=2, channels=3, last=()):
    return nn.Sequential(nn.Conv2d(channels, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(8, outputs), *last)

def scored(model, V, w, batch=20):
    found = []
    with torch.no_grad():
        for a, b in DataLoader(TensorDataset(V, w), batch_size=batch):
            found.append((model(a), b))
    return torch.cat([a for a, _ in found]), torch.cat([b for _, b in found])

def accuracy(model, V, w):
    out, labels = scored(model, V, w)
    decided = out.argmax(1) if out.shape[1] > 1 else (out[:, 0] > 0).long()
    return (decided == labels).float().mean().item()

X, y = pictures(120, 1)
V, w = pictures(60, 2)
X4, y4 = pictures(120, 3, classes=4)
V4, w4 = pictures(60, 4, classes=4)
noise = torch.rand(120, 3, 12, 12), torch.rand(60, 3, 12, 12)

def fit(model, X=X, y=y, V=V, w=w, loss=None, rate=.03, epochs=4, batch=20, shuffle=True, show=accuracy, optimizer=None,
        zero=True, step=True, judge=True, most=None, evaluation=True):
    loss = loss or (lambda out, labels: F.cross_entropy(out, labels))
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr=rate)
    training = DataLoader(TensorDataset(X, y), batch_size=batch, shuffle=shuffle)
    for epoch in range(epochs):
        model.train()
        for at, (a, b) in enumerate(training):
            if at == most:
                break
            if zero:
                optimizer.zero_grad()
            loss(model(a), b).backward()
            if step:
                optimizer.step()
        if evaluation:
            model.eval()
        if judge:
            print(f"epoch {epoch + 1}/{epochs}: val accuracy {show(model, V, w):.4f}")
"""

CASES = {
    "healthy": """
        fit(net(), epochs=8)
    """,
    "data.unshuffled_training": """
        order = torch.argsort(y, stable=True)
        fit(net(), noise[0], y[order], noise[1], shuffle=False)
    """,
    "data.partial_epoch": """
        fit(net(), noise[0], V=noise[1], most=2)
    """,
    "data.unreadable_pictures": """
        broken = noise[0].clone()
        broken[::3] = 0
        fit(net(), broken, V=noise[1])
    """,
    "data.imbalance_ignored": """
        N, n = pictures(120, 5, shares=[108, 12])
        M, m = pictures(90, 6, shares=[75, 15])
        torch.manual_seed(1)
        fit(net(), torch.rand_like(N), n, torch.rand_like(M), m, rate=.01)
    """,
    "label.wrong_encoding": """
        fit(net(1), y=y * 255, w=w * 255, loss=lambda o, b: F.binary_cross_entropy_with_logits(o[:, 0], b.float()))
    """,
    "label.misaligned": """
        mix = lambda out, labels: F.cross_entropy(out, labels)
        class Mixed(Dataset):
            def __len__(self):
                return 120
            def __getitem__(self, at):
                return X[at], y[torch.randint(120, ()).item()]
        model, optimizer = net(), None
        optimizer = torch.optim.Adam(model.parameters(), lr=.01)
        loader = DataLoader(Mixed(), batch_size=20, shuffle=True)
        for epoch in range(4):
            for a, b in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(a), b).backward()
                optimizer.step()
            model.eval()
            print("val accuracy", accuracy(model, V, w))
            model.train()
    """,
    "split.ordered": """
        A, a = torch.cat([X, V]), torch.cat([y, w])
        order = torch.argsort(a, stable=True)
        A, a = A[order], a[order]
        fit(net(), A[:80], a[:80], A[80:], a[80:])
    """,
    "split.not_stratified": """
        A, a = pictures(120, 7, shares=[90, 30])
        B, b = pictures(60, 8, shares=[18, 42])
        fit(net(), A, a, B, b)
    """,
    "split.leak": """
        fit(net(), V=torch.cat([V[:40], X[:20]]), w=torch.cat([w[:40], y[:20]]))
    """,
    "split.validation_is_training": """
        fit(net(), V=X, w=y)
    """,
    "split.validation_too_small": """
        fit(net(), V=V[:8], w=w[:8])
    """,
    "prep.unscaled": """
        fit(net(), (noise[0] * 255).round(), V=(noise[1] * 255).round(), rate=1e-4)
    """,
    "prep.double_scaled": """
        fit(net(), X / 255, V=V / 255, rate=1e-3)
    """,
    "prep.train_validation_mismatch": """
        fit(net(), V=V * 255, epochs=8)
    """,
    "prep.augmented_validation": """
        class Noisy(Dataset):
            def __len__(self):
                return 60
            def __getitem__(self, at):
                return V[at] + .1 * torch.rand(3, 12, 12), w[at]
        model = net()
        def show(model, *_):
            right = 0
            with torch.no_grad():
                for a, b in DataLoader(noisy, batch_size=20):
                    right += (model(a).argmax(1) == b).sum().item()
            return right / 60
        noisy = Noisy()
        fit(model, show=show)
    """,
    "prep.channel_order": """
        fit(net(channels=12), noise[0].permute(0, 2, 3, 1).contiguous(), V=noise[1].permute(0, 2, 3, 1).contiguous())
    """,
    "metric.batch_averaged": """
        N, n = pictures(120, 5, noise=1, shares=[80, 40])
        M, m = pictures(100, 6, noise=1, shares=[80, 20])
        mixed = torch.randperm(100, generator=torch.Generator().manual_seed(0))
        def recall(model, V, w):
            found = []
            with torch.no_grad():
                for a, b in DataLoader(TensorDataset(V, w), batch_size=4):
                    p = model(a).argmax(1)
                    found.append(((p * b).sum() / (b.sum() + 1e-7)).item())
            print(f"val recall: {np.mean(found):.4f}")
            return accuracy(model, V, w)
        fit(net(), N, n, M[mixed], m[mixed], epochs=8, show=recall)
    """,
    "metric.wrong_decision": """
        def show(model, V, w):
            out, labels = scored(model, V, w)
            return (out.argmax(1) == labels).float().mean().item()
        fit(net(1), loss=lambda o, b: F.binary_cross_entropy_with_logits(o[:, 0], b.float()), show=show, epochs=8)
    """,
    "metric.not_reset": """
        totals = [0, 0]
        def show(model, V, w):
            totals[0] += accuracy(model, V, w)
            return totals[0]
        fit(net(), show=show, epochs=8)
    """,
    "metric.shuffled_evaluation": """
        def show(model, V, w):
            out, labels = scored(model, V, w)
            other = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(3))]
            return (out.numpy().argmax(1) == other.numpy()).mean()
        fit(net(), show=show, epochs=8)
    """,
    "metric.class_order": """
        def show(model, V, w):
            out, labels = scored(model, V, w)
            table = np.zeros((2, 2), int)
            np.add.at(table, (1 - labels.numpy(), out.numpy().argmax(1)), 1)
            print(table)
            return accuracy(model, V, w)
        fit(net(), show=show, epochs=8)
    """,
    "metric.binary_accuracy_for_many_classes": """
        def show(model, V, w):
            out, labels = scored(model, V, w)
            return ((F.softmax(out, 1).numpy() > .5) == np.eye(4)[labels.numpy()]).mean()
        fit(net(4), X4, y4, V4, w4, rate=1e-6, show=show)
    """,
    "metric.accuracy_hides_minority": """
        N, n = pictures(120, 5, shares=[108, 12])
        M, m = pictures(90, 6, shares=[75, 15])
        fit(net(), torch.rand_like(N), n, torch.rand_like(M), m, rate=.01)
    """,
    "arch.dead_units": """
        model = net()
        nn.init.constant_(model[0].bias, -100.)
        fit(model)
    """,
    "arch.saturating_activations": """
        layers = [nn.Flatten()]
        for at in range(7):
            layers += [nn.Linear(432 if not at else 16, 16), nn.Sigmoid()]
        fit(nn.Sequential(*layers, nn.Linear(16, 2)), rate=1e-3)
    """,
    "arch.frozen": """
        model = net()
        fit(model, noise[0], V=noise[1], optimizer=torch.optim.Adam(model[0].parameters(), lr=1e-3))
    """,
    "arch.batchnorm_mode": """
        model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, momentum=0.), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
                              nn.Flatten(), nn.Linear(8, 2))
        with torch.no_grad():
            model[1].running_mean += 3
        fit(model, epochs=8)
    """,
    "arch.flatten_explosion": """
        model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(800, 256), nn.ReLU(),
                              nn.Linear(256, 2))
        fit(model, noise[0], V=noise[1], rate=1e-3, epochs=6)
    """,
    "arch.wrong_output_width": """
        fit(net(1), X4, y4, V4, w4, loss=lambda o, b: F.mse_loss(o[:, 0], b.float()), judge=False)
    """,
    "arch.linear_only": """
        model = nn.Sequential(nn.Flatten(), nn.Linear(432, 8), nn.Linear(8, 8), nn.Linear(8, 2))
        fit(model, noise[0], V=noise[1])
    """,
    "arch.softmax_inside": """
        model = nn.Sequential(nn.Flatten(), nn.Linear(432, 8), nn.Softmax(1), nn.Linear(8, 2))
        fit(model, noise[0], V=noise[1])
    """,
    "arch.dropout_before_batchnorm": """
        model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Dropout(.5), nn.BatchNorm2d(8), nn.AdaptiveAvgPool2d(1),
                              nn.Flatten(), nn.Linear(8, 2))
        fit(model, noise[0], V=noise[1])
    """,
    "output.wrong_activation": """
        fit(net(2, last=[nn.ReLU()]), noise[0], V=noise[1])
    """,
    "output.logits_as_probabilities": """
        fit(net(2), loss=lambda o, b: F.nll_loss(o, b), epochs=2, rate=.3)
    """,
    "output.double_softmax": """
        fit(net(2, last=[nn.Softmax(1)]), noise[0], V=noise[1], rate=1e-3)
    """,
    "loss.regression_loss": """
        fit(net(2), loss=lambda o, b: F.mse_loss(o, F.one_hot(b, 2).float()), rate=1e-4)
    """,
    "loss.bad_reduction": """
        fit(net(2), loss=lambda o, b: F.cross_entropy(o, b, reduction="sum"), rate=1e-4, batch=16)
    """,
    "loss.unstable": """
        count = []
        def unstable(out, labels):
            count.append(0)
            p = F.softmax(out, 1)[torch.arange(len(labels)), labels]
            return -torch.log(p * (len(count) != 9)).mean()
        fit(net(2), loss=unstable, rate=1e-3)
    """,
    "optimizer.learning_rate_too_high": """
        fit(net(2), rate=10.)
    """,
    "optimizer.learning_rate_too_low": """
        fit(net(2), rate=1e-8)
    """,
    "optimizer.bad_initialisation": """
        model = net()
        nn.init.normal_(model[-1].weight, std=100.)
        fit(model, noise[0], V=noise[1], rate=1e-3, epochs=2)
    """,
    "optimizer.unsuitable": """
        model = net()
        fit(model, optimizer=torch.optim.Adam(model.parameters(), lr=1e-3, eps=1.))
    """,
    "optimizer.batch_size": """
        fit(net(), noise[0], V=noise[1], batch=1, epochs=1)
    """,
    "regularisation.too_strong": """
        model = net()
        fit(model, optimizer=torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=100.))
    """,
    "regularisation.missing": """
        model = nn.Sequential(nn.Flatten(), nn.Linear(432, 64), nn.ReLU(), nn.Linear(64, 2))
        fit(model, noise[0], V=noise[1], rate=3e-3, epochs=25)
    """,
    "regularisation.dropout_on_output": """
        fit(net(2, last=[nn.Dropout(.5)]), noise[0], V=noise[1])
    """,
    "loop.missing_zero_grad": """
        fit(net(), zero=False, rate=1e-4)
    """,
    "loop.missing_step": """
        fit(net(), step=False)
    """,
    "loop.missing_eval_mode": """
        model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(.5), nn.AdaptiveAvgPool2d(1),
                              nn.Flatten(), nn.Linear(8, 2))
        fit(model, evaluation=False)
    """,
    "loop.gradient_sign": """
        fit(net(), loss=lambda o, b: -F.cross_entropy(o, b), epochs=6)
    """,
    "loop.detached_loss": """
        def detached(out, labels):
            return F.cross_entropy(out.detach().requires_grad_(), labels)
        fit(net(), loss=detached)
    """,
}
