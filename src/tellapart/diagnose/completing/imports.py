"""Imports that a pasted program leaves out, of names with one obvious source, used as what comes from there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from tellapart.diagnose.edits.draft import Draft
from tellapart.diagnose.reading import Position
from tellapart.diagnose.reading.apis import ASSUMED_IMPORTS

from .installed import is_installed, keras_names
from .renamed import modern
from .scopes import Place, undefined

Words = tuple[str, ...]
STANDARD = (
    "argparse", "collections", "copy", "csv", "datetime", "functools", "glob", "itertools", "json", "math", "os",
    "pathlib", "pickle", "random", "re", "shutil", "sys", "time", "warnings",
)  # fmt: skip
SCIKIT_LEARN = {
    "sklearn.metrics": ("classification_report", "confusion_matrix", "accuracy_score", "precision_score",
                        "recall_score", "f1_score", "roc_auc_score", "roc_curve", "ConfusionMatrixDisplay"),
    "sklearn.model_selection": ("train_test_split", "KFold", "StratifiedKFold", "GridSearchCV"),
    "sklearn.preprocessing": ("LabelEncoder", "LabelBinarizer", "OneHotEncoder", "StandardScaler", "MinMaxScaler"),
    "sklearn.utils": ("shuffle", "class_weight"),
}  # fmt: skip
TORCH = {
    "torch.utils.data": ("DataLoader", "Dataset", "TensorDataset", "Subset", "random_split", "ConcatDataset",
                         "SubsetRandomSampler", "WeightedRandomSampler"),
    "torch.optim": ("lr_scheduler",),
    "torch.autograd": ("Variable",),
    "torch": ("optim", "nn"),
}  # fmt: skip
KERAS_MODULES = (
    "models", "layers", "optimizers", "callbacks", "regularizers", "initializers", "constraints", "losses", "metrics",
    "utils",
)  # fmt: skip
"""Where a class of Keras is looked for, in this order."""
OTHERS = {"Path": "pathlib.Path", "Counter": "collections.Counter", "defaultdict": "collections.defaultdict",
          "tqdm": "tqdm.tqdm", "sns": "seaborn", "scipy": "scipy", "sklearn": "sklearn", "PIL": "PIL"}  # fmt: skip
"""Beside those of `tellapart.diagnose.reading.apis`."""


def with_imports(text: str) -> tuple[str, Words]:
    """Return the program with the imports that it leaves out, and what each missing name was taken for."""
    missing = undefined(text)
    if not missing.names:
        return text, ()
    draft = Draft(text)
    torch = "torch" in draft.script or "nn" in missing.names
    lines: list[str] = []
    lacking: dict[str, None] = {}
    for name, places in missing.names.items():
        source = source_of(name, torch=torch)
        if not source or _starred(missing.starred, source) or not _used_so(draft, source, places):
            continue
        lines.append(_line(name, source))
        library = source.partition(".")[0]
        if not is_installed(library) and library != "tensorflow":  # what becomes of that is said elsewhere
            lacking[library] = None
    if not lines:
        return text, ()
    joined = list(_joined(lines))
    for line in reversed(joined):
        draft.add_import(line)
    words = [f"not imported, and put in: {'; '.join(joined)}"]
    return draft.text(), (*words, *(f"{library} is not installed here" for library in lacking))


def source_of(name: str, *, torch: bool = False) -> str:
    """Return where a name obviously comes from; "" where it may be anything."""
    if name in ASSUMED_IMPORTS:
        source = ASSUMED_IMPORTS[name]
        return modern(source) or source
    if name in STANDARD:
        return name
    if name in OTHERS:
        return OTHERS[name]
    for module, held in (*SCIKIT_LEARN.items(), *TORCH.items()):
        if name in held:
            return f"{module}.{name}"
    if name in ("models", "datasets") and torch:
        return f"torchvision.{name}"
    if name in KERAS_MODULES or name in ("applications", "callbacks"):
        return f"keras.{name}"
    if name[:1].isupper() or name == "to_categorical":
        module = next((one for one in KERAS_MODULES if name in keras_names(one)), "")
        return f"keras.{module}.{name}" if module else ""
    return ""


def _starred(modules: Sequence[str], source: str) -> bool:
    """Say whether ``from MODULE import *`` is likely to have brought a name."""
    return any(source.startswith(one.partition(".")[0]) for one in modules)


def _used_so(draft: Draft, source: str, places: Sequence[Place]) -> bool:
    """Say whether a name is used as what it is taken for: a module or function has a dot or a call behind it."""
    return not source.rpartition(".")[2].islower() or all(_is_dotted_or_called(draft, one) for one in places)


def _is_dotted_or_called(draft: Draft, place: Place) -> bool:
    node = name_at(draft, place)
    holder = draft.parent(node) if node is not None else None
    return (isinstance(holder, cst.Attribute) and holder.value is node) or (
        isinstance(holder, cst.Call) and holder.func is node
    )


def name_at(draft: Draft, place: Place) -> cst.Name | None:
    """Return the name that stands at a place."""
    found = draft.at(Position(place.line, place.column, place.line), cst.Name)
    return found if found is not None and draft.line(found) == place.line else None


def _line(name: str, source: str) -> str:
    module, _, last = source.rpartition(".")
    if not module or (last != name and last.islower()):
        return f"import {source}" if source == name else f"import {source} as {name}"
    return f"from {module} import {last}" if last == name else f"from {module} import {last} as {name}"


def _joined(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines, those that take from one module as one."""
    groups: dict[str, list[str]] = {}
    for line in sorted(set(lines)):
        before, found, name = line.partition(" import ")
        groups.setdefault(before if found else line, []).append(name)
    for before, names in groups.items():
        yield f"{before} import {', '.join(names)}" if names[0] else before
