"""Shapes for the drawn heads: a pose, windows onto the canvas, and signed distances.

Legend: ``u, v`` are head coordinates (u to the head's left ear as we look at it, v down, the centre between
the cheeks is 0, 0), in px of a head drawn at scale 1; signed distances are in the same px and negative
inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Window:
    """A piece of the canvas seen in head coordinates.

    Attributes
    ----------
    rows, columns
        Where it lies on the canvas.
    u, v
        float32, shape (rows, columns).
    """

    rows: slice
    columns: slice
    u: np.ndarray
    v: np.ndarray


@dataclass(frozen=True)
class Pose:
    """Where a head is and how it is turned.

    Attributes
    ----------
    x, y
        Its centre on the canvas, in px.
    scale
        Size; 1 is a head about 210 px wide.
    angle
        Rotation in radians, clockwise as seen.
    size_px
        Height and width of the canvas.
    """

    x: float
    y: float
    scale: float
    angle: float
    size_px: int

    def window(self, u: float, v: float, reach: float) -> Window:
        """Return the part of the canvas around a point of the head.

        Parameters
        ----------
        u, v
            The point, in head coordinates.
        reach
            How far the window must reach on every side, in px at scale 1.

        Returns
        -------
        Window
        """
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        x = self.x + self.scale * (cos * u - sin * v)
        y = self.y + self.scale * (sin * u + cos * v)
        half = reach * self.scale + 2.0
        rows, columns = (
            slice(int(np.clip(c - half, 0, self.size_px)), int(np.clip(c + half + 1, 0, self.size_px)))
            for c in (y, x)
        )
        dx = (np.arange(columns.start, columns.stop, dtype=np.float32) - np.float32(self.x))[None, :]
        dy = (np.arange(rows.start, rows.stop, dtype=np.float32) - np.float32(self.y))[:, None]
        cos, sin = np.float32(cos / self.scale), np.float32(sin / self.scale)
        return Window(rows, columns, cos * dx + sin * dy, cos * dy - sin * dx)


def ellipse(u: np.ndarray, v: np.ndarray, half_u: float, half_v: float) -> np.ndarray:
    """Return the signed distance to an ellipse around the origin (close to exact near its outline)."""
    pu, pv = u / np.float32(half_u), v / np.float32(half_v)
    reach = np.sqrt(pu * pu + pv * pv)
    slope = np.sqrt((pu / np.float32(half_u)) ** 2 + (pv / np.float32(half_v)) ** 2)
    return reach * (reach - 1.0) / np.maximum(slope, 1e-6)


def triangle(u: np.ndarray, v: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Return the exact signed distance to a triangle, corners (3, 2) in the order that turns clockwise."""
    nearest = np.full(u.shape, np.inf, np.float32)
    inside = np.ones(u.shape, bool)
    for k in range(3):
        a, edge = corners[k], corners[(k + 1) % 3] - corners[k]
        pu, pv = u - np.float32(a[0]), v - np.float32(a[1])
        along = np.clip((pu * np.float32(edge[0]) + pv * np.float32(edge[1])) / np.float32(edge @ edge), 0, 1)
        du, dv = pu - along * np.float32(edge[0]), pv - along * np.float32(edge[1])
        nearest = np.minimum(nearest, du * du + dv * dv)
        inside &= pv * np.float32(edge[0]) - pu * np.float32(edge[1]) >= 0
    return np.where(inside, -1.0, 1.0).astype(np.float32) * np.sqrt(nearest)


def turned(u: np.ndarray, v: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Return coordinates along and across axes turned by an angle in radians."""
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return cos * u + sin * v, cos * v - sin * u
