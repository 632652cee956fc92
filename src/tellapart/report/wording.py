"""What the words of metrics.json mean, for a reader who sees them for the first time."""

from __future__ import annotations

from dataclasses import dataclass

from tellapart.report.numbers import Figure, level
from tellapart.report.summary import Summary


@dataclass(frozen=True)
class Verdict:
    """How a decision is shown: ``tone`` picks colours, ``sign`` tells it without them."""

    tone: str
    sign: str
    meaning: str


_VERDICTS = {
    "trustworthy": Verdict("good", "✓", "The figures below may be believed."),
    "no better than chance": Verdict("bad", "≈", "On the test part, guessing could have done as well."),
    "leaking": Verdict(
        "bad",
        "✕",
        "Test pictures had copies or relatives among the training pictures, which flatters a score.",
    ),
    "shortcut": Verdict("bad", "!", "The label can be told nearly as well without looking at the object."),
    "too few to tell": Verdict("open", "?", "The test part is too small to say anything either way."),
}

_FITNESS = {
    True: Verdict("good", "✓", "fit for the aim"),
    False: Verdict("bad", "✕", "not fit for the aim"),
    None: Verdict("open", "–", "fitness not judged"),
}

_SEVERITIES = {
    "stop": Verdict("bad", "✕", "stop"),
    "warn": Verdict("open", "!", "warning"),
    "note": Verdict("plain", "i", "note"),
}

_TEST_PARTS = {
    "test": "the test part that was given, touched once, at the end",
    "validation": "the validation part that was given (there was no test part), touched once, at the end",
    "held back": "pictures held back before training and touched once, at the end",
}


def verdict(decision: str) -> Verdict:
    """How a decision is shown; an unknown one is shown as it is."""
    return _VERDICTS.get(decision, Verdict("plain", "i", ""))


def fitness(met: bool | None) -> Verdict:
    """How fitness for use is shown."""
    return _FITNESS[met]


def severity(name: str) -> Verdict:
    """How the severity of a finding is shown."""
    return _SEVERITIES.get(name, Verdict("plain", "i", name))


def test_part(name: str) -> str:
    """What the sealed part was."""
    return _TEST_PARTS.get(name, name or "the test part")


@dataclass(frozen=True)
class KeyFigure:
    """A figure on the first page, what it means, and what to compare it with (no estimate)."""

    figure: Figure
    meaning: str
    reference: float | None
    reference_words: str


def key_figures(summary: Summary) -> tuple[KeyFigure, ...]:
    """Choose the figures of the first page: those that unbalanced classes do not flatter come first."""
    test, k = summary.test, max(len(summary.classes), 2)
    guessing = test.chance.get("balanced_accuracy") or 1 / k
    majority = test.majority.get("accuracy")
    positives = next((entry.n for entry in test.per_class if entry.name == summary.positive), 0)
    share = positives / test.n if test.n and k == 2 else None
    about = f" of {summary.positive}" if summary.positive and k == 2 else ""
    wanted = {
        "balanced_accuracy": (
            "Share that is right, every class counting the same.",
            guessing,
            f"guessing: {level(guessing)}",
        ),
        "accuracy": (
            "Share of all test pictures that is right.",
            majority,
            f"always the most frequent class: {level(majority)}" if majority is not None else "",
        ),
        "roc_auc": (
            "How often a picture of a class is ranked above one that is not.",
            0.5,
            "guessing: 0.5",
        ),
        "average_precision": (
            f"Share of alarms{about} that is right, averaged over all shares that can be found.",
            share,
            f"calling everything {summary.positive}: {share:.2g}" if share is not None else "",
        ),
    }
    return tuple(KeyFigure(test.figures[key], *rest) for key, rest in wanted.items() if key in test.figures)


@dataclass(frozen=True)
class MixUp:
    """A class that is taken for another; ``count`` of the ``n`` pictures of the true class."""

    true: str
    predicted: str
    count: int
    n: int


def mix_ups(summary: Summary, most: int = 12) -> tuple[MixUp, ...]:
    """List the most frequent mix-ups of the test part."""
    names = summary.classes
    found = [
        MixUp(names[i], names[j], count, sum(row))
        for i, row in enumerate(summary.test.confusion)
        for j, count in enumerate(row)
        if i != j and count
    ]
    return tuple(sorted(found, key=lambda mix_up: (-mix_up.count, mix_up.n))[:most])


def corrected(summary: Summary) -> str:
    """Say how many labels a corrections file replaced, and what that means for the test."""
    labels, of_test = summary.labels_corrected, summary.test_labels_corrected
    words = f"{labels:,} {'label was' if labels == 1 else 'labels were'} corrected before the pictures were split."
    if not of_test:
        return f"{words} None of them is of a test picture."
    return (
        f"{words} {of_test:,} of them {'is' if of_test == 1 else 'are'} of test pictures: the figures are against the "
        "corrected labels. Where only labels that a model disputed were looked at, they flatter it a little."
    )
