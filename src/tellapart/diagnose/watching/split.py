"""Which pictures are in which part."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.observed import Part
from tellapart.diagnose.reading.fact import Fact
from tellapart.diagnose.scoring import score_again

from .odds import missing_class, shares_differ
from .registry import Clear, Sign, rule
from .view import View, number_of

NOT_BY_CHANCE = 0.001
"""A split is not random where chance gives so uneven a one in fewer than one set of a thousand."""
ONE_SIDED = 0.95
"""A part of which all but one in twenty pictures are of one class was cut out of an ordered set."""
CLEARLY = 0.1
"""Shares of a class that differ by a tenth change figures; less is chance's doing or does not matter."""
HANDFUL = 5
"""With fewer pictures of a class one more or less right moves its recall by more than 20 %."""
SAME = 0.99
"""But for one in a hundred, the same pictures: as parts are told apart in `tellapart.diagnose.gathered.parts`."""
SOME_SHARED, FEW_SHARED = 0.02, 3
"""Single copies occur in collected sets; from two in a hundred and three on it is the way of splitting."""
FEW_NEAR, MANY_NEAR, FEWEST_NEAR = 0.05, 0.2, 5
"""Of drawn honest sets (discs, gratings, noise, digits; 20 to 75 judged pictures) up to 15 % seem to have near copies;
sets split after copying have 40 to 80 %. Up to 5 % is nothing."""
MOSTLY = 0.5
"""Of a part of which so many pictures are empty nobody can say whose they are: all empty pictures look the same."""
FEW_POSSIBLE = 0.1
"""So many exact repetitions within the training part say that there are few different pictures at all."""
WIDE, VERY_WIDE = 0.3, 0.45
"""Width of a 95 % interval that cannot tell a usable network (.8) from one at chance (.5), or hardly."""


def _counts(view: View, part: Part) -> tuple[list[int], list[int]]:
    """Return class counts of training and of a part, for one pass each: augmented pictures count once."""
    train = view.train
    names = sorted({*part.labels_kept, *(train.labels_kept if train is not None else ())}, key=float)
    found = []
    for one in (train, part):
        kept = {} if one is None else one.labels_kept
        total, shown = sum(kept.values()), 0 if one is None or not one.passes else one.passes[0].pictures
        scale = min(1.0, shown / total) if total else 0.0
        found.append([round(kept.get(name, 0) * scale) for name in names])
    return found[0], found[1]


@rule(
    "split.ordered",
    "a class is missing from a part; shuffled and stratified, the score is another",
    prevents=False,
)
def ordered(view: View) -> Iterator[Sign | Clear]:
    """Look for classes that a random split would not have left out."""
    clear = []
    for part in view.judging:
        train, own = _counts(view, part)
        n, sizes = sum(train) + sum(own), (sum(train), sum(own))
        if not all(sizes) or len(own) < 2:
            continue
        both = [a + b for a, b in zip(train, own, strict=True)]
        for counts, size, name in ((train, sizes[0], "train"), (own, sizes[1], part.name)):
            missing = [at for at, count in enumerate(counts) if not count]
            chance = min((missing_class(both[at], n, size) for at in missing), default=1.0)
            purest = max(counts) / size
            if chance < NOT_BY_CHANCE:
                words = f"The {name} part holds {counts} pictures: {len(missing)} of {len(both)} classes are missing"
                yield Sign(
                    f"{words}, which chance does in one split of {1 / max(chance, 1e-9):.0g}.",
                    0.95,
                    _where(view),
                )
            elif purest > ONE_SIDED and shares_differ(train, own) < NOT_BY_CHANCE:
                yield Sign(f"{purest:.0%} of the {name} part are of one class.", 0.8, _where(view))
            elif not missing:
                clear.append(f"{name} {counts}")
    if clear:
        yield Clear(f"Every part holds every class: {', '.join(dict.fromkeys(clear))}.")


def _where(view: View) -> Fact | None:
    splits = () if view.program is None else view.program.splits
    return splits[0] if splits else view.place_of("validation")


@rule(
    "split.not_stratified",
    "a stratified split gives parts with the same shares, and another score",
    prevents=False,
)
def not_stratified(view: View) -> Iterator[Sign | Clear]:
    """Test the class shares of the parts against a random split, exactly."""
    for part in view.judging:
        train, own = _counts(view, part)
        if not sum(train) or not sum(own) or len(own) < 2:
            continue
        chance = shares_differ(train, own)
        gap = max(abs(a / sum(train) - b / sum(own)) for a, b in zip(train, own, strict=True))
        words = f"Classes have {train} pictures in the training part and {own} in the {part.name} part"
        if chance < NOT_BY_CHANCE:
            yield Sign(
                f"{words}: no random split (p = {chance:.1g}).", 0.6 if gap >= CLEARLY else 0.35, _where(view)
            )
        elif 0 < min(own) < HANDFUL:
            yield Sign(f"{words}: {min(own)} of the rarest say little.", 0.4, _where(view))
        else:
            yield Clear(f"{words}, as a random split gives (p = {chance:.2g}).")


