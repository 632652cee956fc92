"""Imports and dotted names of old Keras, and of ``tf.keras`` where TensorFlow is missing, as Keras has them today."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import libcst as cst

from tellapart.diagnose.edits.bindings import dotted

from .library import Library
from .renamed import GENERATORS, modern

Words = tuple[str, ...]
New = Callable[[str], str]


def until_it_stays(text: str, change: Callable[[str], tuple[str, Words]]) -> tuple[str, Words]:
    """Change a program until there is nothing left to change; return what was done, each thing once."""
    words: list[str] = []
    while True:
        changed, more = change(text)
        if changed == text:
            return text, tuple(dict.fromkeys(words))
        text = changed
        words += more


def with_modern_names(text: str) -> tuple[str, Words]:
    """Return the program with names that the installed Keras has, and what was renamed."""
    library = Library(text)
    foreign = [library.full(node) for node in _names(library)] + [name for _, name in _imported(library)]
    # Where one name of TensorFlow has no counterpart, the program needs TensorFlow: half a change helps nobody.
    lost = any(name.startswith("tensorflow.") and modern(name) is None for name in foreign)
    done: dict[str, str] = {}

    def new(name: str) -> str:
        if lost and name.startswith("tensorflow"):
            return name
        found = modern(name) or name
        if found != name:
            done[name] = found
        return found

    for node in _names(library):
        _rewrite(library, node, new(library.full(node)))
    for statement in library.nodes(cst.Import):
        _rewrite_import(library, statement, new, keep_tensorflow=lost)
    for source in library.nodes(cst.ImportFrom):
        _rewrite_import_from(library, source, new)
    changed = library.text()
    return changed, tuple(_in_words(done)) if changed != text else ()


def _names(library: Library) -> Iterator[cst.Attribute]:
    """Yield the longest dotted names that begin with something imported."""
    for node in library.nodes(cst.Attribute):
        longest = library.full(node) and not isinstance(library.parent(node), cst.Attribute)
        if longest and library.around(node, cst.Import, cst.ImportFrom) is None:
            yield node


def _imported(library: Library) -> Iterator[tuple[cst.ImportAlias, str]]:
    for node in library.nodes(cst.ImportFrom):
        if node.module is not None and not node.relative and not isinstance(node.names, cst.ImportStar):
            for one in node.names:
                yield one, f"{library.code(node.module)}.{one.evaluated_name}"


def _rewrite(library: Library, node: cst.Attribute, name: str) -> None:
    if name == library.full(node):
        return
    module, _, last = name.rpartition(".")
    if module == GENERATORS:
        local = next((local for local, known in library.imported.items() if modern(known) == name), "")
        if not local:
            library.import_once(f"from {module} import {last}")
        library.replace(node, local or last)
        return
    root, _, rest = dotted(node).partition(".")
    prefix = library.imported[root]
    if f"{modern(prefix)}.{rest}" == name:
        return  # what is imported changes, and the name with it
    if name.startswith(f"{prefix}."):
        library.replace(node, f"{root}{name.removeprefix(prefix)}")
    elif name.startswith("keras"):
        library.replace(node, f"{_keras(library)}{name.removeprefix('keras')}")
    else:
        library.replace(node, name)


def _keras(library: Library) -> str:
    """Return what the program calls Keras; imported where it is not."""
    for local, name in library.imported.items():
        if modern(name) == "keras":
            return local
    if not any(
        name == "tensorflow" for name in library.imported.values()
    ):  # else Keras is imported in its place
        library.import_once("import keras")
    return "keras"


def _rewrite_import(library: Library, node: cst.Import, new: New, *, keep_tensorflow: bool) -> None:
    for one in node.names:
        name = one.evaluated_name
        if name == "tensorflow" and not keep_tensorflow and modern(name) is None:
            _drop_tensorflow(library, node)
            return
        found = new(name)
        if found != name:
            local = one.evaluated_alias or name.partition(".")[0]
            library.replace(one, found if found == local else f"{found} as {local}")


def _rewrite_import_from(library: Library, node: cst.ImportFrom, new: New) -> None:
    if node.module is None or node.relative:
        return
    module = library.code(node.module)
    if isinstance(node.names, cst.ImportStar):
        library.replace(node.module, new(module))
        return
    wanted = [(one, new(f"{module}.{one.evaluated_name}")) for one in node.names]
    if any(name != f"{module}.{one.evaluated_name}" for one, name in wanted):
        lines = _import_lines([(name, one.evaluated_alias or one.evaluated_name) for one, name in wanted])
        library.replace(node, f"\n{library.indent(node)}".join(lines))


def _drop_tensorflow(library: Library, node: cst.Import) -> None:
    """Import Keras in place of TensorFlow: every name of it has been replaced."""
    if len(node.names) == 1:
        library.replace(node, "import keras")
    else:
        others = [library.code(one).rstrip(", ") for one in node.names if one.evaluated_name != "tensorflow"]
        library.replace(node, f"import {', '.join([*others, 'keras'])}")


def _import_lines(wanted: Sequence[tuple[str, str]]) -> list[str]:
    """Return the import statements for full names and what they are called here."""
    groups: dict[str, list[str]] = {}
    for name, local in wanted:
        module, _, last = name.rpartition(".")
        groups.setdefault(module, []).append(last if last == local else f"{last} as {local}")
    return [f"from {module} import {', '.join(names)}" if module else f"import {', '.join(names)}"
            for module, names in groups.items()]  # fmt: skip


def _in_words(done: dict[str, str]) -> Iterator[str]:
    """Say what was renamed: a line for TensorFlow, one for the backend's functions, one a module."""
    if any(name.startswith("tensorflow") for name in done):
        yield "TensorFlow is not installed here: tf.keras is taken for Keras 3"
    operations = sorted({old.rpartition(".")[2] for old, new in done.items()
                         if ".backend." in old and not new.startswith("keras.backend.")})  # fmt: skip
    if operations:
        yield f"Keras 3 has no backend functions {', '.join(operations)}: those of keras.ops take their place"
    if any(new.startswith(GENERATORS) for new in done.values()):
        yield f"Keras 3 keeps ImageDataGenerator in {GENERATORS}"
    moved = {_modules(old, new) for old, new in done.items()
             if old.startswith("keras.") and ".backend." not in old and not new.startswith(GENERATORS)}  # fmt: skip
    for old, new in sorted(moved):
        yield f"Keras 3 has no {old}: {new} takes its place"


def _modules(old: str, new: str) -> tuple[str, str]:
    """Return the modules of two names, or the names themselves where these differ."""
    if old.rpartition(".")[2] == new.rpartition(".")[2]:
        return old.rpartition(".")[0], new.rpartition(".")[0]
    return old, new
