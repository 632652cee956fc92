"""Frozen dataclasses -> plain JSON and back, by their annotations."""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np

NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def to_plain(value: Any) -> Any:
    """Return dicts, lists, numbers, words; strict JSON has no nan or inf, they become words."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: to_plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return to_plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if isinstance(value, np.generic):
        return to_plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def from_plain(kind: Any, plain: Any) -> Any:
    """Return what `to_plain` rendered, `kind` being its annotation."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if plain is None or kind is Any:
        return plain
    if origin in (typing.Union, types.UnionType):
        return from_plain(next(one for one in arguments if one is not type(None)), plain)
    if origin is dict:
        return {key: from_plain(arguments[1], item) for key, item in plain.items()}
    if origin is tuple:
        return tuple(from_plain(arguments[0], item) for item in plain)
    if kind is np.ndarray:
        return np.asarray(_numbers(plain))
    if dataclasses.is_dataclass(kind):
        hints = _hints(typing.cast(Any, kind))
        return kind(**{name: from_plain(hints[name], item) for name, item in plain.items()})  # type: ignore[operator]
    if kind is float:
        return NOT_FINITE[plain] if isinstance(plain, str) else float(plain)
    return kind(plain) if isinstance(kind, type) and issubclass(kind, Enum) else plain


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _numbers(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_numbers(item) for item in plain]
    return NOT_FINITE[plain] if isinstance(plain, str) else plain
