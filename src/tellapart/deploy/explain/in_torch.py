"""A model file as a function of PyTorch, so that its heads have gradients: the operators that this package writes.

The file is all that a run keeps of its nets, and torch reads no ONNX. Nothing in the file is executed.
N pictures; maps are (N, C, h, w).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import onnx
import torch
from onnx import helper, numpy_helper
from torch.nn import functional

POOLS = ("GlobalAveragePool", "GlobalMaxPool")
AXES = 3  # the input of a Slice that says which axes it is about


def _conv(a: dict[str, Any], x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    top, left, bottom, right = a["pads"]
    padded = functional.pad(x, (left, right, top, bottom))
    return functional.conv2d(padded, weight, bias, stride=a["strides"], groups=a["group"])


OPERATORS: dict[str, Callable[..., torch.Tensor]] = {
    "Add": lambda _, x, y: x + y,
    "Cast": lambda _, x: x.float(),
    "Clip": lambda _, x, low, high: x.clamp(low, high),
    "Concat": lambda a, *xs: torch.cat(xs, a["axis"]),
    "Conv": _conv,
    "Flatten": lambda _, x: x.flatten(1),
    "Gemm": lambda _, x, weight, bias: x @ weight + bias,
    "GlobalAveragePool": lambda _, x: x.mean((2, 3), keepdim=True),
    "GlobalMaxPool": lambda _, x: x.amax((2, 3), keepdim=True),  # equal cells share the gradient
    "Identity": lambda _, x: x,
    "Log": lambda _, x: x.log(),
    "Max": lambda _, x, y: torch.maximum(x, y),
    "Mul": lambda _, x, y: x * y,
    "Relu": lambda _, x: x.relu(),
    "Slice": lambda _, x, *ranges: x.flip(
        ranges[AXES - 1].tolist()
    ),  # reversed whole, as `Graph.reverse` does
    "Softmax": lambda a, x: x.softmax(a["axis"]),
    "Sqrt": lambda _, x: x.sqrt(),
    "Sub": lambda _, x, y: x - y,
    "Sum": lambda _, *xs: torch.stack(xs).sum(0),
    "Transpose": lambda a, x: x.permute(a["perm"]),
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
    reversed_axes
        Of the pictures (N, H, W, 3), along which they were reversed before.
    """

    source: str
    stride: int = 1
    top: float = 0.0
    left: float = 0.0
    reversed_axes: tuple[int, ...] = ()

    def after(self, kernel: Sequence[int], pads: Sequence[int], stride: int) -> Grid:
        """Return the grid of what a convolution makes of this one."""
        top, left = ((size - 1) / 2 - pad for size, pad in zip(kernel, pads, strict=False))
        return replace(
            self,
            stride=self.stride * stride,
            top=self.top + top * self.stride,
            left=self.left + left * self.stride,
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
        self.maps = _pooled(self._steps, [one.name for one in model.graph.input], self._constants)

    def evidence(
        self, images: Mapping[str, torch.Tensor], score: Callable[[torch.Tensor], torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Return map -> (N, h, w): what each cell adds to a score of the probabilities, as far as a gradient can say.

        The gradient of the score with respect to the map, times how far the map lies from its mean, summed over C.
        It comes through the map's own pooling and through all later maps.

        Parameters
        ----------
        images
            Input -> (N, H, W, 3).
        score
            (N, K) probabilities -> a scalar.
        """
        values = {**self._constants, **images}
        maps: dict[str, torch.Tensor] = {}
        for step in self._steps:
            with torch.set_grad_enabled(bool(maps)):  # nothing before the first map needs a gradient
                value = OPERATORS[step.kind](step.attributes, *(values[name] for name in step.inputs))
            if step.output in self.maps:
                maps[step.output] = value if value.requires_grad else value.requires_grad_()
            values[step.output] = value
            for name in step.done_with:
                del values[name]
        found = torch.autograd.grad(score(values["probabilities"]), list(maps.values()))
        with torch.no_grad():
            return {
                name: (gradient * (map_ - map_.mean((2, 3), keepdim=True))).sum(1)
                for (name, map_), gradient in zip(maps.items(), found, strict=True)
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


def _pooled(steps: list[Step], inputs: list[str], constants: Mapping[str, torch.Tensor]) -> dict[str, Grid]:
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
            grids[step.output] = _moved(grid, step, constants)
    return found


def _moved(grid: Grid, step: Step, constants: Mapping[str, torch.Tensor]) -> Grid:
    """Return the grid of what an operator makes of one."""
    if step.kind == "Slice":
        return replace(grid, reversed_axes=tuple(constants[step.inputs[AXES]].tolist()))
    a = step.attributes
    return grid.after(a["kernel_shape"], a["pads"], a["strides"][0]) if step.kind == "Conv" else grid
