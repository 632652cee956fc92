"""Sizes of maps on their way through a network: how many numbers a Flatten hands on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .facts import Layer, Model

SAME_SIZE = (
    "Input", "Activation", "BatchNormalization", "Dropout", "SpatialDropout2D", "Rescaling", "Normalization",
    "GaussianNoise", "LayerNormalization", "GroupNormalization", "AlphaDropout", "GaussianDropout", "ReLU", "PReLU",
    "RandomFlip", "RandomRotation", "RandomZoom", "RandomContrast", "RandomTranslation", "RandomBrightness",
)  # fmt: skip


@dataclass(frozen=True)
class Flattened:
    """A Flatten and the Dense after it."""

    flatten: Layer
    features: int
    units: int

    @property
    def weights(self) -> int:
        """How many weights lie between them."""
        return self.features * self.units


def flattened(model: Model, size: tuple[int, int] | None) -> Flattened | None:
    """Return the first Flatten whose following Dense can be counted; None where sizes cannot be told."""
    shape = _start(model, size)
    for number, layer in enumerate(model.layers):
        if layer.kind == "Flatten":
            dense = next((one for one in model.layers[number + 1 :] if one.kind == "Dense"), None)
            if dense is None or dense.units is None:
                return None
            features = dense.inputs or (math.prod(shape) if shape else None)
            return Flattened(layer, features, dense.units) if features else None
        shape = _after(layer, shape) if shape else None
        if layer.kind == "Application" and size is not None:
            shape = None
    return None


def features(model: Model, shape: tuple[int, int, int]) -> int | None:
    """Return how many numbers the first Flatten hands on for pictures of a shape (rows, columns, channels)."""
    at: tuple[int, int, int] | None = shape
    for layer in model.layers:
        if layer.kind == "Flatten" or at is None:
            break
        at = _after(layer, at)
    return math.prod(at) if at else None


def _start(model: Model, size: tuple[int, int] | None) -> tuple[int, int, int] | None:
    first = next((layer.input_shape for layer in model.layers if layer.input_shape), None)
    if first is not None and len(first) == 3 and first[0] and first[1]:
        return int(first[0]), int(first[1]), int(first[2] or 3)
    return (*size, 3) if size is not None and model.framework == "keras" else None


def _after(layer: Layer, shape: tuple[int, int, int]) -> tuple[int, int, int] | None:
    rows, columns, channels = shape
    if layer.kind in SAME_SIZE:
        return shape
    if layer.kind in ("Conv2D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D"):
        kernel = layer.kernel or (1, 1)
        pooling = "Pooling" in layer.kind
        strides = layer.strides or (kernel if pooling else (1, 1))
        out = channels if pooling else layer.units or channels
        return (
            _size(rows, kernel[0], strides[0], layer.padding),
            _size(columns, kernel[1], strides[1], layer.padding),
            out,
        )
    return None


def _size(length: int, kernel: int, stride: int, padding: str | int | None) -> int:
    if padding == "same":
        return -(-length // max(stride, 1))
    border = padding if isinstance(padding, int) else 0
    return max((length + 2 * border - kernel) // max(stride, 1) + 1, 1)
