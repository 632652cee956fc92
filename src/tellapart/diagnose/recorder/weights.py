"""How weights and gradients move, layer by layer."""

from __future__ import annotations

from typing import Any

Weights = dict[str, list[Any]]

SAMPLED = 4096
"""Values per tensor from which the change over an epoch is taken: a ratio of norms, good to some 2 %."""


def gradient_norms(weights: Weights) -> dict[str, float]:
    """Return the norm of the gradients of each layer that has any."""
    found = {}
    for name, tensors in weights.items():
        gradients = [t.grad for t in tensors if t.grad is not None]
        if gradients:
            found[name] = float(sum(float(g.detach().float().pow(2).sum()) for g in gradients) ** 0.5)
    return found


def any_gradient(weights: Weights) -> bool:
    """Whether any tensor holds a gradient that is not zero."""
    return any(
        t.grad is not None and bool((t.grad != 0).any()) for tensors in weights.values() for t in tensors[:1]
    )


def copies(weights: Weights, *, sampled: bool = False) -> Weights:
    """Copy the values; with `sampled` only evenly spaced ones of each tensor."""
    return {name: [_values(t, sampled).clone() for t in tensors] for name, tensors in weights.items()}


def changes(before: Weights, after: Weights, *, sampled: bool = False) -> dict[str, float]:
    """Return the norm of the change over the norm of the values before, for each layer that is in both."""
    found = {}
    for name, olds in before.items():
        news = after.get(name, [])
        if len(news) != len(olds):
            continue
        moved = sum(float((_values(n, sampled) - o).pow(2).sum()) for o, n in zip(olds, news, strict=True))
        size = sum(float(o.pow(2).sum()) for o in olds)
        found[name] = (moved / size) ** 0.5 if size > 0 else (0.0 if moved == 0 else float("inf"))
    return found


def _values(tensor: Any, sampled: bool) -> Any:
    values = tensor.detach().float()
    if sampled and values.numel() > SAMPLED:
        flat = values.reshape(-1)
        return flat[:: -(-flat.numel() // SAMPLED)]
    return values
