"""A `transformers` vision network -> one row of features per picture, from several depths.

N pictures, C channels, T tokens, h x w cells, D features.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

MOST_DEPTHS = 4  # the stages of a hierarchical network; as many, evenly spaced, of a plain one

Form = Literal["tokens", "map", "map, channels last"]


@dataclass(frozen=True)
class Layout:
    """What comes out of a network, found by running it once on a square.

    Attributes
    ----------
    inner
        The hidden states that are taken besides the last output.
    forms
        Of those and of the last output.
    special
        How many tokens stand before those of the picture: the class token, registers.
    multiple
        Side of what one token or cell of the last output stands for, px.
    embedding, deepest
        As of `Backbone`.
    """

    inner: tuple[int, ...]
    forms: tuple[Form, ...]
    special: int
    multiple: int
    embedding: int
    deepest: int


class Depths(nn.Module):
    """Pooled features: float (N, 3, H, W) -> (N, D), the usual embedding in the last columns.

    Maps give maximum, deviation and mean, as the embedded backbone's do. Tokens give deviation and mean: single
    tokens of large transformers hold values that say nothing of their place (Darcet et al. 2023, arXiv 2309.16588),
    and a maximum would pick those. The class token stands before the last mean.

    Parameters
    ----------
    net
        From `AutoModel`, in evaluation mode; takes `pixel_values`.
    side
        Of the squares it was trained on, px.

    Raises
    ------
    ValueError
        The network gives neither tokens nor maps.
    """

    def __init__(self, net: nn.Module, side: int) -> None:
        super().__init__()
        self.net = net
        known = inspect.signature(net.forward).parameters
        self.options = {"interpolate_pos_encoding": True} if "interpolate_pos_encoding" in known else {}
        with torch.no_grad():
            self.layout = self._look(side)

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """Return features of normalised pictures."""
        hidden, last = self._run(images_NCHW)
        *forms, form = self.layout.forms
        rows = [self._pool(hidden[i], inner) for i, inner in zip(self.layout.inner, forms, strict=True)]
        return torch.cat([*rows, self._pool(last, form, last=True)], 1)

    def _run(self, images_NCHW: torch.Tensor) -> tuple[Sequence[torch.Tensor], torch.Tensor]:
        outputs = self.net(
            pixel_values=images_NCHW, output_hidden_states=True, return_dict=True, **self.options
        )
        return outputs.get("hidden_states") or (), outputs["last_hidden_state"]

    def _look(self, side: int) -> Layout:
        hidden, last = self._run(torch.zeros(1, 3, side, side))
        form = _form(last)
        if form is None:
            raise ValueError(f"its last output has the shape {tuple(last.shape)}")
        # The first hidden state is the picture cut into patches, the last one the last output itself.
        inner = _evenly([i for i in range(1, len(hidden) - 1) if _form(hidden[i])], MOST_DEPTHS - 1)
        forms = tuple(found for x in (*(hidden[i] for i in inner), last) if (found := _form(x)))
        if form != "tokens":
            channels, cells = last.shape[1 if form == "map" else 3], last.shape[2]
            return Layout(inner, forms, 0, side // cells, channels, 3 * channels)
        # The picture was square: T is a square and, before it, a few special tokens.
        cells, channels = math.isqrt(last.shape[1]), last.shape[2]
        special = last.shape[1] - cells**2
        embedding = channels * (2 if special else 1)
        return Layout(inner, forms, special, side // cells, embedding, channels + embedding)

    def _pool(self, x: torch.Tensor, form: Form, *, last: bool = False) -> torch.Tensor:
        if form == "tokens":
            picture = x[:, self.layout.special :]
            first = [x[:, 0]] if last and self.layout.special else []
            return torch.cat([_deviation(picture, 1), *first, picture.mean(1)], 1)
        cells = x.flatten(2) if form == "map" else x.flatten(1, 2).transpose(1, 2)
        return torch.cat([cells.amax(2), _deviation(cells, 2), cells.mean(2)], 1)


def _form(x: torch.Tensor) -> Form | None:
    """Tell tokens (1, T, C), a map (1, C, h, h) and a map (1, h, h, C) apart."""
    if x.ndim == 3:
        return "tokens"
    if x.ndim != 4:
        return None
    return "map" if x.shape[2] == x.shape[3] else "map, channels last" if x.shape[1] == x.shape[2] else None


def _evenly(items: Sequence[int], most: int) -> tuple[int, ...]:
    """Take at most `most` of the items, evenly spaced between the first and what follows the last."""
    if len(items) <= most:
        return tuple(items)
    steps = len(items) + 1
    return tuple(items[round(steps * k / (most + 1)) - 1] for k in range(1, most + 1))


def _deviation(x: torch.Tensor, axis: int) -> torch.Tensor:
    centred = x - x.mean(axis, keepdim=True)
    return centred.square().mean(axis).clamp_min(1e-12).sqrt()
