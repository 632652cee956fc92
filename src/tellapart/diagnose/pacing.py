"""Long trainings: what an experiment is, so that there is time for all of them.

The program runs first for a share of the time. If it would not be done soon, it and all its changed versions are made
cheaper: smaller pictures where that leaves enough optimiser steps that would not fit otherwise, where even that is not
enough still smaller ones without random changes, then fewer epochs. Other pictures are used only if the program fails,
or works, on them as it does on its own. What is proved that way is tried at full size in the end, as far as there is
time; the answer says how the experiments were reduced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from .edits.prep_augment import unchanged
from .edits.reducing import WHOLE, Reduction
from .proving.trial import SEEDS
from .reading import Program
from .recording import Outcome, Recording
from .speed import LEAST_PLAIN_SIDE_PX, Speed, enough, known_epochs, share_for, speed_of
from .trials.effect import level
from .trials.judged import judge
from .trials.runs import LEAST_SECONDS, Pace, Runs

LOOK_SHARE, LOOK_SECONDS = 1 / 30, 20.0
"""The first look at the program, as a share of the time, and what it has at least."""
FIRST_SHARE = 1 / 6
"""Of the time: what the program may take to be tried as it is."""
TURNS = 9
"""A diagnosis of two faults that hide each other takes 14 runs, two at a time, and some last longer than predicted."""
ALLOWANCE = 1.5
"""Two runs beside each other, and what an estimate from a few epochs may be off by."""
BESIDE = 1.15
"""How much slower a run is beside another, where its speed was measured alone."""
RESERVED_SHARE = 0.4
"""At most so much of the time is kept for runs at full length."""
MOST_CORRECTIONS = 3
"""So many times the epochs of a trial are set by what the last one took."""
NO_END = 10**9
PROBE_SHARE = 1 / 4
"""Of a trial's time: a run that tells the speed of the reduced program."""


@dataclass(frozen=True)
class Shortened:
    """How the experiments on a long training differ from it.

    Attributes
    ----------
    epochs, of
        Of a trial, and of the program; None where the text does not say.
    speed
        Of the program as it is.
    share
        Of the side of the pictures, that those of a trial had.
    refused
        Why they are not smaller although fewer epochs alone leave few steps, or "".
    seen_alike
        Whether the program was judged at full size, too; if not, only its failing on smaller pictures is known.
    plain
        Whether training pictures were shown without the random changes of the program.
    """

    epochs: int
    of: int | None
    speed: Speed
    share: Fraction = WHOLE
    refused: str = ""
    seen_alike: bool = True
    plain: bool = False

    @property
    def full_seconds(self) -> float | None:
        """What two runs at full length take beside each other; None where that cannot be told."""
        return None if self.of is None else self.speed.seconds(self.of) * ALLOWANCE

    @property
    def trial_words(self) -> str:
        """How a trial is shorter, for the log."""
        smaller = f", {_px(self.speed.smaller(self.share).sides)} px" if self.share < WHOLE else ""
        return f"{self.epochs} epochs{smaller}{', no random changes' if self.plain else ''}"

    def __str__(self) -> str:
        whole = f" of its {self.of}" if self.of is not None else ""
        smaller = ""
        if self.share < WHOLE:
            smaller = f" and saw its pictures at {_px(self.speed.smaller(self.share).sides)} px"
            alike = "there was no time to see whether it behaves alike there"
            alike = "where it behaves alike" if self.seen_alike else alike
            plain = " and without random changes" if self.plain else ""
            smaller += f" instead of {_px(self.speed.sides)}{plain}, {alike}"
        refused = f" ({self.refused})" if self.refused else ""
        return (
            f"the training is long: in the experiments it had {self.epochs}{whole} epochs{smaller}{refused}"
        )


def set_pace(program: Program, runs: Runs) -> Shortened | None:
    """Run the program, and make it and its versions cheaper where it takes too long; None where it does not.

    Notes the plan in `Runs.plan`.
    """
    budget = runs.left()
    first = _first(program, runs, budget)
    if first is None:
        return None
    # Where nothing was measured, the first epoch was perhaps half done.
    speed = speed_of(first, program) or Speed(0.0, 2 * max(first.seconds, LEAST_SECONDS), 1.0, ())
    of = known_epochs(program)
    if Reduction(program.file, 1)(program.text) == program.text:
        return None  # cut by the clock, as are its versions
    runs.reserved = _reserve(Shortened(1, of, speed), runs.left())
    refused = ""
    for wish in _wishes(program, Shortened(1, of, speed), runs.left() / TURNS / ALLOWANCE):
        short = _with_smaller_pictures(program, runs, wish, first)
        if isinstance(short, Shortened):
            return short
        refused = f"not at {_px(speed.smaller(wish.share).sides)} px: {short}"
    return _with_fewer_epochs(program, runs, Shortened(1, of, speed, WHOLE, refused), runs.left() / TURNS)


def _wishes(program: Program, short: Shortened, seconds: float) -> Iterator[Shortened]:
    """Yield how pictures might be smaller in a run of so many seconds, what leaves enough steps first."""
    steps = short.speed.epoch_steps * (short.of or float("inf"))
    share = share_for(short.speed, seconds, steps)
    if not enough(short.speed.smaller(share), seconds, steps):
        least = share_for(short.speed, seconds, steps, LEAST_PLAIN_SIDE_PX)
        if least < share and unchanged(program) is not None:
            yield replace(short, share=least, plain=True)
    if share < WHOLE:
        yield replace(short, share=share)


