"""Names of figures and files: old Keras kept accuracy under ``acc`` whatever it was asked for."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from .library import Library
from .old_names import Words

FIGURES = {"acc": "accuracy", "val_acc": "val_accuracy"}


def with_modern_figures(text: str) -> tuple[str, Words]:
    """Return the program with the names that the installed Keras gives to figures, and files it can write."""
    words: list[str] = []
    for change in (_figures, _files):
        library = Library(text)
        words += change(library)
        text = library.text()
    return text, tuple(dict.fromkeys(words))


def _figures(library: Library) -> Iterator[str]:
    for node in _asked(library):
        old = str(node.evaluated_value)
        new = old.replace("{val_acc:", "{val_accuracy:").replace("{acc:", "{accuracy:")
        new = FIGURES.get(old, new)
        if new != old and not _asked_for_acc(library):
            library.replace(node, library.code(node).replace(old, new))
            yield f"Keras 3 keeps accuracy under {', '.join(FIGURES.values())}, not {', '.join(FIGURES)}"


def _asked(library: Library) -> Iterator[cst.SimpleString]:
    """Yield the texts that name a figure: keys, what a callback watches, templates of file names."""
    for node in library.nodes(cst.SimpleString):
        holder = library.parent(node)
        keyword = holder.keyword.value if isinstance(holder, cst.Arg) and holder.keyword is not None else ""
        call = library.parent(holder) if isinstance(holder, cst.Arg) else None
        first = (
            isinstance(call, cst.Call)
            and bool(library.of_keras(call, "callbacks"))
            and holder is call.args[0]
        )
        if isinstance(holder, cst.Index) or "{" in node.value or keyword == "monitor" or first:
            yield node


def _asked_for_acc(library: Library) -> bool:
    """Say whether the network is compiled with a measure called ``acc``: then Keras keeps it so."""
    for call in library.methods("compile"):
        given = library.argument(call, "metrics")
        if given is not None and any(word in library.code(given.value) for word in ("'acc'", '"acc"')):
            return True
    return False


def _files(library: Library) -> Iterator[str]:
    for call in library.nodes(cst.Call):
        weights_only = _saves(library, call)
        if weights_only is None or not call.args:
            continue
        file = library.argument(call, "filepath", 0)
        if file is None or not isinstance(file.value, cst.SimpleString):
            continue
        name = str(file.value.evaluated_value)
        wanted = ".weights.h5" if weights_only else ".keras"
        if name.endswith((".keras", ".h5") if not weights_only else ".weights.h5"):
            continue
        stem = name.removesuffix(".hdf5").removesuffix(".h5").removesuffix(".weights")
        library.replace(file.value, library.quoted(f"{stem}{wanted}"))
        yield f"Keras 3 writes files that end in {wanted} only: {name} is {stem}{wanted}"


def _saves(library: Library, call: cst.Call) -> bool | None:
    """Say whether a call writes weights alone (True), or a whole network (False); None where it writes neither."""
    if library.of_keras(call, "callbacks") == "ModelCheckpoint":
        only = library.keyword(call, "save_weights_only")
        return only is not None and library.code(only.value) == "True"
    if isinstance(call.func, cst.Attribute) and not library.full(call.func):
        of = library.code(call.func.value)
        if (
            call.func.attr.value in ("save", "save_weights", "load_weights")
            and f"{of}.compile(" in library.script
        ):
            return call.func.attr.value != "save"
    return None
