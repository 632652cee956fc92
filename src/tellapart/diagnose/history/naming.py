"""What a column of a history means, by the words in its name: ``val_acc``, ``loss/train``, ``validLoss``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Part = Literal["training", "validation", "test", ""]

PARTS: Mapping[str, Part] = {
    **dict.fromkeys(("train", "training", "tr", "trn", "fit"), "training"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "eval", "evaluation"), "validation"),
    **dict.fromkeys(("heldout", "holdout"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
MEASURES: tuple[tuple[str, frozenset[str]], ...] = (
    # The first whose words all stand in the name; so the longer ones come first.
    ("balanced accuracy", frozenset(["balanced", "accuracy"])),
    ("learning rate", frozenset(["learning", "rate"])),
    ("loss", frozenset(["cross", "entropy"])),
    ("loss", frozenset(["loss"])),
    ("accuracy", frozenset(["accuracy"])),
    ("precision", frozenset(["precision"])),
    ("recall", frozenset(["recall"])),
    ("f1", frozenset(["f1"])),
    ("auc", frozenset(["auc"])),
    ("learning rate", frozenset(["lr"])),
)
SAME = {
    **dict.fromkeys(("acc", "accu", "top1"), "accuracy"),
    **dict.fromkeys(("losses", "logloss", "nll", "bce", "crossentropy", "ce"), "loss"),
    **dict.fromkeys(("prec", "ppv"), "precision"),
    **dict.fromkeys(("rec", "sensitivity", "tpr"), "recall"),
    **dict.fromkeys(("f1score", "fscore"), "f1"),
    **dict.fromkeys(("auroc", "rocauc"), "auc"),
}
"""Other words for the same; the left ones are words of names, the right ones those of `MEASURES`."""
PLAIN = frozenset(
    [
        "binary",
        "categorical",
        "sparse",
        "score",
        "mean",
        "avg",
        "average",
        "epoch",
        "log",
        "running",
        "roc",
        "cross",
    ]
)
"""Words that change nothing that matters here."""
OTHER = frozenset(["top2", "top3", "top5", "top10", "topk", "topn", "pr", "best", "std", "min", "max"])
"""With one of these a figure is another one than its name seems to say."""

_WORD = re.compile(r"[A-Z]?[a-z]+\d*|[A-Z]+(?![a-z])\d*|\d+")


@dataclass(frozen=True)
class Meaning:
    """What a column holds.

    Attributes
    ----------
    part
        "" where the name says none.
    measure
        Of `MEASURES`, or ``epoch`` or ``step``.
    extra
        Words of the name that say neither; of two columns of one meaning the one with fewer is taken.
    is_step
        Whether the figure belongs to a single step (``loss_step``).
    """

    part: Part
    measure: str
    extra: int = 0
    is_step: bool = False


def meaning(name: str) -> Meaning | None:
    """Return what a column holds by its name; None where the name does not say."""
    words = [SAME.get(word, word) for word in _words(name)]
    if not words or OTHER & set(words):
        return None
    part: Part = ""
    for word in words:
        part = part or PARTS.get(word, "")
    rest = [word for word in words if word not in PARTS]
    if rest and set(rest) <= {"epoch", "epochs", "nr", "no", "number", "current"}:
        return Meaning("", "epoch")
    if rest and set(rest) <= {"step", "steps", "global", "iteration", "iter"}:
        return Meaning("", "step")
    for measure, wanted in MEASURES:
        if wanted <= set(rest):
            extra = [w for w in rest if w not in wanted | PLAIN | {"step"} and not w.isdigit()]
            return Meaning(part, measure, len(extra), "step" in rest)
    return None


def _words(name: str) -> list[str]:
    text = re.sub(r"(?i)held[ _-]out", "heldout", name)
    text = re.sub(r"(?i)top[ _-]?(\d+|k|n)(?![a-z])", r"top\1 ", text)
    found = [word.lower() for word in _WORD.findall(text)]
    # "validloss", "trainacc": written together, as in many loops by hand.
    return [piece for word in found for piece in _apart(word)]


def _apart(word: str) -> Iterable[str]:
    if word in PARTS or word in SAME or word.startswith("top"):
        return (word,)
    for length in range(len(word) - 1, 1, -1):
        first, second = word[:length], word[length:].rstrip("0123456789") or word[length:]
        if first in PARTS and (second in SAME or any({second} == wanted for _, wanted in MEASURES)):
            return first, second
    return (word if word in ("f1", "auc") or word in SAME else _without_number(word),)


def _without_number(word: str) -> str:
    """Return ``auc`` of ``auc1``: Keras numbers metrics of the same name."""
    bare = word.rstrip("0123456789")
    return bare if bare and bare != "f" and not word.isdigit() else word