@rule("split.leak", "split by picture or group, the held-out score falls", prevents=False)
def leak(view: View) -> Iterator[Sign | Clear]:
    """Look for the same pictures in two parts."""
    for part in view.judging:
        share = part.shared.get("train", 0.0)
        if view.train is None or share >= SAME or part.share_constant > MOSTLY:
            continue
        count = round(share * part.pictures)
        yield from _near(view, part)
        if not count:
            continue
        certainty = 0.9 if share >= SOME_SHARED and count >= FEW_SHARED else 0.5
        if part.inputs is not None and part.inputs.constant:
            certainty = 0.3  # what is shared may be the empty ones
        words = (
            f"{count} of the {part.pictures} pictures of the {part.name} part are in the training part too"
        )
        yield Sign(f"{words}{_without(view, part)}.", certainty, _where(view))


def _near(view: View, part: Part) -> Iterator[Sign | Clear]:
    """Look for noisy, mirrored, shifted copies; rule a leak out where there are neither these nor exact ones."""
    near, train = view.near(part.name), view.train
    exact = bool(part.shared.get("train"))
    share = 0.0 if near is None or not near.compared else len(near.looks) / near.compared
    if near is None or share <= FEW_NEAR:
        if not exact:
            also = (
                "exact copies" if near is None else "neither as it is nor mirrored, turned or little changed"
            )
            yield Clear(f"No picture of the {part.name} part is in the training part ({also}).")
        return
    # Pictures drawn from a few hundred possible ones repeat, mirrored too, without having been copied.
    few_possible = train is not None and train.copies > FEW_POSSIBLE * max(train.pictures, 1)
    if share < MANY_NEAR or len(near.looks) < FEWEST_NEAR or few_possible:
        return
    words = (
        f"{len(near.looks)} of {near.compared} pictures of the {part.name} part are far nearer to one training "
        "picture, mirrored or turned or as it is, than to others: as copies with noise, flips, small shifts are"
    )
    yield Sign(f"{words}{_without(view, part, near.looks)}.", 0.6, _where(view))


def _without(view: View, part: Part, near: tuple[int, ...] = ()) -> str:
    """Say what the score is without the shared pictures, where they were kept."""
    known = view.kept("train")
    shared = () if known is None else (*known.looks.tolist(), *near)
    rest = None if known is None else score_again(view.training, part.name, without=shared)
    if rest is None:
        return ""
    whole, own = number_of(view.measures(part.name), "accuracy"), number_of(rest, "accuracy")
    return f"; without them the accuracy is {own:.2f} instead of {whole:.2f} (on {rest['n']} pictures)"


@rule(
    "split.validation_is_training",
    "validation follows training; unseen pictures score far worse",
    prevents=False,
)
def validation_is_training(view: View) -> Iterator[Sign | Clear]:
    """Look for a judging part that is the training part, or a piece of it."""
    for part in view.judging:
        share = part.shared.get("train", 0.0)
        if part.share_constant > MOSTLY:
            continue
        if share >= SAME:
            words = f"All {part.pictures} pictures of the {part.name} part are training pictures."
            yield Sign(words, 0.97, view.place_of(part.name))
        elif not share:
            yield Clear(f"None of the {part.pictures} pictures of the {part.name} part is trained on.")


@rule("split.validation_too_small", "another split of the same size gives another score", prevents=False)
def validation_too_small(view: View) -> Iterator[Sign | Clear]:
    """Look for a score whose interval says nothing."""
    part, measures = view.judged, view.of_judged
    if part is None or measures is None:
        return
    value, low, high = (number_of(measures, "balanced_accuracy", end) for end in ("value", "low", "high"))
    words = (
        f"{measures['n']} pictures in the {part.name} part: its balanced accuracy of {value:.2f} may be anything from "
        f"{low:.2f} to {high:.2f}"
    )
    if high - low > WIDE:
        yield Sign(f"{words}.", 0.65 if high - low > VERY_WIDE else 0.5, view.place_of(part.name))
    elif high - low == high - low:
        yield Clear(f"{words}.")
