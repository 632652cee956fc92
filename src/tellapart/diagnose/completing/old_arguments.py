"""Arguments of old Keras: of layers, optimisers, networks and callbacks, called as Keras calls them today."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.edits.bindings import literal_number

from .installed import keras_names
from .library import Library
from .old_names import Words, until_it_stays

LAYERS = {
    "b_constraint": "bias_constraint", "b_regularizer": "bias_regularizer", "bias": "use_bias",
    "border_mode": "padding", "dim_ordering": "data_format", "init": "kernel_initializer", "nb_filter": "filters",
    "output_dim": "units", "subsample": "strides", "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
}  # fmt: skip
OF_ONE_LAYER = {("Dropout", "p"): "rate", ("LeakyReLU", "alpha"): "negative_slope"}
CONVOLUTIONS = ("Conv2D", "Convolution2D")
INITIALISERS = {"normal": "random_normal", "uniform": "random_uniform"}
ORDERINGS = {"tf": "channels_last", "th": "channels_first"}
OPTIMISER_LEFTOVERS = ("schedule_decay",)
RATE_CHANGERS = ("ReduceLROnPlateau", "LearningRateScheduler")


def with_modern_arguments(text: str) -> tuple[str, Words]:
    """Return the program with arguments that the installed Keras takes, and what was renamed."""
    return until_it_stays(text, _once)


def _once(text: str) -> tuple[str, Words]:
    library = Library(text)
    words: list[str] = []
    for call in library.nodes(cst.Call):
        layer = library.of_keras(call, "layers")
        if layer in keras_names("layers"):
            words += _layer(library, call, layer)
        elif library.of_keras(call, "optimizers") in keras_names("optimizers"):
            words += _optimiser(library, call)
        elif library.of_keras(call, "models") == "Model":
            words += _renamed(library, call, {"input": "inputs", "output": "outputs"})
        elif library.of_keras(call, "callbacks") == "ModelCheckpoint" and library.drop_argument(
            call, "period"
        ):
            words.append("Keras 3's ModelCheckpoint has no period: it was left out")
        elif (library.full(call.func)).endswith(".set_image_data_format") and call.args:
            words += _value(library, call.args[0], ORDERINGS)
    words += _rate_attributes(library)
    return library.text(), tuple(words)


def _renamed(library: Library, call: cst.Call, names: dict[str, str]) -> Iterator[str]:
    for old, new in names.items():
        if library.rename_keyword(call, old, new):
            yield f"Keras 3 calls the argument {old} {new}"


def _layer(library: Library, call: cst.Call, layer: str) -> Iterator[str]:
    names = LAYERS if layer != "Embedding" else {}
    yield from _renamed(
        library, call, names | {old: new for (of, old), new in OF_ONE_LAYER.items() if of == layer}
    )
    for keyword, values in (
        ("init", INITIALISERS),
        ("dim_ordering", ORDERINGS),
        ("kernel_initializer", INITIALISERS),
    ):
        given = library.keyword(call, keyword)
        if given is not None:
            yield from _value(library, given, values)
    if layer in CONVOLUTIONS:
        yield from _kernel(library, call)


def _value(library: Library, given: cst.Arg, values: dict[str, str]) -> Iterator[str]:
    value = str(given.value.evaluated_value) if isinstance(given.value, cst.SimpleString) else ""
    if value in values:
        library.replace(given.value, library.quoted(values[value]))
        yield f"Keras 3 calls {value!r} {values[value]!r}"


def _kernel(library: Library, call: cst.Call) -> Iterator[str]:
    """Join rows and columns of a kernel: ``Convolution2D(32, 3, 3)`` is ``Convolution2D(32, (3, 3))`` now."""
    plain = [one for one in call.args if one.keyword is None and not one.star]
    said = "Keras 3 takes the size of a kernel as a pair"
    rows, columns = library.keyword(call, "nb_row"), library.keyword(call, "nb_col")
    if len(plain) == 3 and not isinstance(plain[2].value, (cst.Tuple, cst.SimpleString)):
        library.wrap(plain[1].value, "(", "")
        library.wrap(plain[2].value, "", ")")
        yield said
    elif rows is not None and columns is not None:
        library.replace(rows, f"kernel_size=({library.code(rows.value)}, {library.code(columns.value)})")
        library.drop_argument(call, "nb_col")
        yield said


def _optimiser(library: Library, call: cst.Call) -> Iterator[str]:
    given = library.keyword(call, "lr")
    if library.rename_keyword(call, "lr", "learning_rate"):
        yield "Keras 3 calls the argument lr learning_rate"
    for name in OPTIMISER_LEFTOVERS:
        if library.drop_argument(call, name):
            yield f"Keras 3's optimisers have no {name}: it was left out"
            return  # two neighbours cannot be taken out at once; the next round takes the other
    epsilon = library.keyword(call, "epsilon")
    if epsilon is not None and library.code(epsilon.value) == "None":
        library.drop_argument(call, "epsilon")
        yield "Keras 3's epsilon cannot be None: its default was taken"
        return
    yield from _decay(library, call, given or library.argument(call, "learning_rate", 0))


def _decay(library: Library, call: cst.Call, rate: cst.Arg | None) -> Iterator[str]:
    """Write ``decay=`` as the schedule that it was: the rate divided by 1 + decay x steps."""
    decay = library.keyword(call, "decay")
    if decay is None:
        return
    library.drop_argument(call, "decay")
    if literal_number(decay.value) == 0:
        yield "Keras 3's optimisers have no decay: it was 0, and left out"
    elif rate is None or any(one in library.script for one in RATE_CHANGERS):
        yield "Keras 3's optimisers have no decay: it was left out"
    else:
        library.import_once("from keras.optimizers.schedules import InverseTimeDecay")
        library.wrap(
            rate.value, "InverseTimeDecay(", f", decay_steps=1, decay_rate={library.code(decay.value)})"
        )
        yield "Keras 3's optimisers have no decay: a schedule that does the same takes its place"


def _rate_attributes(library: Library) -> Iterator[str]:
    for node in library.nodes(cst.Attribute):
        of = node.value
        if node.attr.value == "lr" and isinstance(of, cst.Attribute) and of.attr.value == "optimizer":
            library.replace(node.attr, "learning_rate")
            yield "Keras 3 calls an optimiser's lr learning_rate"
