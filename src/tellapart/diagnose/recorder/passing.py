"""One forward pass, looked at closely: what every layer gives, and which operations are applied in which order."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

# What decides how an output is to be read or where a net can stick; arithmetic and memory layout are left out.
ACTIVATIONS = (
    "relu relu_ relu6 leaky_relu leaky_relu_ elu selu gelu silu hardtanh sigmoid sigmoid_ tanh tanh_ "
    + "softmax log_softmax"
)
SHAPES = "flatten max_pool2d avg_pool2d adaptive_avg_pool2d adaptive_max_pool2d conv2d linear"
PRODUCTS = "matmul mm addmm bmm einsum"  # how Keras's dense layers, and those made by hand, weigh
OTHERS = "dropout dropout2d batch_norm layer_norm"
OPERATIONS = frozenset(f"{ACTIVATIONS} {SHAPES} {PRODUCTS} {OTHERS}".split())
ROUNDING = 1e-5
"""Units that give the same differ by rounding at most."""
POSITIONS = 16
"""Rows and columns of a map that are looked at: of some dozen pictures that makes thousands of positions a unit."""


@contextlib.contextmanager
def operations_of() -> Iterator[list[str]]:
    """Collect the names of the operations that PyTorch applies, functional ones included."""
    from torch.overrides import TorchFunctionMode

    found: list[str] = []

    class Listing(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = getattr(func, "__name__", "").removeprefix("__").removesuffix("__")
            if name.startswith("boolean_dispatch") or name == "fn":
                name = "max_pool2d"  # the one dispatched operation that nets for pictures use
            if name in OPERATIONS:
                found.append(name.rstrip("_"))
            return func(*args, **(kwargs or {}))

    with Listing():
        yield found


def activation_facts(given: Any, answer: Any, channels: int) -> dict[str, Any]:
    """Return shapes of one layer, the largest number that goes in, and the activity of its outputs.

    Parameters
    ----------
    given, answer
        What went in and came out; anything but one tensor is passed over.
    channels
        Axis of the units; of flat outputs it is the last.
    """
    import torch

    facts: dict[str, Any] = {}
    if isinstance(given, torch.Tensor) and given.numel():
        facts |= {
            "input_shape": list(given.shape[1:]),
            "input_high": float(given.detach().float().abs().amax()),
        }
    if not isinstance(answer, torch.Tensor) or answer.ndim < 2 or not answer.is_floating_point():
        return facts
    shape = list(answer.shape[1:])
    units = channels % answer.ndim if answer.ndim > 2 else answer.ndim - 1
    answer = _thinned(answer.detach(), units).float()
    others = tuple(axis for axis in range(answer.ndim) if axis != units)
    apart = answer.amax(dim=units) - answer.amin(dim=units)
    return facts | {
        "alike": answer.shape[units] > 1 and bool((apart <= ROUNDING * answer.abs().amax(dim=units)).all()),
        "output_shape": shape,
        "never_active": float((answer.amax(dim=others) <= 0).float().mean()),
        "share_zero": float((answer == 0).float().mean()),
        "mean": float(answer.mean()),
        "std": float(answer.std(correction=0)),
    }


def _thinned(answer: Any, units: int) -> Any:
    """Return evenly spaced rows and columns of maps, as one block of memory; flat outputs as they are."""
    for axis in range(1, answer.ndim):
        if axis != units and answer.shape[axis] > POSITIONS:
            step = -(-answer.shape[axis] // POSITIONS)
            answer = answer[(slice(None),) * axis + (slice(None, None, step),)]
    return answer.contiguous()
