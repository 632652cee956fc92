"""A model file as a function of PyTorch, so that its heads have gradients: the operators that this package writes.

The file is all that a run keeps of its nets, and torch reads no ONNX. Nothing in the file is executed.
N pictures; maps are (N, C, h, w).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx
import torch
from onnx import helper, numpy_helper
from torch.nn import functional

POOLS = ("GlobalAveragePool", "GlobalMaxPool")


def _conv(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, *, a: dict[str, Any]) -> torch.Tensor:
    top, left, bottom, right = a["pads"]
    padded = functional.pad(x, (left, right, top, bottom))
    return functional.conv2d(padded, weight, bias, stride=a["strides"], groups=a["group"])


OPERATORS: dict[str, Callable[..., torch.Tensor]] = {
    "Add": lambda x, y, a: x + y,
    "Cast": lambda x, a: x.float(),
    "Clip": lambda x, low, high, a: x.clamp(low, high),
    "Concat": lambda *xs, a: torch.cat(xs, a["axis"]),
    "Conv": _conv,
    "Flatten": lambda x, a: x.flatten(1),
    "Gemm": lambda x, weight, bias, a: x @ weight + bias,
    "GlobalAveragePool": lambda x, a: x.mean((2, 3), keepdim=True),
    "GlobalMaxPool": lambda x, a: x.amax((2, 3), keepdim=True),  # equal cells share the gradient
    "Identity": lambda x, a: x,
    "Log": lambda x, a: x.log(),
    "Max": lambda x, y, a: torch.maximum(x, y),
    "Mul": lambda x, y, a: x * y,
    "Relu": lambda x, a: x.relu(),
    "Softmax": lambda x, a: x.softmax(a["axis"]),
    "Sqrt": lambda x, a: x.sqrt(),
    "Sub": lambda x, y, a: x - y,
    "Sum": lambda *xs, a: torch.stack(xs).sum(0),
    "Transpose": lambda x, a: x.permute(a["perm"]),
}
"""As `Graph` writes them: other attributes of the same operators do not occur there."""


@dataclass(frozen=True)
class Grid:
    """Where the cells of a map lie in the input it comes from.

    Attributes
    ----------
    source
        The input.
    stride
        Between the centres of neighbouring cells, px.
    top, left
        Centre of the first cell, px; with padding it is not half a stride.
    """

    source: str
    stride: int = 1
    top: float = 0.0
    left: float = 0.0

    def after(self, kernel: Sequence[int], pads: Sequence[int], stride: int) -> Grid:
        """Return the grid of what a convolution makes of this one."""
        top, left = ((size - 1) / 2 - pad for size, pad in zip(kernel, pads, strict=False))
        return Grid(
            self.source, self.stride * stride, self.top + top * self.stride, self.left + left * self.stride
        )


@dataclass(frozen=True)
class Step:
    """One operator: what it takes and gives, and which values nobody needs after it."""

    kind: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Any]
    done_with: tuple[str, ...]


class TorchModel:
    """A model file whose pooled maps can be asked what they add.

    Attributes
    ----------
    maps
        Value -> where its cells lie, for values that are pooled over the picture: the last to know a place.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        """Take a model apart.

        Raises
        ------
        NotImplementedError
            It was written by another program: by the exporter, for networks of others.
        """
        unknown = {node.op_type for node in model.graph.node} - set(OPERATORS)
        if unknown:
            raise NotImplementedError(", ".join(sorted(unknown)))
        self._constants = {
            one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in model.graph.initializer
        }
        self._steps = _steps(model, {*self._constants, "probabilities"})
        self.maps = _pooled(self._steps, [one.name for one in model.graph.input])

    def evidence(
        self, images: Mapping[str, torch.Tensor], score: Callable[[torch.Tensor], torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Return map -> (N, h, w): what each cell adds to a score of the probabilities, by its pooling alone.

        The gradient of the score with respect to the map, times how far the map lies from its mean, summed over C.
        What a map adds through later maps is counted there.

        Parameters
        ----------
        images
            Input -> (N, H, W, 3).
        score
            (N, K) probabilities -> a scalar.
        """
        values, after = {**self._constants, **images}, set[str]()
        pooled: dict[str, torch.Tensor] = {}
        for step in self._steps:
            in_head = not after.isdisjoint(step.inputs)
            enters = step.inputs[0] in self.maps and (step.kind in POOLS or in_head)
            if enters and step.inputs[0] not in pooled:
                pooled[step.inputs[0]] = values[step.inputs[0]].detach().requires_grad_()
            with torch.set_grad_enabled(in_head or enters):
                taken = [pooled[n] if enters and n in pooled else values[n] for n in step.inputs]
                values[step.output] = OPERATORS[step.kind](*taken, a=step.attributes)
            if in_head or enters:
                after.add(step.output)
            for name in step.done_with:
                del values[name]
        found = torch.autograd.grad(score(values["probabilities"]), list(pooled.values()))
        with torch.no_grad():
            return {
                name: (gradient * (map_ - map_.mean((2, 3), keepdim=True))).sum(1)
                for (name, map_), gradient in zip(pooled.items(), found, strict=True)
            }


def _steps(model: onnx.ModelProto, kept: set[str]) -> list[Step]:
    """Return the operators in order; each lets go of what it was the last to need."""
    last: dict[str, int] = {}
    for number, node in enumerate(model.graph.node):
        last |= dict.fromkeys([*node.input, node.output[0]], number)
    steps = []
    for number, node in enumerate(model.graph.node):
        names = {*node.input, node.output[0]} - kept
        steps.append(
            Step(
                node.op_type,
                tuple(node.input),
                node.output[0],
                {one.name: helper.get_attribute_value(one) for one in node.attribute},
                tuple(name for name in names if last[name] == number),
            )
        )
    return steps


def _pooled(steps: list[Step], inputs: list[str]) -> dict[str, Grid]:
    """Return what is pooled; what is computed with an average already, as for a deviation, is no map of its own."""
    grids = {name: Grid(name) for name in inputs}
    after: set[str] = set()
    found: dict[str, Grid] = {}
    for step in steps:
        grid = next((grids[name] for name in step.inputs if name in grids), None)
        if not after.isdisjoint(step.inputs):
            after.add(step.output)
        elif step.kind in POOLS and grid is not None:
            found[step.inputs[0]] = grid
            after.add(step.output)
        elif grid is not None:
            a = step.attributes
            is_conv = step.kind == "Conv"
            grids[step.output] = (
                grid.after(a["kernel_shape"], a["pads"], a["strides"][0]) if is_conv else grid
            )
    return found
