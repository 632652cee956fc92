"""A torch network -> ONNX, by torch's own exporter, and the proof that both give the same features.

N pictures, H x W px, D features.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import torch
from torch import nn

from tellapart.backbones.entry import refuse_large
from tellapart.backbones.features import session
from tellapart.backbones.graph import OPSET
from tellapart.errors import OptionError

TOLERANCE = 1e-3  # absolute or relative; float32 in another order of summation stays some hundred times below


@dataclass(frozen=True)
class Exported:
    """A network as ONNX.

    Attributes
    ----------
    model
        float (N, 3, H, W) -> (N, D), opset as of `graph.py`.
    width
        D.
    any_size
        Whether H and W are free multiples of what was asked for; else they are the side it was exported at.
    """

    model: onnx.ModelProto
    width: int
    any_size: bool


def export(net: nn.Module, side: int, multiple: int, *, fixed: bool, name: str) -> Exported:
    """Export a network; for pictures of any size where that works, else for one size.

    Parameters
    ----------
    net
        float (N, 3, H, W) -> (N, D), in evaluation mode.
    side
        Of the squares it was trained on, px.
    multiple
        What sides are multiples of, px.
    fixed
        Whether it is known to take no other size.
    name
        For messages.

    Raises
    ------
    OptionError
        It cannot be exported, what was exported gives other features, or it is too large.
    """
    refuse_large(sum(p.numel() * p.element_size() for p in net.parameters()), name)
    square, oblong = (side, side), (side, side + 2 * multiple)
    if not fixed:
        # A network that does not take another size says so here, or its graph is found wrong: both are no fault.
        with contextlib.suppress(Exception):
            return _exported(net, oblong, (square, oblong, (side + multiple, side)), any_size=True)
    try:
        return _exported(net, square, (square,), any_size=False)
    except Exception as error:  # the exporter raises many kinds: all mean one thing here
        raise OptionError(
            "A network that torch can write as ONNX was expected.",
            found=f"{type(error).__name__}: {(str(error).strip() or 'no word').splitlines()[0][:300]}",
            where=name,
            advice="take another network; efficientnet-lite0 is built in",
        ) from error


def _exported(
    net: nn.Module, size: tuple[int, int], checked: Sequence[tuple[int, int]], *, any_size: bool
) -> Exported:
    free = torch.export.Dim.DYNAMIC
    shape = {0: free, 2: free, 3: free} if any_size else {0: free}
    with quiet(), torch.no_grad():
        sample = _noise(2, size)
        width = net(sample).shape[1]
        program = torch.onnx.export(
            net, (sample,), dynamo=True, opset_version=OPSET, dynamic_shapes=(shape,), verbose=False
        )
    assert program is not None  # noqa: S101 - for the type checker: only the old exporter returns None
    model = program.model_proto
    _forget_origin(model)
    _check_agreement(net, model, checked)
    return Exported(model, width, any_size)


def _forget_origin(model: onnx.ModelProto) -> None:
    """Drop what the exporter notes of its own run: lines of code and folders of this machine."""
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""


def _check_agreement(net: nn.Module, model: onnx.ModelProto, sizes: Sequence[tuple[int, int]]) -> None:
    engine = session(model)
    entry = engine.get_inputs()[0].name
    for count, size in enumerate(sizes, 1):
        x = _noise(count, size)
        with torch.no_grad():
            expected = net(x).numpy()
        found = engine.run(None, {entry: x.numpy()})[0]
        if not np.allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE):
            raise ValueError(f"the exported graph is off by {np.abs(found - expected).max():.3g}")


def _noise(count: int, size: tuple[int, int]) -> torch.Tensor:
    return torch.randn((count, 3, *size), generator=torch.Generator().manual_seed(0))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what libraries warn their developers of from the user."""
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        exporter.setLevel(level)
