"""Methods of old Keras's networks: what fits, judges and predicts, as Keras does it today."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.edits.bindings import dotted

from .library import Library
from .network import one_output
from .old_names import Words, until_it_stays

METHODS = {
    "fit_generator": ("fit", ("x", "steps_per_epoch", "epochs", "verbose", "callbacks", "validation_data",
                              "validation_steps", "validation_freq", "class_weight")),
    "evaluate_generator": ("evaluate", ("x", "steps", "callbacks")),
    "predict_generator": ("predict", ("x", "steps", "callbacks")),
}  # fmt: skip
"""What a method is now, and what its arguments without names are."""
RENAMED = {"generator": "x", "nb_epoch": "epochs"}
COUNTED = {
    "samples_per_epoch": "steps_per_epoch",
    "nb_val_samples": "validation_steps",
    "val_samples": "steps",
}
"""Pictures then, batches now."""
LEFT_OUT = (
    "workers", "use_multiprocessing", "pickle_safe", "nb_worker", "max_queue_size", "max_q_size", "show_accuracy",
    "wait_for_data",
)  # fmt: skip
FLOWS = ("flow", "flow_from_directory", "flow_from_dataframe")


def with_modern_training(text: str) -> tuple[str, Words]:
    """Return the program with methods that the installed Keras has, and what was changed."""
    return until_it_stays(text, _once)


def _once(text: str) -> tuple[str, Words]:
    library = Library(text)
    words: list[str] = []
    for call in library.methods(*METHODS, "fit", "evaluate", "predict"):
        words += _training(library, call)
    for call in library.methods("predict_classes", "predict_proba"):
        words += _classes(library, call)
    return library.text(), tuple(words)


def _training(library: Library, call: cst.Call) -> Iterator[str]:
    assert isinstance(call.func, cst.Attribute)  # noqa: S101 - Library.methods yields no others
    old = call.func.attr.value
    generator = library.argument(call, "generator", 0) or library.argument(call, "x", 0)
    if old in METHODS:
        name, places = METHODS[old]
        library.replace(call.func.attr, name)
        plain = [one for one in call.args if one.keyword is None and not one.star]
        in_pictures = library.keyword(call, "nb_epoch") is not None
        for place, one in enumerate(plain):
            if place == 1 and in_pictures:  # what is second without a name goes with the names of that time
                library.replace(one.value, f"steps_per_epoch={_batches(library, one, generator)}")
            elif 0 < place < len(places):
                library.wrap(one.value, f"{places[place]}=", "")
        yield f"Keras 3 has no {old}: {name} takes generators"
    for before, now in RENAMED.items():
        if library.rename_keyword(call, before, now):
            yield f"Keras 3 calls the argument {before} {now}"
    for before, now in COUNTED.items():
        given = library.keyword(call, before)
        if given is None or given.keyword is None:
            continue
        of = generator if before != "nb_val_samples" else library.argument(call, "validation_data")
        library.replace(given.keyword, now)
        library.replace(given.value, _batches(library, given, of))
        yield f"{before} counted pictures: Keras 3's {now} counts batches"
    for name in LEFT_OUT:
        if library.drop_argument(call, name):
            yield f"Keras 3's {METHODS.get(old, (old,))[0]} has no {name}: it was left out"
            return  # two neighbours cannot be taken out at once; the next round takes the other


def _batches(library: Library, given: cst.Arg, generator: cst.Arg | None) -> str:
    """Return how many batches of a generator so many pictures are."""
    value = given.value
    count = library.code(value)
    tight = isinstance(value, (cst.Name, cst.Integer, cst.Attribute, cst.Call)) or value.lpar
    count = count if tight else f"({count})"
    named = generator is not None and isinstance(generator.value, (cst.Name, cst.Attribute))
    size = f"{library.code(generator.value)}.batch_size" if named and _has_size(library, generator) else "32"  # type: ignore[union-attr]
    return f"max(1, {count} // {size})"


def _has_size(library: Library, generator: cst.Arg | None) -> bool:
    """Say whether a generator knows its batch size: one of Keras's own does, and what is completed does."""
    name = dotted(generator.value) if generator is not None else ""
    made = [
        node.value
        for node in library.nodes(cst.Assign)
        if any(library.code(t.target) == name for t in node.targets)
    ]
    return all(
        isinstance(one, cst.Call) and library.code(one.func).rpartition(".")[2] in FLOWS for one in made
    )


def _classes(library: Library, call: cst.Call) -> Iterator[str]:
    assert isinstance(call.func, cst.Attribute)  # noqa: S101 - Library.methods yields no others
    old = call.func.attr.value
    library.replace(call.func.attr, "predict")
    if old == "predict_classes":
        # Of a single unit a class is a question of a half, not of the largest.
        half, largest = ("(", ' > 0.5).astype("int32")'), ("", ".argmax(axis=-1)")
        library.wrap(call, *(half if one_output(library.script) else largest))
    yield f"Keras 3 has no {old}: it is read from predict"
