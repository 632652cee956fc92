"""What Keras was told: at ``compile``, at ``fit``, and by what its batches come from."""

from __future__ import annotations

import contextlib
import math
from typing import Any

from .session import plain_options


def compiled(model: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return loss, optimiser, metrics and the plain arguments of ``fit``.

    Parameters
    ----------
    model
        Compiled.
    given
        The arguments of ``fit`` by name.
    """
    arguments = {
        k: v for k, v in given.items() if k not in ("self", "x", "y", "validation_data", "callbacks")
    }
    loss: Any = getattr(model, "loss", None)
    optimizer = model.optimizer
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    metrics = getattr(getattr(model, "_compile_metrics", None), "_user_metrics", None) or []
    return {
        "arguments": plain_options(arguments)
        | {
            "validation_data": given.get("validation_data") is not None,
            "callbacks": ", ".join(type(one).__name__ for one in given.get("callbacks") or []),
        },
        "loss": {
            "name": name,
            "options": plain_options(loss.get_config()) if hasattr(loss, "get_config") else {},
        },
        "optimizer": {"name": type(optimizer).__name__, "options": plain_options(optimizer.get_config())},
        "metrics": [
            one if isinstance(one, str) else getattr(one, "name", getattr(one, "__name__", repr(one)))
            for one in metrics
        ],
    }


def numbers(logs: dict[str, Any]) -> dict[str, float]:
    """Return what of Keras's logs is a number."""
    found = {}
    for name, value in logs.items():
        try:
            found[str(name)] = float(value)
        except (TypeError, ValueError):
            continue
    return found


def finite(found: dict[str, float]) -> dict[str, Any]:
    """Return numbers as strict JSON has them: what is not finite becomes a word."""
    return {key: value if math.isfinite(value) else str(value) for key, value in found.items()}


def source_of(x: Any) -> tuple[dict[str, Any], int | None]:
    """Return class and plain settings of where batches come from, and how many pictures it has if it says so."""
    if x is None:
        return {}, None
    facts: dict[str, Any] = {"kind": type(x).__name__}
    if hasattr(x, "shape"):
        return facts | {"shape": str(tuple(x.shape)), "type": str(x.dtype)}, int(x.shape[0])
    for name in ("batch_size", "shuffle", "workers", "class_mode", "target_size", "data_format"):
        value = getattr(x, name, None)
        if isinstance(value, (bool, int, float, str, tuple)):
            facts[name] = value if not isinstance(value, tuple) else str(value)
    with contextlib.suppress(TypeError, NotImplementedError):
        facts["batches"] = len(x)
    n = getattr(x, "n", None)  # Keras's folder iterators
    return facts, n if isinstance(n, int) and not isinstance(n, bool) else None


def trained_on(known: int | None, given: dict[str, Any]) -> int | None:
    """Return how many of the pictures given to ``fit`` it trains on: it may split its validation part off itself."""
    share = given.get("validation_split")
    if known is None or not isinstance(share, float) or given.get("validation_data") is not None:
        return known
    return math.floor(known * (1 - share))
