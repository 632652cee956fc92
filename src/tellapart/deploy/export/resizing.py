"""Pillow's resize as ONNX operators, bit for bit.

ONNX's own Resize has no Hamming filter, and rounds otherwise. This is what Pillow does (libImaging/Resample.c): along
the width, then along the height, every new pixel is a weighted sum of the old ones below its filter, in whole numbers
of 2**-22, rounded to uint8 after either pass. (Pillow 13 takes the height first where a picture is tall; a pixel then
differs by one or two in 255.) The sum runs tap by tap, so that memory grows with the picture only.
Pictures are uint8 (N, H, W, 3); `new` pixels along an axis of `old` ones.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper

from tellapart.backbones.graph import Graph

PRECISION_BITS = 22  # Pillow's: 32 bits less 8 of the pixel and 2 to spare
HEIGHT, WIDTH = 1, 2  # axes

Kernel = Callable[[Graph, str], str]
"""float64 distances, in pixels of the coarser side, one and more away without weight -> weights, not normalised."""


def triangle(graph: Graph, distance: str) -> str:
    """Write the kernel of `PIL.Image.Resampling.BILINEAR`."""
    rest = graph.op("Sub", real(graph, 1), graph.op("Abs", distance))
    return graph.op("Max", rest, real(graph, 0))


def hamming(graph: Graph, distance: str) -> str:
    """Write the kernel of `PIL.Image.Resampling.HAMMING`: sinc below a Hamming window."""
    size = graph.op("Abs", distance)
    angle = graph.op("Mul", size, real(graph, np.pi))
    sinc = graph.op("Div", graph.op("Sin", angle), angle)
    # The cosine by way of the sine: not every runtime has it in double precision.
    half = graph.op("Sin", graph.op("Mul", angle, real(graph, 0.5)))
    cosine = graph.op("Sub", real(graph, 1), graph.op("Mul", real(graph, 2), graph.op("Mul", half, half)))
    # Pillow's two constants are single precision.
    raised = graph.op("Mul", real(graph, np.float32(0.46)), cosine)
    window = graph.op("Add", real(graph, np.float32(0.54)), raised)
    weight = graph.op(
        "Where", graph.op("Less", size, real(graph, 1)), graph.op("Mul", sinc, window), real(graph, 0)
    )
    return graph.op("Where", graph.op("Equal", size, real(graph, 0)), real(graph, 1), weight)


def write_resize(graph: Graph, images: str, height: str, width: str, kernel: Kernel) -> str:
    """Write the resize of `images` to `height` x `width` px, two int64 scalars; return the name of the result."""
    return _along(graph, _along(graph, images, WIDTH, width, kernel), HEIGHT, height, kernel)


def real(graph: Graph, value: float | np.floating) -> str:
    """Add a float64 constant."""
    return graph.constant(np.array(value, dtype=np.float64))


def whole(graph: Graph, value: int) -> str:
    """Add an int64 constant."""
    return graph.constant(np.array(value, dtype=np.int64))


def as_real(graph: Graph, value: str) -> str:
    """Return a number as float64."""
    return graph.op("Cast", value, to=TensorProto.DOUBLE)


def as_whole(graph: Graph, value: str) -> str:
    """Return a number as int64, cut off towards zero."""
    return graph.op("Cast", value, to=TensorProto.INT64)


def length(graph: Graph, images: str, axis: int) -> str:
    """Return the pixels along an axis, an int64 scalar."""
    return graph.op("Squeeze", graph.op("Shape", images, start=axis, end=axis + 1))


def _along(graph: Graph, images: str, axis: int, new: str, kernel: Kernel) -> str:
    taps, positions, weights = _filter(graph, length(graph, images, axis), new, kernel)
    # (new, taps) -> (taps, new, 1...): what is right of the axis is broadcast.
    columns = graph.op("Transpose", weights, perm=[1, 0])
    columns = graph.op("Unsqueeze", columns, graph.constant(np.arange(2, 5 - axis, dtype=np.int64)))
    rows = graph.op("Transpose", positions, perm=[1, 0])
    half = graph.constant(np.full((1, 1, 1, 1), 1 << (PRECISION_BITS - 1), dtype=np.int32))
    always = graph.constant(np.array(True))
    body = _tap(f"{graph.name}_tap{len(graph.nodes)}", images, axis, rows, columns)
    summed = graph.op("Loop", taps, always, half, body=body)
    one = graph.constant(np.array(1 << PRECISION_BITS, dtype=np.int32))
    return graph.op("Cast", graph.op("Div", summed, one), to=TensorProto.UINT8)


def _filter(graph: Graph, old: str, new: str, kernel: Kernel) -> tuple[str, str, str]:
    """Return taps (), positions int64 (new, taps) of old pixels and weights int32 (new, taps)."""
    zero, half = real(graph, 0), real(graph, 0.5)
    scale = graph.op("Div", as_real(graph, old), as_real(graph, new))
    support = graph.op("Max", scale, real(graph, 1))
    taps = as_whole(graph, graph.op("Ceil", support))
    taps = graph.op("Add", graph.op("Mul", taps, whole(graph, 2)), whole(graph, 1))
    number = graph.op("Range", zero, as_real(graph, new), real(graph, 1))
    centre = graph.op("Mul", graph.op("Add", number, half), scale)
    first = as_whole(graph, graph.op("Add", graph.op("Sub", centre, support), half))
    first = graph.op("Max", first, whole(graph, 0))
    behind = as_whole(graph, graph.op("Add", graph.op("Add", centre, support), half))
    behind = graph.op("Min", behind, old)
    tap = graph.op("Range", whole(graph, 0), taps, whole(graph, 1))
    position = graph.op("Add", _column(graph, first), tap)
    offset = graph.op("Add", graph.op("Sub", as_real(graph, position), _column(graph, centre)), half)
    distance = graph.op("Mul", offset, graph.op("Div", real(graph, 1), support))
    inside = graph.op("Less", position, _column(graph, behind))
    weight = graph.op("Where", inside, kernel(graph, distance), zero)
    share = graph.op("Div", weight, graph.op("ReduceSum", weight, graph.constant(np.array([1])), keepdims=1))
    scaled = graph.op("Add", graph.op("Mul", share, real(graph, 1 << PRECISION_BITS)), half)
    last = graph.op("Sub", old, whole(graph, 1))
    return taps, graph.op("Min", position, last), graph.op("Cast", scaled, to=TensorProto.INT32)


def _column(graph: Graph, row: str) -> str:
    return graph.op("Unsqueeze", row, graph.constant(np.array([1])))


def _tap(name: str, images: str, axis: int, rows: str, columns: str) -> onnx.GraphProto:
    """Return the loop's body: total + weight * pixel, for one tap; names from outside the loop are seen inside."""
    body = Graph(name)
    tap, on, total = f"{name}_number", f"{name}_on", f"{name}_total"
    pixels = body.op("Gather", images, body.op("Gather", rows, tap, axis=0), axis=axis)
    pixels = body.op("Cast", pixels, to=TensorProto.INT32)
    weighted = body.op("Mul", pixels, body.op("Gather", columns, tap, axis=0))
    added, still = body.op("Add", total, weighted), body.op("Identity", on)
    return helper.make_graph(
        body.nodes,
        name,
        [
            helper.make_tensor_value_info(tap, TensorProto.INT64, []),
            helper.make_tensor_value_info(on, TensorProto.BOOL, []),
            helper.make_tensor_value_info(total, TensorProto.INT32, [None] * 4),
        ],
        [
            helper.make_tensor_value_info(still, TensorProto.BOOL, []),
            helper.make_tensor_value_info(added, TensorProto.INT32, [None] * 4),
        ],
        body.constants,
    )
