"""Maps from gradients: what the nets' maps add to the log-odds of a class, place by place.

Every member ends alike: maps, pooled over the picture (mean, maximum, deviation), and a linear head on what was pooled.
One pass forward, and one back to the first map that is pooled.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from PIL import Image

from tellapart.deploy.explain.in_torch import Grid, TorchModel
from tellapart.deploy.explain.scene import Scene

SMOOTH = 1 / 16
"""Of the map's longer side: cells are no sharper than that, and single ones would flicker."""


class Gradients:
    """The gradients of one model file.

    Raises
    ------
    NotImplementedError
        The model holds a network of others.
    """

    def __init__(self, file: Path | bytes) -> None:
        self._model = TorchModel(
            onnx.load_from_string(file if isinstance(file, bytes) else file.read_bytes())
        )

    def heat(self, scene: Scene, number: int, rows: int, columns: int) -> tuple[np.ndarray, float]:
        """Say what each place adds to the log-odds of class `number`.

        Within a member every map has an equal say, however large what it adds: deep maps add most and show the net's
        padding at the picture's corners, the first ones show every edge. Members count by what they add.
        Measured in docs/decisions/0011.

        Returns
        -------
        heat, whole
            (rows, columns) of the whole picture; and the sum of all parts without their signs, in log-odds, of the map
            of each member that adds most.
        """

        def score(probabilities: torch.Tensor) -> torch.Tensor:
            row = probabilities[0].clamp_min(1e-30).log()
            return row[number] - torch.cat([row[:number], row[number + 1 :]]).logsumexp(0)

        # copied: a picture may be read-only or turned, which PyTorch takes ill
        images = {name: torch.from_numpy(view[None].copy()) for name, view in scene.views.items()}
        members: dict[str, list[tuple[float, np.ndarray]]] = {}
        for name, added in self._model.evidence(images, score).items():
            cells, grid = added[0].numpy(), self._model.maps[name]
            if size := float(np.abs(cells).sum()):
                size_hw = scene.views[grid.source].shape[:2]
                heat = _on_picture(cells, grid, size_hw, scene.boxes[grid.source], rows, columns) / size
                members.setdefault(grid.source, []).append((size, heat))
        total, whole = np.zeros((rows, columns)), 0.0
        for maps in members.values():
            largest = max(size for size, _ in maps)
            total += largest * np.mean([heat for _, heat in maps], axis=0)
            whole += largest
        return _smoothed(total, max(1, round(SMOOTH * max(rows, columns)))), whole


def _on_picture(
    cells: np.ndarray,
    grid: Grid,
    view_hw: Sequence[int],
    box: tuple[int, int, int, int],
    rows: int,
    columns: int,
) -> np.ndarray:
    """Return a map of a view as one of the picture, which lies in `box`; coarse cells count for their area."""
    # In a reversed view the picture lies as far from the other edge, and is drawn the other way round.
    (height, width), (left, top, right, bottom) = view_hw, box
    if 1 in grid.reversed_axes:
        top, bottom = height - bottom, height - top
    if 2 in grid.reversed_axes:
        left, right = width - right, width - left
    place = (left, top, right, bottom)
    around = Image.fromarray(
        np.pad(cells, 1, mode="edge")
    )  # the outermost cells may lie further in than their area
    firsts, limits = (grid.left, grid.top) * 2, around.size * 2
    edges = ((edge - 0.5 - first) / grid.stride + 1.5 for edge, first in zip(place, firsts, strict=True))
    x0, y0, x1, y1 = (min(max(0.0, e), limit) for e, limit in zip(edges, limits, strict=True))
    resized = around.resize((columns, rows), Image.Resampling.BILINEAR, box=(x0, y0, x1, y1))
    heat = np.asarray(resized, dtype=np.float64) * (x1 - x0) * (y1 - y0) / (rows * columns)
    return np.flip(heat, tuple(axis - 1 for axis in grid.reversed_axes))


def _smoothed(heat: np.ndarray, width: int) -> np.ndarray:
    """Average over `width` places twice along both axes: a triangle."""
    kernel = np.convolve(np.full(width, 1 / width), np.full(width, 1 / width))
    edge = len(kernel) // 2
    for axis in (0, 1):
        padded = np.pad(heat, [(edge, edge) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        heat = np.apply_along_axis(np.convolve, axis, padded, kernel, mode="valid")
    return heat
