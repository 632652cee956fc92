"""Training A: what its author tried or asked about, each change against the training as described."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmarks.questions.design_a import (
    BOTH,
    DESCRIBED_PX,
    FRESH,
    LOSS,
    SMALL_PX,
    capital,
    cured,
    design,
    flatten_weights,
)
from benchmarks.questions.judging import (
    Bank,
    Difference,
    Judged,
    Trained,
    compare,
    died,
    lowest_and_last,
    paired,
    sentence,
    values,
)
from benchmarks.questions.outcomes import over_seeds
from benchmarks.questions.page import bullets
from benchmarks.questions.rows import TRIED
from tellapart.recipes.summary import GREW

TOSS, NEAR = 0.5, 0.03
DRAWING = "improving-validation-loss-tried.svg"


def _loss_words(difference: Difference) -> str:
    if difference.n < 2 or not math.isfinite(difference.low) or difference.low <= 0 <= difference.high:
        what = "whether the validation loss changed cannot be told"
    else:
        what = "the validation loss was lower" if difference.high < 0 else "the validation loss was higher"
    return f"{what} ({difference.before:.2f} → {difference.after:.2f}, difference {difference})"


def _judged(bank: Bank, variant: str) -> Judged:
    return compare(bank.a("as described", SMALL_PX), bank.a(variant, SMALL_PX), FRESH)[0].judged()


def _two(bank: Bank, variant: str) -> list[str]:
    """Say what a tried variant did to accuracy and to the loss."""
    before, after = bank.a("as described", SMALL_PX), bank.a(variant, SMALL_PX)
    accuracy, epoch = compare(before, after, FRESH)
    loss, _ = compare(before, after, LOSS, epoch)
    if accuracy.n == 0:
        return []
    first = sentence(
        f"{capital(variant)} ({SMALL_PX} px, epoch {epoch})", "accuracy on fresh pictures", accuracy
    )
    return [f"{first[:-1]}; {_loss_words(loss)}."]


def tried(bank: Bank) -> list[str]:
    """Answer why what its author tried did not help."""
    names = [name for name in TRIED if name != "softmax"]
    said = {name: _two(bank, name) for name in names}
    if not any(said.values()):
        return []
    judged = [_judged(bank, name) for name in names if said[name]]
    mended, alone = cured(bank, SMALL_PX)
    if any(one == "helped" for one in judged):
        why = "In these rows some of it did:"
    elif mended and not alone:
        why = (
            "Two things stand in the way at once, Flatten with its millions of weights and the dropout after the "
            "convolutions. Other dropout rates leave Flatten, penalties leave both: each tries to cure half of it, and "
            "half of it was not seen to help."
        )
    else:
        why = "The rows say what each did, not yet why:"
    waiting = [name for name in names if not said[name]]
    rest = [f"Not measured yet: {', '.join(waiting)}."] if waiting else []
    loss = "The loss is counted without the penalty that L1 and L2 add to the one that Keras shows.\n"
    each = [line for name in names for line in said[name]]
    return [
        f"{why}\n",
        *_toss(bank, [name for name in names if said[name]]),
        *bullets(each + rest),
        loss,
        f"![what was tried]({DRAWING})\n",
    ]


def _toss(bank: Bank, names: Sequence[str]) -> list[str]:
    """Say that all of them ended at a coin toss, where each did: its interval holds .5, and its mean is near."""
    ended = [over_seeds(values(bank.a(name, SMALL_PX), FRESH).values()) for name in names]
    if not all(one.n > 1 and one.low <= TOSS <= one.high and abs(one.value - TOSS) < NEAR for one in ended):
        return []
    low, high = (pick(one.value for one in ended) for pick in (min, max))
    return [
        f"With each of them the network still tosses a coin: it gets {low:.3f} to {high:.3f} of the fresh pictures "
        f"right (means of {min(one.n for one in ended)} seeds).\n"
    ]


def softmax(bank: Bank) -> list[str]:
    """Answer whether two classes with a softmax helped."""
    said = _two(bank, "softmax")
    if not said:
        return []
    trained = bank.a("softmax", SMALL_PX)
    dead = died(trained, LOSS)
    if dead:
        said.append(
            f"{len(dead)} of {len(trained)} seeds died in the first epoch: one class for every picture, and sure of it."
        )
    alive = {seed: one for seed, one in trained.items() if seed not in dead}
    if alive:
        low, epoch, last = lowest_and_last(alive, LOSS)
        still = "it still grows" if last > GREW * low else "it does not grow"
        others = " of the others" if dead else ""
        said.append(
            f"With the softmax the loss{others} is lowest in epoch {epoch:.0f} ({low:.2f}), {last:.2f} at the end: "
            f"{still}."
        )
    theory = "Two softmax outputs say the same as one sigmoid, with one weight vector to spare"
    if _judged(bank, "softmax") == "helped":
        theory += "; that it helped here nevertheless is not explained by these rows."
    else:
        theory += ". A single training goes up or down by luck: that is what the seeds are for."
    return [*bullets(said), f"{theory}\n"]


def resolution(bank: Bank) -> list[str]:
    """Answer what another resolution would do."""
    said = []
    for variant in ("as described", BOTH):
        small, described = (design(bank, size)[variant] for size in (SMALL_PX, DESCRIBED_PX))
        difference, epoch = compare(small, described, FRESH)
        if difference.n:
            what = f"{DESCRIBED_PX} px instead of {SMALL_PX} ({variant}, epoch {epoch})"
            said.append(sentence(what, "accuracy on fresh pictures", difference))
    weights = (
        f"What Flatten ties to places grows with the pixels: {flatten_weights(SMALL_PX) / 1e6:.1f} million weights at "
        f"{SMALL_PX} px, {flatten_weights(DESCRIBED_PX) / 1e6:.1f} at {DESCRIBED_PX}. Behind global max pooling there "
        f"are {64 * 128:,} at any size."
    )
    return [*bullets(said), f"{weights}\n"] if said else []


def half_epochs(bank: Bank) -> list[str]:
    """Answer whether it matters that an epoch shows half of the pictures."""
    half, whole = (bank.a("as described", SMALL_PX, whole=all_of_them) for all_of_them in (False, True))
    steps = _equal_steps(half, whole)
    if not steps:
        return []
    difference = paired(values(half, FRESH, 2 * steps), values(whole, FRESH, steps))
    what = f"All pictures in each epoch ({steps} whole for {2 * steps} half epochs)"
    about = (
        "`steps_per_epoch = 250 // 10` counts one class: an epoch shows half of the pictures, another half each time. "
        "With as many steps in all:\n"
    )
    return [about, *bullets([sentence(what, "accuracy on fresh pictures", difference)])]


def _equal_steps(half: Trained, whole: Trained) -> int:
    """Return the last whole epoch at which both were measured after as many steps; 0 where there is none."""
    seeds = half.keys() & whole.keys()
    most = min((whole[seed].epochs for seed in seeds), default=0)
    for epoch in range(most, 0, -1):
        at = [(half[seed].at(FRESH, 2 * epoch), whole[seed].at(FRESH, epoch)) for seed in seeds]
        if all(math.isfinite(value) for pair in at for value in pair):
            return epoch
    return 0
