"""``image_dataset_from_directory`` and what is chained to it, where TensorFlow, which they need, is missing."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from .installed import is_installed
from .library import Library
from .old_names import Words
from .renamed import GENERATORS, modern

READER = "image_dataset_from_directory"
CHAINED, TELLING = ("cache", "prefetch", "shuffle"), ("cache", "prefetch")
"""What only makes a data set faster, or mixes it as the generator does anyway; the last two no other object has."""
IRREPLACEABLE = ("map", "batch", "unbatch", "take", "skip", "filter", "repeat", "with_options", "enumerate")
"""What no generator of Keras does."""
KEPT = {
    "directory": 0,
    "batch_size": 5,
    "image_size": 6,
    "color_mode": 4,
    "shuffle": 7,
    "seed": 8,
    "subset": 10,
}
"""Arguments that a generator has too, and their places."""
SPLIT, LABELS = 9, 2
MODES = {"int": "sparse", "binary": "binary", "categorical": "categorical"}
DEFAULT_SIZE = "(256, 256)"


def without_tensorflow_data(text: str) -> tuple[str, Words]:
    """Return the program with Keras's own generators in place of TensorFlow's data sets, and what was changed."""
    if is_installed("tensorflow"):
        return text, ()
    library = Library(text)
    words: list[str] = []
    named = set()
    for call in library.nodes(cst.Call):
        if (modern(library.full(call.func)) or "").rpartition(".")[2] == READER:
            library.replace(call, _generator(library, call))
            library.import_once(f"from {GENERATORS} import ImageDataGenerator")
            words.append(
                f"{READER} needs TensorFlow, which is not installed here: ImageDataGenerator reads the folder"
            )
            holder = library.parent(call)
            targets = holder.targets if isinstance(holder, cst.Assign) else ()
            named |= {library.code(one.target) for one in targets}
    if any(library.code(_root(call)) in named for call in library.methods(*IRREPLACEABLE)):
        return text, ()  # half a change helps nobody
    for node in library.nodes(cst.Attribute):
        if node.attr.value == "class_names" and library.code(node.value) in named:
            library.replace(node, f"list({library.code(node.value)}.class_indices)")
    for chain, root in _chains(library):
        library.replace(chain, library.code(root))
        words.append(
            "cache, shuffle and prefetch are TensorFlow's, which is not installed here: they were left out"
        )
    return library.text(), tuple(dict.fromkeys(words))


def _root(call: cst.Call) -> cst.BaseExpression:
    """Return what a chain of calls begins with."""
    of: cst.BaseExpression = call
    while isinstance(of, cst.Call) and isinstance(of.func, cst.Attribute):
        of = of.func.value
    return of


def _generator(library: Library, call: cst.Call) -> str:
    known = {"validation_split": SPLIT, "label_mode": LABELS, **KEPT}
    given = {name: library.argument(call, name, place) for name, place in known.items()}
    values = _spread(library, call) | {name: one.value for name, one in given.items() if one is not None}
    said = {name: library.code(one) for name, one in values.items() if name in known}
    split, labels = said.pop("validation_split", ""), said.pop("label_mode", "")
    made = f"ImageDataGenerator({f'validation_split={split}' if split else ''})"
    mode = labels.strip("\"'")
    arguments = [said.pop("directory", '""'), f"target_size={said.pop('image_size', DEFAULT_SIZE)}"]
    arguments += [
        f'class_mode="{MODES.get(mode, "sparse")}"',
        *(f"{name}={value}" for name, value in said.items()),
    ]
    return f"{made}.flow_from_directory({', '.join(arguments)})"


def _spread(library: Library, call: cst.Call) -> dict[str, cst.BaseExpression]:
    """Return what ``**settings`` gives, where `settings` is written out: ``dict(...)`` or ``{...}``."""
    found: dict[str, cst.BaseExpression] = {}
    for one in call.args:
        if one.star != "**":
            continue
        held = one.value
        if isinstance(held, cst.Name):
            assigned = [
                node.value
                for node in library.nodes(cst.Assign)
                if any(library.code(target.target) == held.value for target in node.targets)
            ]
            held = assigned[0] if len(assigned) == 1 else held
        if isinstance(held, cst.Dict):
            entries = [each for each in held.elements if isinstance(each, cst.DictElement)]
            found |= {
                str(each.key.evaluated_value): each.value
                for each in entries
                if isinstance(each.key, cst.SimpleString)
            }
        elif isinstance(held, cst.Call) and library.code(held.func) == "dict":
            found |= {each.keyword.value: each.value for each in held.args if each.keyword is not None}
    return found


def _chains(library: Library) -> Iterator[tuple[cst.Call, cst.BaseExpression]]:
    """Yield the longest chains of calls that can be left out, and what they begin with."""
    done: set[cst.CSTNode] = set()
    for call in library.methods(*CHAINED):
        if call in done:
            continue
        root: cst.BaseExpression = call
        names = []
        while (
            isinstance(root, cst.Call)
            and isinstance(root.func, cst.Attribute)
            and root.func.attr.value in CHAINED
        ):
            names.append(root.func.attr.value)
            done.add(root)
            root = root.func.value
        if set(names) & {*TELLING}:
            yield call, root
