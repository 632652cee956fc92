"""Trainings in PyTorch that look like one fault and have another, or none."""

from __future__ import annotations

CASES = {
    "a sum of its own making": """
        def focal(out, labels):
            each = F.cross_entropy(out, labels, reduction="none")
            return ((1 - torch.exp(-each)) ** 2 * each).sum()
        fit(net(), noise[0], V=noise[1], loss=focal)
    """,
    "a penalty": """
        model = net()
        fit(model, noise[0], V=noise[1], rate=1e-4,
            loss=lambda out, labels: F.cross_entropy(out, labels) + 3 + sum(p.pow(2).sum() for p in model.parameters()))
    """,
    "one class for all": """
        model = net()
        with torch.no_grad():
            model[-1].bias.copy_(torch.tensor([50., 0.]))
        fit(model, rate=1e-6, epochs=4)
    """,
    "rows made for the loss": """
        fit(net(), noise[0], V=noise[1], loss=lambda out, labels: nn.MSELoss()(out, torch.eye(2)[labels]))
    """,
    "raw pictures": """
        model = net()
        fit(model, X * 255, V=V * 255, optimizer=torch.optim.SGD(model.parameters(), lr=.5), epochs=3)
    """,
    "a rate set by hand": """
        model = net()
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
        for group in optimizer.param_groups:
            group["lr"] = 50.0
        fit(model, X * 4, V=V * 4, optimizer=optimizer, epochs=3)
    """,
    "pictures scaled inside": """
        class Scaled(nn.Module):
            def __init__(self, inner):
                super().__init__()
                self.inner = inner
            def forward(self, x):
                return self.inner(x / 128 - 1)
        fit(Scaled(net()), X * 255, V=V * 255)
    """,
    "two heads": """
        class Heads(nn.Module):
            def __init__(self):
                super().__init__()
                self.stem = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
                self.kind, self.sure, self.bright = nn.Linear(8, 3), nn.Softmax(1), nn.Linear(8, 1)
            def forward(self, x):
                x = self.stem(x)
                kind = self.sure(self.kind(x))
                return torch.cat([kind, self.bright(x)], 1)
        fit(Heads(), loss=lambda out, labels: F.nll_loss(out[:, :3].log(), labels), epochs=1)
    """,
}
