"""Any ONNX file as a backbone: one input of RGB pictures, rows or maps of floats out.

Loading it runs no code of its own: it may hold the operators of the ONNX standard and nothing else.
N pictures, H x W px, D features, C channels.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnx.checker
import onnx.inliner
import onnx.version_converter
from onnx import TensorProto

from tellapart.backbones.entry import (
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    Entry,
    refuse_large,
    with_entry,
)
from tellapart.backbones.features import Backbone, session, write_pooled
from tellapart.backbones.graph import OPSET, Graph
from tellapart.backbones.licence import licence_of_card
from tellapart.errors import OptionError

SIDE, MULTIPLE = 224, 32  # px, where the file leaves the size free: what most networks were trained at
TOLERANCE = 1e-3  # between the file itself and what is made of it, absolute or relative
RANGES = {"NominalRange_0_255": (0.0, 1 / 255), "Normalized_0_1": (0.0, 1.0), "Normalized_1_1": (0.5, 0.5)}
"""Mean and deviation, of pixels from 0 to 1, that give what ONNX's own `Image.NominalPixelRange` names."""


@dataclass(frozen=True)
class _Input:
    """The image input: its name, whether floats, whether channels come last, and H and W where they are fixed."""

    name: str
    floats: bool
    channels_last: bool
    fixed_px: tuple[int, int] | None

    @property
    def size(self) -> tuple[int, int]:
        return self.fixed_px or (SIDE, SIDE)


def load_onnx(file: Path) -> Backbone:
    """Make a backbone of an ONNX file.

    Parameters
    ----------
    file
        One input of 3 channels, float or uint8, (N, 3, H, W) or (N, H, W, 3). Of its float outputs the last of shape
        (N, D) is taken, else the last map, pooled.

    Raises
    ------
    OptionError
        It is damaged, its external data are missing, it has operators outside the ONNX standard, or it does not fit.
    """
    original = _read(file)
    model = _standard(original, file)
    taken = _find_input(model, file)
    facts = {one.key: one.value for one in model.metadata_props}
    entry, words = _entry(taken, facts, file)
    pictures = np.random.default_rng(0).integers(0, 256, (2, *taken.size, 3), dtype=np.uint8)
    rows = _outputs(original, taken, [entry.apply(pictures[i : i + 1]) for i in (0, 1)], file)
    output = _choose_output(rows, file)
    made, embedding = _made(model, taken, output, rows[output], entry)
    _check_agreement(made, pictures, rows[output], taken, file)
    width = made.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    return Backbone(
        name=file.name,
        source=f"the file {file.name} (sha256 {hashlib.sha256(file.read_bytes()).hexdigest()[:16]}), "
        f"output {output!r}, {words}",
        licence=facts.get("license") or facts.get("licence") or licence_of_card(file.parent),
        model=made,
        area_px=taken.size[0] * taken.size[1],
        multiple=MULTIPLE,
        embedding=embedding,
        deepest=width,
        fixed_px=taken.fixed_px,
    )


def _refusal(found: str, file: Path, advice: str) -> OptionError:
    return OptionError(
        "An ONNX file with one input of RGB pictures and an output of floats was expected.",
        found=found,
        where=str(file),
        advice=advice,
    )


def _said(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]


def _read(file: Path) -> onnx.ModelProto:
    """Read the file with its external data, and see that it is whole."""
    if not file.is_file():
        raise _refusal("no such file", file, "look at the path")
    refuse_large(file.stat().st_size, str(file))
    try:
        model = onnx.load(file, load_external_data=False)
    except Exception as error:  # protobuf raises kinds of its own on what it cannot parse
        raise _refusal(
            f"a file that cannot be read as ONNX ({type(error).__name__})",
            file,
            "it is damaged; fetch it again",
        ) from error
    try:
        onnx.load_external_data_for_model(model, str(file.parent))
    except Exception as error:  # missing, cut short, or pointing out of the folder
        raise _refusal(
            f"weights in another file that cannot be read: {_said(error)}",
            file,
            "put the .data file that belongs to it beside it, or export it again as one file",
        ) from error
    refuse_large(sum(len(one.raw_data) for one in model.graph.initializer), str(file))
    try:
        onnx.checker.check_model(model)
    except Exception as error:  # ValidationError, and others on damaged fields
        raise _refusal(
            f"a graph that the ONNX checker refuses: {_said(error)}", file, "it is damaged; export it again"
        ) from error
    return model


