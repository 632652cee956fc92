"""Order of axes and colours, size of the pictures."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import DataPart, Layer
from tellapart.diagnose.reading.layers import GLOBAL_POOLINGS

from .axes import axes_moved
from .finding_training import layer_call
from .pictures_in_text import Text, change, training_at
from .registry import Asked, Edit, edit
from .sheet import word
from .written_sizes import resize

MOST_CHANNELS = 4


@edit("prep.channel_order")
def right_order(asked: Asked) -> Iterator[Edit | None]:
    """Bring axes or colours into the order that is meant."""
    position = asked.suspicion.position
    training = training_at(asked)
    first = next(
        (one for one in (training.model.layers if training and training.model else ()) if one.input_shape),
        None,
    )
    if first is not None and position in (None, first.position) and _channels_first(first):
        words = "The input shape has the channels last, as Keras expects."
        yield change(asked, words, lambda text: _channels_last(text, first))
    train = training.part("train") if training is not None else None
    for other in asked.program.parts:
        if train is not None and other.role != "train" and position in (None, other.position):
            words = "These pictures have their colours in the order of the training pictures."
            yield change(asked, words, lambda text, other=other: _same_reader(text, train, other))  # type: ignore[misc]
            yield change(asked, words, lambda text, other=other: _colours_turned(text, train, other))  # type: ignore[misc]
            yield change(asked, words, lambda text, other=other: colours_left(text, train, other))  # type: ignore[misc]
    lines = [one.position.line for one in (train.of("reshape") if train is not None else ())]
    if training is not None and training.framework == "keras":
        words = "The channels stay last, as Keras expects."
        yield change(asked, words, _axes_as_read)
    words = "The axes are moved where a reshape scrambled the pictures."
    yield change(asked, words, lambda text: axes_moved(text, lines))


CHANNELS_TO_FRONT = {
    "transpose": ("2,0,1", "(2,0,1)", "[2,0,1]"),
    "moveaxis": ("-1,0", "2,0"),
    "rollaxis": ("2", "2,0"),
}
"""Methods and functions, and the arguments with which they bring the channels to the front of a picture."""


def _axes_as_read(text: Text) -> bool:
    """Take away what brings the channels to the front."""
    found = False
    for call in text.nodes(cst.Call):
        name = word(call)
        if name not in CHANNELS_TO_FRONT:
            continue
        of_library = isinstance(call.func, cst.Attribute) and text.is_module(call.func.value)
        given = [text.code(one.value).replace(" ", "") for one in call.args[1 if of_library else 0 :]]
        if ",".join(given) in CHANNELS_TO_FRONT[name]:
            found = text.unwrap(call) or found
    return found


def _channels_first(layer: Layer) -> bool:
    shape = layer.input_shape or ()
    return len(shape) == 3 and _few(shape[0]) and not _few(shape[2])


def _few(axis: object) -> bool:
    return isinstance(axis, int) and axis <= MOST_CHANNELS


def _channels_last(text: Text, layer: Layer) -> bool:
    call = layer_call(text, layer) or text.call_at(layer.position)
    if call is None:
        return False
    argument = text.argument(call, "input_shape") or text.argument(call, "shape", 0)
    shape = text.resolve(argument.value) if argument is not None else None
    if not isinstance(shape, cst.Tuple) or len(shape.elements) != 3:
        return False
    one, two, three = (text.code(element.value) for element in shape.elements)
    text.replace(shape, f"({two}, {three}, {one})")
    return True


def _read_calls(text: Text, part: DataPart) -> list[cst.Call]:
    lines = [one.position for one in part.of("read")]
    return [call for call in text.calls("imread", "open", "load_img")
            if any(text.starts(call) == (one.line, one.column) for one in lines)]  # fmt: skip


def _same_reader(text: Text, train: DataPart, other: DataPart) -> bool:
    """Read ``np.array(Image.open(file))`` with OpenCV, where the training pictures are."""
    mine, theirs = _read_calls(text, other), _read_calls(text, train)
    if not mine or not theirs or text.api(theirs[0].func) != "cv2.imread" or not mine[0].args:
        return False
    inner: cst.CSTNode = mine[0]
    holder = text.parent(inner)
    if isinstance(holder, cst.Attribute) and holder.attr.value == "convert":
        inner = text.parent(holder) or inner
        holder = text.parent(inner)
    array = text.parent(holder) if isinstance(holder, cst.Arg) else None
    if (
        not isinstance(array, cst.Call)
        or text.what(array) not in ("array", "asarray")
        or len(array.args) != 1
    ):
        return False
    text.replace(array, f"{text.code(theirs[0].func)}({text.code(mine[0].args[0].value)})")
    return True


def _colours_turned(text: Text, train: DataPart, other: DataPart) -> bool:
    mine, theirs = _read_calls(text, other), _read_calls(text, train)
    if not mine or not theirs:
        return False
    read = mine[0]
    bgr = text.api(read.func) == "cv2.imread"
    if bgr == (text.api(theirs[0].func) == "cv2.imread"):
        return False
    if bgr:
        before = text.code(read.func).rpartition(".")[0]
        text.wrap(
            read, f"{before}.cvtColor(" if before else "cv2.cvtColor(", f", {before or 'cv2'}.COLOR_BGR2RGB)"
        )
        return True
    for call in text.calls("array", "asarray", "img_to_array"):
        start, end = text.span(call)
        if start <= text.span(read)[0] < end or _given_name(text, call, read):
            text.wrap(call, "", "[..., ::-1]")
            return True
    return False


def colours_left(text: Text, train: DataPart, other: DataPart) -> bool:
    """Leave out a ``[..., ::-1]`` that only one of the two parts goes through."""
    mine, theirs = (_scopes(text, each) for each in (other, train))
    turned = [
        one for one in text.nodes(cst.Subscript) if (text.scope(one) in mine) != (text.scope(one) in theirs)
    ]
    steps = [step for one in turned if (step := _reversal(text, one)) is not None]
    for step in steps:
        text.replace(step, ":")
    return bool(steps)


def _scopes(text: Text, part: DataPart) -> list[cst.CSTNode]:
    """Return the functions of the script in which pictures of a part are read."""
    found = [text.scope(one) for one in _read_calls(text, part)]
    return [one for one in found if one is not text.tree]


def _reversal(text: Text, node: cst.Subscript) -> cst.Slice | None:
    """Return the ``::-1`` of the last of three axes, or after an ellipsis."""
    axes = [one.slice for one in node.slice]
    last = axes[-1]
    after_ellipsis = (
        len(axes) == 2 and isinstance(axes[0], cst.Index) and isinstance(axes[0].value, cst.Ellipsis)
    )
    if not isinstance(last, cst.Slice) or not (after_ellipsis or len(axes) == 3):
        return None
    return last if "".join(text.code(last).split()) == "::-1" else None


def _given_name(text: Text, call: cst.Call, read: cst.Call) -> bool:
    return bool(call.args) and text.resolve(call.args[0].value) is read


@edit("prep.size_too_small")
def larger(asked: Asked) -> Iterator[Edit | None]:
    """Double the size of the pictures, wherever it is written."""
    training = training_at(asked)
    train = training.part("train") if training is not None else None
    if training is None or train is None or train.target_size is None:
        return
    model = training.model
    pooled = model is not None and any(one.kind in (*GLOBAL_POOLINGS, "Application") for one in model.layers)
    if model is None or (model.framework == "torch" and not pooled):
        return  # a fully connected layer counts on the size
    size = train.target_size
    words = f"The pictures are twice as large ({2 * size[0]} x {2 * size[1]} pixels)."
    yield change(asked, words, lambda text: resize(text, size, lambda side: 2 * side))
