"""What prediction does to a decoded picture before the network sees it, as ONNX operators.

The same steps with the same numbers as `pictures.decode` (the reduction) and `pictures.view` (the view), which say why;
tests hold the two against each other. Pictures are uint8 (N, H, W, 3); sides are int64 scalars.
"""

from __future__ import annotations

import math

from tellapart.backbones.graph import Graph
from tellapart.deploy.export.resizing import (
    HEIGHT,
    WIDTH,
    as_real,
    as_whole,
    hamming,
    length,
    real,
    triangle,
    whole,
    write_resize,
)
from tellapart.pictures.decode import STORE_SIDE
from tellapart.pictures.view import SQUEEZED, View


def write_reduction(graph: Graph, images: str) -> str:
    """Write the reduction to at most `STORE_SIDE` px: `decode` for a picture that a file holds at its full size."""
    height, width = length(graph, images, HEIGHT), length(graph, images, WIDTH)
    longest = graph.op("Max", height, width)
    scale = graph.op("Div", real(graph, STORE_SIDE), as_real(graph, longest))
    scale = graph.op("Min", scale, real(graph, 1))
    new_height, new_width = (
        _rounded(graph, graph.op("Mul", as_real(graph, side), scale)) for side in (height, width)
    )
    return write_resize(graph, images, new_height, new_width, hamming)


def write_view(graph: Graph, images: str, view: View) -> str:
    """Write `View.apply`."""
    return _area(graph, images, view) if view.kind == "area" else _canvas(graph, images, view)


def _area(graph: Graph, images: str, view: View) -> str:
    height, width = (as_real(graph, length(graph, images, axis)) for axis in (HEIGHT, WIDTH))
    aspect = graph.op("Max", graph.op("Div", height, width), real(graph, 1 / SQUEEZED))
    root = graph.op("Sqrt", graph.op("Min", aspect, real(graph, SQUEEZED)))
    side, multiple = real(graph, math.sqrt(view.height * view.width)), real(graph, view.multiple)
    sides = []
    for px in (graph.op("Mul", side, root), graph.op("Div", side, root)):
        count = _rounded(graph, graph.op("Div", px, multiple))
        sides.append(graph.op("Mul", count, whole(graph, view.multiple)))
    return write_resize(graph, images, sides[0], sides[1], triangle)


def _canvas(graph: Graph, images: str, view: View) -> str:
    bounds = {HEIGHT: view.height, WIDTH: view.width}
    sides = {axis: as_real(graph, length(graph, images, axis)) for axis in bounds}
    scale = graph.op("Min", *(graph.op("Div", real(graph, bounds[axis]), sides[axis]) for axis in bounds))
    fitted = {
        axis: graph.op(
            "Min", _rounded(graph, graph.op("Mul", sides[axis], scale)), whole(graph, bounds[axis])
        )
        for axis in bounds
    }
    images = write_resize(graph, images, fitted[HEIGHT], fitted[WIDTH], triangle)
    for axis, bound in bounds.items():
        images = _padded(graph, images, axis, fitted[axis], bound)
    return images


def _padded(graph: Graph, images: str, axis: int, side: str, bound: int) -> str:
    """Fill up to `bound` px along an axis by repeating the edge; the odd pixel stands behind."""
    before = graph.op("Div", graph.op("Sub", whole(graph, bound), side), whole(graph, 2))
    places = graph.op("Range", whole(graph, 0), whole(graph, bound), whole(graph, 1))
    inner = graph.op("Max", graph.op("Sub", places, before), whole(graph, 0))
    inner = graph.op("Min", inner, graph.op("Sub", side, whole(graph, 1)))
    return graph.op("Gather", images, inner, axis=axis)


def _rounded(graph: Graph, px: str) -> str:
    """Return the nearest whole number from one on; halves go to the even one, as in Python."""
    return graph.op("Max", as_whole(graph, graph.op("Round", px)), whole(graph, 1))
