"""Changes of a training batch that leave the label as it is; which do is decided on out-of-fold scores."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from tellapart.members.policy import Policy

ALL = slice(None)


def augment(
    images_NCHW: torch.Tensor, policy: Policy, generator: torch.Generator, own: slice = ALL
) -> torch.Tensor:
    """Return changed copies of a uint8 batch as float, 0 to 255; every picture gets its own change.

    Parameters
    ----------
    own
        The rows that are asked for; the changes are drawn for all, so that they do not depend on who asks.
    """
    drawn, (_, _, height, width) = len(images_NCHW), images_NCHW.shape
    x = images_NCHW[own].float()
    n = len(x)
    choose = lambda high: torch.randint(high, (drawn,), generator=generator)[own]  # noqa: E731 - for three uses
    if policy.mirror:
        x = torch.where(choose(2).view(n, 1, 1, 1).bool(), x.flip(3), x)
    if policy.turns:
        half = choose(2).view(n, 1, 1, 1).bool()
        x = torch.where(half, x.flip(2, 3), x)
        if height == width:
            quarter = choose(2).view(n, 1, 1, 1).bool()
            x = torch.where(quarter, x.transpose(2, 3).flip(3), x)
    if policy.tilt or policy.zoom:
        x = _tilted(x, policy, torch.rand((2, drawn), generator=generator)[:, own] * 2 - 1)
    rows, columns = int(height * policy.shift), int(width * policy.shift)
    if rows or columns:
        padded = functional.pad(x, (columns, columns, rows, rows), mode="replicate")
        down, right = choose(2 * rows + 1).tolist(), choose(2 * columns + 1).tolist()
        x = torch.stack(
            [p[:, d : d + height, r : r + width] for p, d, r in zip(padded, down, right, strict=True)]
        )
    if policy.light:
        light = torch.rand((2, drawn, 1, 1, 1), generator=generator)[:, own]
        factor, offset = (light * 2 - 1) * policy.light
        x = x * (1 + factor) + 128 * offset
    return x


def _tilted(x: torch.Tensor, policy: Policy, drawn_2n: torch.Tensor) -> torch.Tensor:
    """Rotate and zoom each picture about its middle, bilinear; pixels stay square whatever the picture's aspect.

    By as much of what the policy allows as `drawn_2n` says, each -1 to 1.
    """
    n, _, height, width = x.shape
    angle = drawn_2n[0] * torch.pi / 180 * policy.tilt
    # Logarithmic, so that twice as large and half as large are alike.
    scale = torch.exp(drawn_2n[1] * math.log1p(policy.zoom))
    cos, sin, aspect = torch.cos(angle) / scale, torch.sin(angle) / scale, width / height
    zero = torch.zeros(n)
    rows = torch.stack([cos, -sin / aspect, zero, sin * aspect, cos, zero], 1)
    grid = functional.affine_grid(rows.view(n, 2, 3), list(x.shape), align_corners=False)
    return functional.grid_sample(x, grid, padding_mode="border", align_corners=False)
