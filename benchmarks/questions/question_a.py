"""Question A, "Improving Validation Loss and Accuracy for CNN", answered from rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from benchmarks.questions import page, sides
from benchmarks.questions.design_a import (
    BOTH,
    DESCRIBED_PX,
    FRESH,
    LOSS,
    NO_DROPOUT,
    POOLING,
    SMALL_PX,
    VALIDATION,
    against_described,
    capital,
    cured,
    design,
    design_size,
    flatten_weights,
)
from benchmarks.questions.judging import (
    Bank,
    Trained,
    common_epoch,
    compare,
    died,
    lowest_and_last,
    mean,
    sentence,
    values,
)
from benchmarks.questions.outcomes import Outcome
from benchmarks.questions.page import RUN, SIDE_BY_SIDE, Page, Section, bullets, markdown
from benchmarks.questions.rows import TRIED
from benchmarks.questions.sides import Side
from benchmarks.questions.tried_a import DRAWING, half_epochs, resolution, softmax, tried
from tellapart.recipes.summary import GREW, OVERFIT

NAME = "improving-validation-loss"
GROWTH = f"{NAME}-grows.svg"
GUESSING = math.log(2)
DIED = [
    "*Died at once*: seeds whose loss does not move again after the first epoch; every picture is given one class, and "
    "surely.\n"
]
"""The loss of one who always says a half."""

AIM = 0.97
SMALL = "benchmarks/questions/small/plastic_pieces.py"
"""Nine trainings of the program as described would take half a day."""
QUESTION = (
    "A small Keras network looks at groups of round white pieces on black and should say whether two of them stick",
    "together. There are 250 training pictures of each kind. Training accuracy climbs, the validation loss grows, and",
    "validation accuracy stays at a coin toss. Other dropout, L1 and L2 did not help; a softmax over two "
    "classes seemed to.",
    "The pictures here are the stand-in that `tellapart demo pellets` draws: the author could not share the real ones.",
)


def write(bank: Bank, found: Sequence[Side], results: Path, diagnosed: Path) -> Page:
    """Return the page.

    Parameters
    ----------
    bank
        The trainings of rows.jsonl.
    found
        The three ways on pellets.
    results
        The folder of the committed studies.
    diagnosed
        The rows of `benchmarks.diagnosis.founding`.
    """
    size = design_size(bank)
    return Page(
        "Why does the validation loss grow, and can it be improved?",
        QUESTION,
        _answer(bank, size, found),
        [*_sections(bank, size, found, diagnosed), *_amount(results)],
    )


def _sections(bank: Bank, size: int, found: Sequence[Side], diagnosed: Path) -> list[Section]:
    command, variants = f"{RUN} --only A-flips-{size}", "--variant softmax --variant 'as described'"
    written = (
        (
            "Can validation improve even a little?",
            _improve(bank, size, found),
            (f"{command} --only A-{SMALL_PX}", SIDE_BY_SIDE),
        ),
        ("Is the model correct?", _correct(bank, size, diagnosed), (command, page.DIAGNOSED)),
        ("Why does the validation loss grow?", _growth(bank), (f"{RUN} --only A-{_growing_size(bank)}",)),
        ("Why did dropout, L1 and L2 not help?", tried(bank), (f"{RUN} --only A-tried --only A-128",)),
        (
            "Did switching to a two-class softmax really help?",
            softmax(bank),
            (f"{RUN} --only A-tried --only A-128 {variants}",),
        ),
        (
            "What would another resolution do?",
            resolution(bank),
            (f"{RUN} --only A-flips-128 --only A-flips-256",),
        ),
        ("Do the half epochs matter?", half_epochs(bank), (f"{RUN} --only A-128 --only A-128-whole",)),
    )
    return [Section(*one) for one in written]


def drawn(bank: Bank) -> dict[str, dict[str, list[Outcome]]]:
    """Return what is drawn: file -> variant -> trainings."""
    size = design_size(bank)
    pictures = {
        f"{NAME}.svg": design(bank, size),
        GROWTH: {"as described": bank.a("as described", _growing_size(bank))},
        DRAWING: {variant: bank.a(variant, SMALL_PX) for variant in TRIED},
    }
    return {
        file: {variant: list(trained.values()) for variant, trained in variants.items() if trained}
        for file, variants in pictures.items()
        if any(variants.values())
    }


def _answer(bank: Bank, size: int, found: Sequence[Side]) -> list[str]:
    both, epoch = against_described(bank, size, BOTH)
    if both.n == 0:
        return []
    judged = both.judged()
    if judged == "cannot tell":
        return [f"These rows cannot tell yet: {sentence('The two changes together', 'accuracy', both)}"]
    if judged != "helped":
        return [
            f"Not by the two changes that were tried: {sentence('Both together', f'accuracy on {epoch} epochs', both)}"
        ]
    words = [
        "Yes, with the same pictures: without the dropouts after the convolutions, and with global max "
        "pooling in place",
        f"of Flatten, the share of fresh pictures that it gets right goes from {both.before:.3f} to {both.after:.3f}",
        f"(guessing gets .5; {size} px, {epoch} epochs of all pictures, mirrored at random; difference {both}).",
        *_why_both(bank, size),
    ]
    ours = sides.seeds_of(found, "fresh", "accuracy", "tellapart")
    if ours:
        words.append(
            f"`tellapart train` on the same folder: {sides.over(ours)} of "
            f"{sides.pictures_of(found, 'tellapart', 'fresh')} fresh pictures, without a choice to make."
        )
    return words


def _why_both(bank: Bank, size: int) -> list[str]:
    """Explain the cure, as far as each change alone leaves it to be explained."""
    _, alone = cured(bank, size)
    measured = [name for name in (POOLING, NO_DROPOUT) if against_described(bank, size, name)[0].n > 1]
    flatten = (
        f"Flatten ties {flatten_weights(size) / 1e6:.1f} million weights to fixed places, but two pieces may touch "
        "anywhere: such a network can learn its 500 pictures by heart and know nothing of the next one. Max pooling "
        "asks instead whether there is a touching pair *anywhere*."
    )
    dropout = "Dropout after a convolution blanks out half of the small marks by which one sees that."
    if alone:
        words = [f"Of the two, {' and '.join(alone)} helped alone as well."]
        return words + [why for name, why in ((POOLING, flatten), (NO_DROPOUT, dropout)) if name in alone]
    neither = (
        "Neither change alone was seen to help, which is why trying one thing after another looks hopeless."
    )
    return [*([neither] if len(measured) == 2 else []), flatten, dropout]


def _improve(bank: Bank, size: int, found: Sequence[Side]) -> list[str]:
    lines = sides.table(found, "pellets", {})
    ways = {name: against_described(bank, size, name) for name in (POOLING, NO_DROPOUT, BOTH)}
    said = [
        sentence(f"{capital(name)} ({size} px, epoch {epoch})", "accuracy on fresh pictures", difference)
        for name, (difference, epoch) in ways.items()
        if difference.n
    ]
    described, mended = (bank.a(name, SMALL_PX) for name in ("as described", BOTH))
    zoomed, epoch = compare(described, mended, FRESH)
    if zoomed.n:
        kept = f"Both, with the pictures zoomed as described ({SMALL_PX} px, {epoch} half epochs)"
        said.append(sentence(kept, "accuracy on fresh pictures", zoomed))
    for way in ("fixed", "tellapart"):
        figures = [sides.seeds_of(found, part, "accuracy", way) for part in ("test", "fresh")]
        if all(figures):
            means = [sum(each.values()) / len(each) for each in figures]
            reached = "reaches" if min(means) >= AIM else "does not reach"
            said.append(
                f"{sides.WAYS[way]} {reached} the {AIM:.2f} that was aimed at: {means[0]:.3f} of "
                f"{sides.pictures_of(found, way, 'test')} test pictures, {means[1]:.3f} of "
                f"{sides.pictures_of(found, way, 'fresh')} fresh ones (means of {len(figures[1])} seeds)."
            )
    if not said:
        return []
    return [*bullets(said), *lines]


def _correct(bank: Bank, size: int, diagnosed: Path) -> list[str]:
    ways = design(bank, size)
    if not ways["as described"] or not ways[BOTH]:
        return []
    mended, alone = cured(bank, size)
    formal = (
        "Formally yes: one sigmoid with binary cross-entropy, labels 0 and 1, pictures in 0..1 on both sides; it runs "
        "without a complaint."
    )
    if mended:
        both = against_described(bank, size, BOTH)[0]
        verdict = (
            f"But it does not suit these pictures: with both suspects mended, and the same data, seeds and optimiser, "
            f"accuracy on fresh pictures is {both.after:.3f} in place of {both.before:.3f}."
        )
        verdict += "" if alone else " Each alone was not seen to help."
    else:
        verdict = "Whether its layout is what keeps it from learning, these rows do not show."
    rows = []
    at = common_epoch(ways.values(), FRESH)
    for variant, trained in ways.items():
        difference, _ = compare(ways["as described"], trained, FRESH, at)
        shown = "" if variant == "as described" else str(difference)
        rows.append(
            [
                variant,
                str(len(trained)),
                str(len(died(trained, LOSS))),
                mean(trained, "accuracy", at),
                mean(trained, FRESH, at),
                shown,
            ]
        )
    heads = (
        "variant",
        "seeds",
        "died at once",
        f"training accuracy, epoch {at}",
        "accuracy on fresh pictures",
        "against as described",
    )
    said = page.diagnosed(diagnosed, "plastic_pieces.py")
    missing = [f"What `tellapart diagnose` says: not measured yet: `{page.DIAGNOSED}`\n"]
    return [
        f"{formal} {verdict}\n",
        *markdown(heads, rows),
        *(DIED if any(died(one, LOSS) for one in ways.values()) else []),
        f"![the four variants]({NAME}.svg)\n",
        *(said or missing),
    ]


def _growing_size(bank: Bank) -> int:
    """Return the size at which two seeds or more were trained longest: it was reported after a hundred epochs."""
    trained = {size: bank.a("as described", size) for size in (DESCRIBED_PX, SMALL_PX)}
    longest = {
        size: max(one.epochs for one in found.values()) for size, found in trained.items() if len(found) > 1
    }
    return max(longest, key=lambda size: longest[size], default=SMALL_PX)


def _growth(bank: Bank) -> list[str]:
    size = _growing_size(bank)
    described = bank.a("as described", size)
    if not described:
        return []
    low, epoch, last = lowest_and_last(described, LOSS)
    train, validation = (
        sum(values(described, name).values()) / len(described) for name in ("accuracy", VALIDATION)
    )
    ended = " or ".join(map(str, sorted({one.epochs for one in described.values()})))
    figures = (
        f"At {size} px the loss over all validation pictures is lowest ({low:.2f}) in epoch {epoch:.0f} "
        f"and {last:.2f} at "
        f"the end (epoch {ended}); one who always answers a half has {GUESSING:.2f}. At the end "
        f"{train:.2f} of the training pictures "
        f"are right and {validation:.2f} of the validation pictures ({_over(described)})."
    )
    grew, by_heart = last > GREW * low, train - validation > OVERFIT
    if grew and by_heart:
        why = (
            "It learns its training pictures by heart and grows sure of itself, also on pictures it "
            "cannot tell. The loss "
            "counts how sure a wrong answer is, accuracy only that it is wrong: so the loss climbs while "
            "accuracy stays."
        )
    elif grew:
        why = (
            "It grows although the training pictures are hardly learnt better than the others: not learning by heart, "
            "but answers that are surer than they are right."
        )
    else:
        why = f"In these rows it does not grow (by a factor of {GREW} or more)."
    other = _at_other_size(bank, SMALL_PX if size == DESCRIBED_PX else DESCRIBED_PX)
    return [f"{why} {figures}\n", *other, f"![loss by epoch]({GROWTH})\n"]


def _at_other_size(bank: Bank, size: int) -> list[str]:
    """Say how the training went at the size that was not trained longest, networks that died at once apart."""
    described = bank.a("as described", size)
    dead = died(described, LOSS)
    alive = {seed: one for seed, one in described.items() if seed not in dead}
    if not described:
        return []
    epochs = " or ".join(map(str, sorted({one.epochs for one in described.values()})))
    words = f"At {size} px and after {epochs} half epochs"
    if dead:
        loss = sum(described[seed].curves[LOSS][-1] for seed in dead) / len(dead)
        words += (
            f" {len(dead)} of {len(described)} seeds had died in the first: one class for every picture, "
            f"sure of it, at a loss of {loss:.2f} to the end;"
        )
    if alive:
        low, epoch, last = lowest_and_last(alive, LOSS)
        train, validation = (
            sum(values(alive, name).values()) / len(alive) for name in ("accuracy", VALIDATION)
        )
        words += (
            f" {'the others have' if dead else 'it has'} {train:.2f} of the training pictures right and "
            f"{validation:.2f} of the validation pictures, and a loss that is lowest ({low:.2f}) in epoch "
            f"{epoch:.0f} and {last:.2f} at the end."
        )
    return [f"{words.rstrip(';')}\n"]


def _over(trained: Trained) -> str:
    return "1 seed" if len(trained) == 1 else f"means of {len(trained)} seeds"


def _amount(results: Path) -> list[Section]:
    cheaper = f"at {SMALL_PX} px and with mirroring alone"
    asked = (
        ("described", f"the training as described, {cheaper}", SMALL),
        ("own", page.OWN, ""),
    )
    return page.studies(results, "amount", "Is the set too small?", "pellets", asked)