def _standard(model: onnx.ModelProto, file: Path) -> onnx.ModelProto:
    """Return the model in the opset of `graph.py`, functions written out, with operators of the standard only."""
    plain = onnx.inliner.inline_local_functions(model) if model.functions else model
    foreign = sorted(
        {f"{n.domain}.{n.op_type}" for n in _nodes(plain.graph) if n.domain not in ("", "ai.onnx")}
    )
    if foreign:
        raise _refusal(
            f"operators outside the ONNX standard: {', '.join(foreign[:5])}",
            file,
            "export it again without custom or vendor operators, and before it is optimised for one runtime",
        )
    version = max(one.version for one in plain.opset_import if one.domain in ("", "ai.onnx"))
    if version == OPSET:
        return plain
    try:
        return onnx.version_converter.convert_version(plain, OPSET)
    except Exception as error:  # the converter knows most operators, not all, and raises many kinds
        raise _refusal(
            f"operators of opset {version} that cannot be rewritten in opset {OPSET}: {_said(error)}",
            file,
            f"export it again with opset_version={OPSET}",
        ) from error


def _nodes(graph: onnx.GraphProto) -> Iterable[onnx.NodeProto]:
    """Yield the nodes of a graph and of those inside it."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def _find_input(model: onnx.ModelProto, file: Path) -> _Input:
    constants = {one.name for one in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in constants]
    advice = "export the part of the network that takes a batch of RGB pictures, float or uint8"
    if len(inputs) != 1:
        raise _refusal(f"{len(inputs)} inputs: {', '.join(one.name for one in inputs)}", file, advice)
    tensor = inputs[0].type.tensor_type
    shape = [dim.dim_value or None for dim in tensor.shape.dim]
    words = " x ".join(str(size or "?") for size in shape) or "no known shape"
    name = f"the input {inputs[0].name!r} of {TensorProto.DataType.Name(tensor.elem_type)} {words}"
    if len(shape) != 4 or tensor.elem_type not in (TensorProto.FLOAT, TensorProto.UINT8):
        raise _refusal(f"{name}, no pictures", file, advice)
    last = shape[3] == 3 and shape[1] != 3
    if not last and shape[1] != 3:
        raise _refusal(f"{name}, not 3 channels", file, advice)
    sides = shape[1:3] if last else shape[2:4]
    if sides.count(None) == 1:
        raise _refusal(f"{name}: one side fixed, one free", file, "export it with both fixed or both free")
    height, width = sides
    fixed = None if height is None or width is None else (height, width)
    return _Input(inputs[0].name, tensor.elem_type == TensorProto.FLOAT, last, fixed)


def _entry(taken: _Input, facts: dict[str, str], file: Path) -> tuple[Entry, str]:
    """Return how pixels become the input, and the same in words."""
    if not taken.floats:
        return Entry(None, None, taken.channels_last), "which takes the pixels as they are"
    named = [facts.get(key, facts.get(f"image_{key}")) for key in ("mean", "std")]
    if all(named):
        try:
            mean, deviation = (tuple(float(x) for x in json.loads(str(text))) for text in named)
        except (ValueError, TypeError):
            mean = deviation = ()
        if len(mean) != 3 or len(deviation) != 3 or 0.0 in deviation:
            raise _refusal(
                f"metadata mean {named[0]} and std {named[1]}",
                file,
                "write three numbers each, as in [0.485, 0.456, 0.406], of pixels from 0 to 1",
            )
        words = "scaled as its metadata says"
    elif facts.get("Image.NominalPixelRange") in RANGES:
        centre, spread = RANGES[facts["Image.NominalPixelRange"]]
        mean, deviation, words = (centre,) * 3, (spread,) * 3, "scaled as its metadata says"
    else:
        mean, deviation = IMAGENET_MEAN, IMAGENET_DEVIATION
        words = "ImageNet's scaling assumed, since its metadata name none"
    say = [", ".join(f"{x:.4g}" for x in numbers) for numbers in (mean, deviation)]
    entry = Entry.normalising(mean, deviation, channels_last=taken.channels_last)
    if facts.get("Image.BitmapPixelFormat", "").startswith("Bgr"):
        assert entry.weight_33 is not None  # noqa: S101 - for the type checker
        swapped = Entry(entry.weight_33[:, ::-1], entry.bias_3, entry.channels_last)
        return swapped, f"{words}: BGR, mean {say[0]}, deviation {say[1]}"
    return entry, f"{words}: mean {say[0]}, deviation {say[1]}"


def _outputs(
    model: onnx.ModelProto, taken: _Input, inputs: list[np.ndarray], file: Path
) -> dict[str, np.ndarray]:
    """Run the file as it is, picture by picture (many take one at a time only); return all outputs by name."""
    try:
        engine = session(model)
        names = [one.name for one in engine.get_outputs()]
        found = [engine.run(None, {taken.name: x}) for x in inputs]
    except Exception as error:  # ONNX Runtime raises many kinds: all mean one thing here
        height, width = taken.size
        raise _refusal(
            f"a graph that does not run on one picture of {height} x {width} px: {_said(error)}",
            file,
            "export it with the size of picture that it takes written in its input",
        ) from error
    return {name: np.concatenate(rows) for name, *rows in zip(names, *found, strict=True) if rows[0].ndim}


def _choose_output(rows: dict[str, np.ndarray], file: Path) -> str:
    fitting = [
        name for dimensions in (2, 4) for name, found in reversed(rows.items())
        if found.ndim == dimensions and found.dtype == np.float32 and len(found) == 2
    ]  # fmt: skip
    if not fitting:
        shapes = ", ".join(f"{name} {found.dtype} {found.shape[1:]}" for name, found in rows.items())
        raise _refusal(
            f"no output of floats (N, D) or (N, C, h, w), but {shapes or 'none'}",
            file,
            "export the network up to its pooled features or its last map",
        )
    if not np.isfinite(rows[fitting[0]]).all():
        raise _refusal(
            f"an output {fitting[0]!r} that is not finite for random pictures",
            file,
            "it is damaged, or its input is scaled in another way: write mean and std into its metadata",
        )
    return fitting[0]


def _made(
    model: onnx.ModelProto, taken: _Input, output: str, rows: np.ndarray, entry: Entry
) -> tuple[onnx.ModelProto, int]:
    """Return the backbone's graph, and how many of its last columns are the usual embedding."""
    inner = onnx.ModelProto()
    inner.CopyFrom(model)
    kept = next(one for one in model.graph.output if one.name == output)
    del inner.graph.output[:]
    inner.graph.output.append(kept)
    # Shapes noted for one picture at a time would contradict a batch; they are found again on loading.
    del inner.graph.value_info[:]
    if rows.ndim == 2:
        return with_entry("file", inner, entry, rows.shape[1]), rows.shape[1]
    last = taken.channels_last
    channels = rows.shape[3 if last else 1]

    def pooled(graph: Graph, maps: str) -> str:
        return write_pooled(graph, [graph.op("Transpose", maps, perm=[0, 3, 1, 2]) if last else maps])

    return with_entry("file", inner, entry, 3 * channels, pooled), channels


def _check_agreement(
    made: onnx.ModelProto, pictures: np.ndarray, rows: np.ndarray, taken: _Input, file: Path
) -> None:
    """See that a batch gives what the file gives one by one, and that other sizes are taken where they are free."""
    channel = 3 if taken.channels_last else 1
    expected = rows if rows.ndim == 2 else rows.mean(tuple(a for a in (1, 2, 3) if a != channel))
    try:
        engine = session(made)
        found = engine.run(None, {"images": pictures})[0][:, -expected.shape[1] :]
        if taken.fixed_px is None:
            engine.run(None, {"images": pictures[:1, :, : SIDE - MULTIPLE]})
    except Exception as error:  # ONNX Runtime raises many kinds: all mean one thing here
        raise _refusal(
            f"a graph that takes one picture at a time, or not every size: {_said(error)}",
            file,
            "export it with a free batch size (dynamic_shapes), and the picture's sides free or fixed as they are",
        ) from error
    if not np.allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE):
        raise _refusal(
            f"a graph whose rows for a batch are off by {np.abs(found - expected).max():.3g} from those one by one",
            file,
            "export it with a free batch size (dynamic_shapes), in evaluation mode",
        )