def _first(program: Program, runs: Runs, budget: float) -> Recording | None:
    """Run the program as it is; None where it is done within its share of the time."""
    look = min(max(LOOK_SHARE * budget, LOOK_SECONDS), FIRST_SHARE * budget)
    runs.at(Pace(most_seconds=look, words="a first look"))
    first = runs.run(program.text, SEEDS[0])
    if first.outcome is not Outcome.time_up:
        runs.allow(FIRST_SHARE * budget)
        return None
    speed, epochs = speed_of(first, program), known_epochs(program)
    if look >= FIRST_SHARE * budget or (
        speed is not None and epochs is not None and speed.seconds(epochs) > FIRST_SHARE * budget
    ):
        return first
    runs.at(Pace(most_seconds=FIRST_SHARE * budget))
    again = runs.run(program.text, SEEDS[0])
    return again if again.outcome is Outcome.time_up else None


def _with_smaller_pictures(
    program: Program, runs: Runs, wish: Shortened, first: Recording
) -> Shortened | str:
    """Try the program on smaller pictures; return why not where that cannot be done, or where it behaves otherwise."""
    seconds = runs.left() / TURNS
    guess = wish.speed.smaller(wish.share)

    def reduction(epochs: int) -> Reduction:
        return Reduction(program.file, epochs, wish.share, wish.speed.sides, wish.plain)

    few = guess.epochs_within(guess.setup_seconds + PROBE_SHARE * seconds)
    if reduction(few)(program.text) == replace(reduction(few), share=WHOLE)(program.text):
        return "its text gives no size to change"
    runs.at(Pace(reduction(few), seconds, "to tell its speed"))
    probe = runs.run(program.text, SEEDS[0])
    speed = speed_of(probe, program)
    if probe.outcome is Outcome.crashed or speed is None or speed.step_seconds >= wish.speed.step_seconds:
        return "it does not run there, or no faster"
    seconds = runs.left() / TURNS
    epochs = min(speed.epochs_within(seconds / BESIDE), wish.of or NO_END)
    short = replace(wish, epochs=epochs, seen_alike=better_than_chance(first) is not None)
    runs.at(Pace(reduction(epochs), 2 * seconds, short.trial_words))
    base = runs.begin(program.text, SEEDS[:2])[0].result()  # the second core would have nothing to do
    if not behave_alike(first, base):
        return (
            "it behaves otherwise there"
            if better_than_chance(base) is not None
            else "it could not be judged there"
        )
    runs.plan += _plan(runs, short, speed)
    return short


def _with_fewer_epochs(program: Program, runs: Runs, wish: Shortened, seconds: float) -> Shortened:
    """Run the program with as many epochs as a trial has time for; what that takes corrects their number."""
    short = wish
    for _ in range(MOST_CORRECTIONS):
        epochs = min(short.speed.epochs_within(seconds / BESIDE), wish.of or NO_END)
        short = Shortened(epochs, wish.of, short.speed, WHOLE, wish.refused)
        most = 2 * max(seconds, short.speed.seconds(epochs))
        runs.at(Pace(Reduction(program.file, epochs), most, short.trial_words))
        found = runs.run(program.text, SEEDS[0])
        known = speed_of(found, program)
        if known is None:
            break
        short = replace(short, speed=known)
        better = min(known.epochs_within(seconds / BESIDE), wish.of or NO_END)
        late = found.outcome is Outcome.time_up and better < epochs
        if better < 2 * epochs and not late:
            break
    runs.reserved = 0.0
    runs.reserved = _reserve(short, runs.left())
    runs.plan += _plan(runs, short, short.speed)
    return short


def behave_alike(whole: Recording, reduced: Recording) -> bool:
    """Say whether a program fails, or works, on smaller pictures as it does on its own, as far as both can tell."""
    one, other = better_than_chance(whole), better_than_chance(reduced)
    return other is not None and (one is None or one == other)


def better_than_chance(recording: Recording) -> bool | None:
    """Say whether a run's final weights tell the classes apart; None where no unseen picture judges."""
    judged = judge(recording)
    if judged is None or not judged.unseen:
        return None
    return level([judged]).low > 1 / judged.classes


def _reserve(short: Shortened, left: float) -> float:
    """Return what is kept for runs at full length; where they would take most of the time, nothing."""
    seconds = short.full_seconds
    return seconds if seconds is not None and seconds < RESERVED_SHARE * left else 0.0


def _plan(runs: Runs, short: Shortened, speed: Speed) -> list[str]:
    """Return the plan of the runs, in words, for the log."""
    of = f"{short.of} epochs" if short.of is not None else "epochs without end"
    whole = "" if short.full_seconds is None else f", {short.full_seconds / ALLOWANCE:.0f} s a run"
    steps = short.epochs * speed.epoch_steps
    lines = [
        f"as it is: {short.speed.step_seconds:.2f} s a step, {short.speed.epoch_steps:.0f} steps an epoch, {of}{whole}",
        f"a trial: {short.epochs} epochs, {steps:.0f} steps, {speed.step_seconds:.2f} s a step, "
        f"{speed.seconds(short.epochs):.0f} s",
        f"time left: {runs.left():.0f} s for trials, {runs.at_once} at a time, and {runs.reserved:.0f} s for runs at "
        f"full size",
    ]
    if short.share < WHOLE:
        sides = short.speed.smaller(short.share).sides
        plain = ", without random changes" if short.plain else ""
        lines.insert(1, f"pictures of a trial: {_px(sides)} px instead of {_px(short.speed.sides)}{plain}")
    return [*lines, *([short.refused] if short.refused else [])]


def _px(sides: tuple[int, ...]) -> str:
    return " x ".join(str(one) for one in sides)
