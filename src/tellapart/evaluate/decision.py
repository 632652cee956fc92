"""The decision: may the figure be believed? One word, one sentence, and the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from tellapart.evaluate import chance
from tellapart.evaluate.estimate import Estimate

Verdict = Literal["trustworthy", "no better than chance", "leaking", "shortcut", "too few to tell"]

# More than this share of given test pictures with a copy or a group on the training side: the
# interface's limit. One in a hundred moves a score by at most a hundredth.
LEAK = 0.01
# "Nearly as well": without the object at least this share of the distance from chance is kept, and
# with 95 % confidence at least half of it. Below .8 the object adds more than a fifth of the skill.
SHORTCUT_SKILL, SURE_SHORTCUT_SKILL = 0.8, 0.5


@dataclass(frozen=True)
class Shortcut:
    """A way to tell the label without the object, measured like the classifier itself.

    Attributes
    ----------
    name
        What was looked at instead, in words that fit after "from": "the border of the picture".
    balanced_accuracy
        Out of fold, without the object, at chance 1/K.
    told
        A class of several that is told from the rest in this way; then the figure is of that, at chance 1/2.
    classifier
        What the classifier reaches there, out of fold; only with `told`.
    """

    name: str
    balanced_accuracy: Estimate
    told: str = ""
    classifier: Estimate = field(default_factory=Estimate.undefined)


@dataclass(frozen=True)
class Decision:
    """What may be believed.

    Attributes
    ----------
    verdict
        As in metrics.json.
    sentence
        The verdict in one plain sentence with its figures.
    reasons
        Everything that was checked, one sentence each, what spoke against the figure first.
    would_tell
        Pictures of each class that would be enough to tell (power 80 %), where this part was too
        small; None otherwise.
    """

    verdict: Verdict
    sentence: str
    reasons: tuple[str, ...] = ()
    would_tell: dict[str, int] | None = field(default=None)

    @property
    def is_trustworthy(self) -> bool:
        """Whether ``--strict`` should pass."""
        return self.verdict == "trustworthy"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "decision": self.verdict,
            "sentence": self.sentence,
            "reasons": list(self.reasons),
            "would_tell": self.would_tell,
        }


def decide(
    test: Mapping[str, Any],
    *,
    leak_share: float | None = None,
    shortcuts: tuple[Shortcut, ...] | list[Shortcut] = (),
) -> Decision:
    """Decide whether the figures of the sealed part may be believed.

    Parameters
    ----------
    test
        What `tellapart.evaluate.measures.measure` returned for the sealed part (without its copies).
    leak_share
        Share of the given test pictures, 0..1, that had a copy or a group on the training side; None
        where the parts are ours.
    shortcuts
        Measured ways to tell the label without the object.

    Returns
    -------
    Decision
        The first that holds of: *leaking*, *too few to tell*, *no better than chance*, *shortcut*;
        otherwise *trustworthy*.

    Notes
    -----
    Chance is rejected at .005, one-sided (`tellapart.evaluate.chance.ALPHA`). *Too few to tell*: it is
    not rejected, and a classifier that finds 80 % of every class would not have been told from
    chance in half of such parts either.
    """
    counts = {name: int(n) for name, n in test["independent"].items()}
    told, telling = _chance_words(test)
    leaks = leak_share is not None and leak_share > LEAK
    fooled = [s for s in shortcuts if told and _explains(s, *_rival(s, test, len(counts)))]
    power = 1.0 if told else chance.power(list(counts.values()))
    few = power < chance.ENOUGH_POWER
    reasons = [telling]
    would_tell = _would_tell(counts) if few else None
    if few:
        reasons.insert(0, _few_words(counts, power, would_tell))
    reasons[:0] = [_shortcut_words(s, _rival(s, test, len(counts))[0]) for s in fooled]
    if leak_share is not None:
        reasons.insert(0 if leaks else len(reasons), _leak_words(leak_share))
    if leaks:
        return Decision("leaking", reasons[0], tuple(reasons), would_tell)
    if few:
        return Decision("too few to tell", reasons[0], tuple(reasons), would_tell)
    if not told:
        return Decision("no better than chance", telling, tuple(reasons))
    if fooled:
        return Decision("shortcut", reasons[0], tuple(reasons))
    return Decision("trustworthy", telling, tuple(reasons))


def _chance_words(test: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether chance is rejected, and the sentence for it."""
    p, balanced = test["chance"]["p_value"], test["balanced_accuracy"]
    told = p <= chance.ALPHA
    if not balanced.is_defined:
        return told, "Pictures of fewer than two classes cannot show whether the classes are told apart."
    figure = f"a balanced accuracy of {_range(balanced)} on {test['n']} pictures"
    if not told:
        return told, f"Chance can explain {figure} (p = {p:.2g}, above {chance.ALPHA:g})."
    by_label = test["chance"].get("p_value_labels")
    if by_label is not None and by_label > chance.ALPHA:
        return told, (
            f"The scores rank the classes better than chance (area under the ROC curve "
            f"{_range(test['roc_auc'])}, p = {p:.2g}), but at the chosen threshold it shows little: {figure}."
        )
    return told, f"Chance can hardly explain {figure} (p = {p:.2g})."


def _rival(shortcut: Shortcut, test: Mapping[str, Any], n_classes: int) -> tuple[Estimate, float]:
    """Return the classifier's figure that a shortcut is held against, and chance there."""
    return (shortcut.classifier, 0.5) if shortcut.told else (test["balanced_accuracy"], 1 / n_classes)


def _explains(shortcut: Shortcut, balanced: Estimate, level: float) -> bool:
    blind = shortcut.balanced_accuracy
    skill = balanced.value - level
    if not (blind.is_defined and balanced.is_defined) or skill <= 0:
        return False
    kept, surely_kept = (blind.value - level) / skill, (blind.low - level) / skill
    return bool(kept >= SHORTCUT_SKILL and surely_kept >= SURE_SHORTCUT_SKILL)


def _shortcut_words(shortcut: Shortcut, balanced: Estimate) -> str:
    what = f"Class {shortcut.told!r}" if shortcut.told else "The label"
    return (
        f"{what} can be told nearly as well without the object, from {shortcut.name}: balanced accuracy "
        f"{_range(shortcut.balanced_accuracy)} against {_range(balanced)}."
    )


def _leak_words(share: float) -> str:
    if share > LEAK:
        return (
            f"{100 * share:.1f} % of the given test pictures had a copy or shared a group on the training "
            "side; a score with them in it says little about new pictures."
        )
    return (
        f"{100 * share:.1f} % of the given test pictures had a copy or shared a group on the training side."
    )


def _would_tell(counts: dict[str, int]) -> dict[str, int] | None:
    needed = chance.counts_that_would_tell(np.array(list(counts.values())))
    return None if needed is None else dict(zip(counts, needed, strict=True))


def _few_words(counts: dict[str, int], power: float, would_tell: dict[str, int] | None) -> str:
    there = ", ".join(f"{n} {name}" for name, n in counts.items())
    text = (
        f"With so few independent test pictures ({there}) even a classifier that finds "
        f"{100 * chance.WORTHWHILE:.0f} % of every class would be told from chance only "
        f"{100 * power:.0f} times in 100"
    )
    if would_tell is None:
        return text + "."
    return text + f"; {', '.join(f'{n} {name}' for name, n in would_tell.items())} would do."


def _range(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"
