"""A doctor at work, whatever the framework: keeps the record, asks at chosen moments, says each thing once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from tellapart.diagnose.causes.catalogue import CAUSES
from tellapart.diagnose.gathering import trainings
from tellapart.diagnose.recorder.closing import score
from tellapart.diagnose.recorder.session import Session
from tellapart.diagnose.recorder.stream import Means
from tellapart.diagnose.recorder.watch import Watched
from tellapart.diagnose.recording import Failure, Outcome, Recording
from tellapart.diagnose.watching.view import View

from .asking import CONSEQUENCES, OVER, suspected
from .finding import PREFIX, Finding, summary
from .ledger import Ledger
from .symptoms import seen

MEANS = Means(
    share=0.03, detail_share=0.01, first_seconds=0.1, pictures=512, picture_bytes=32 * 2**20, values=20_000
)
"""What is always looked at (which pictures, which values) is in it; what is asked in the end is not.

A mean of 20,000 values of a batch is good to .7 % of the spread."""
FIRST_STEPS, THEN_TIMES = 4, 8
"""Steps before it is asked for the first time, and by what factor the next time within an epoch is later."""
SCORED, LEAST_SCORED = 64, 32
"""Pictures of each part asked for again, in both modes, when it is asked; at the end as many as are kept and time
allows, and at least so many: a gap of a quarter between the modes shows in them."""
CLOSING_SHARE, CLOSING_SECONDS = 0.01, 0.1
"""Of the training's time for the end, and at least as many seconds."""
LOOKING_SECONDS = 0.05
"""What a look at the layers and some scores take in a small network; after the first, what that one took."""
STOPPED_BY_HAND = ("KeyboardInterrupt",)


def to_standard_error(words: str) -> None:
    """Print a message; the line that a progress bar has begun is ended first."""
    print(f"\n{words}", file=sys.stderr, flush=True)


class Attending:
    """One training under watch.

    Parameters
    ----------
    say
        Takes each message, when it is due.

    Attributes
    ----------
    session
        What the recorder's hooks are given.
    findings
        What has been said, in order.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self.ledger = say, Ledger()
        self.session = Session(self.ledger, means=MEANS, met=self._meet)
        self.findings: list[Finding] = []
        self._next_step, self._next_epoch = FIRST_STEPS, 1
        self._steps = self._epochs = 0
        self._broken = self._over = False
        self._looking_seconds = LOOKING_SECONDS

    def _meet(self, one: Watched) -> None:
        one.after_step, one.after_epoch = self.step, self.epoch

    def step(self, one: Watched) -> None:
        """Take note that a step is over; ask, if it is time."""
        last = self.ledger.last_step
        broken = not self._broken and last is not None and isinstance(last["loss"], str)
        if not broken and one.step < self._next_step:
            return
        self._broken = self._broken or broken
        if one.step >= self._next_step:
            self._next_step *= THEN_TIMES
        with self.session.clock.ours():
            self._ask(one, one.epoch)

    def epoch(self, one: Watched) -> None:
        """Take note that an epoch is over; ask after the first, the second, the fourth and so on."""
        if self._over or one.epoch < self._next_epoch:
            return
        with self.session.clock.ours():
            self._next_epoch = 2 * one.epoch
            if self.session.clock.allows(self._looking_seconds):
                begun = time.monotonic()
                one.probe("end")
                self._score_some(one, SCORED)
                self._looking_seconds = time.monotonic() - begun
            self._ask(one, one.epoch)

    def end(self, error: BaseException | None = None) -> None:
        """Ask for the last time, say what there is in all, and let everything go; what follows is not watched.

        Parameters
        ----------
        error
            What ended the training, if it was not its own end.
        """
        if self._over:
            return
        self._over = True
        clock = self.session.clock
        for _, one in self.session.models.values():
            with clock.ours():
                one.end_epoch()
                one.probe("end")
                self._score_some(one, MEANS.pictures)
                self._ask(one, OVER, error)
            self._steps, self._epochs = self._steps + one.step, self._epochs + one.epoch
        self._note_own_faults()
        self._say(summary(self.findings, self._epochs, self._steps, clock.spent / max(clock.own(), 1e-9)))
        self.session, self.ledger = Session(Ledger(), means=MEANS), Ledger()

    def _note_own_faults(self) -> None:
        faults = [one["text"] for one in self.ledger.lines if one["kind"] == "note"]
        if faults:
            self._say(f"{PREFIX}: not everything could be watched: {faults[0]}")

    def _score_some(self, one: Watched, most: int) -> None:
        """Score kept pictures in both modes, as many as time allows."""
        clock = self.session.clock
        seconds = max(CLOSING_SECONDS, CLOSING_SHARE * clock.own())
        each = one.seconds_per_score
        if most <= SCORED and not clock.allows(2 * len(one.streams) * SCORED * each):
            return
        deadline = time.monotonic() + seconds
        affordable = most if not each else int(seconds / (2 * len(one.streams) * each))
        training = next((stream for stream in one.streams.values() if stream.trained), None)
        for stream in sorted(one.streams.values(), key=lambda stream: stream.trained):
            if stream.role != "predict" and time.monotonic() < deadline:
                score(one, stream, training, deadline, min(most, max(affordable, LEAST_SCORED)))

    def _ask(self, one: Watched, epochs: int, error: BaseException | None = None) -> None:
        view = self._view(one, error)
        if view is None:
            return
        for found in self._found(view, epochs, one):
            said = {each.code for each in self.findings}
            hidden = found.code in CONSEQUENCES and any(each not in CONSEQUENCES for each in said)
            if found.code not in said and not hidden:
                self.findings.append(found)
                self._say(str(found))

    def _found(self, view: View, epochs: int, one: Watched) -> Iterator[Finding]:
        # Of an epoch that has just ended the next has not begun.
        when = {"epoch": max(one.epoch + one.shown_since_epoch, 1), "step": one.step}
        for suspicion in suspected(view, epochs):
            cause = CAUSES[suspicion.code]
            yield Finding(
                suspicion.code, cause.title, suspicion.words, cause.fix, certainty=suspicion.certainty, **when
            )
        for symptom in seen(view, epochs):
            yield Finding(
                symptom.code,
                symptom.title,
                symptom.words,
                symptom.advice,
                certainty=symptom.certainty,
                **when,
            )

    def _view(self, one: Watched, error: BaseException | None) -> View | None:
        """Return what the rules look at: the record so far, the epoch that goes on included."""
        lines, arrays = one.unfinished()
        unfinished = f"epoch-{one.number}-{one.epoch}"
        found = trainings(
            [*self.ledger.lines, *lines],
            lambda name: arrays if name == unfinished and lines else self.ledger.arrays_of(name),
        )
        training = next((each for each in found if each.n_steps or error is not None), None)
        return None if training is None else View(_recording(training, error), training)


def _recording(training: Any, error: BaseException | None) -> Recording:
    by_hand = error is None or type(error).__name__ in STOPPED_BY_HAND
    return Recording(
        outcome=Outcome.finished if error is None else Outcome.time_up if by_hand else Outcome.crashed,
        failure=None if by_hand else Failure(type(error).__name__, str(error)),
        seconds=0.0,
        overhead_seconds=0.0,
        closing_seconds=0.0,
        peak_bytes=0,
        output="",
        output_bytes=0,
        replaced=(),
        kept_inside=(),
        refused=(),
        processes=(),
        windows=0,
        files_read=0,
        notes=(),
        versions={},
        trainings=(training,),
    )
