"""The recorder's memory: the hooks of both frameworks tell it what happens, it keeps and writes it.

One `Watched` for each model; streams, steps and epochs belong to a model.
"""

from __future__ import annotations

import contextlib
import math
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from . import weights
from .adapter import Adapter
from .journal import Notes
from .stream import Means, Shown, Stream

FIRST_STEPS = 3
MOST_STEPS, THEN_EVERY = 2000, 10
PROBED = 32
"""Pictures passed through to look at the layers."""
TRAINING_SAMPLE = 64
"""Training pictures scored after each epoch; at the end all that were kept are."""


class Clock:
    """The script's time and the recorder's.

    Parameters
    ----------
    note
        Told what went wrong in the recorder: never the script's fault, and never to be raised in it.
    means
        How much of the script's time may be spent.

    Attributes
    ----------
    busy
        Above 0 while the recorder itself, or a framework's own loop, calls the model: calls from below are not the
        script's.
    spent
        Seconds of the recorder's own.
    shown
        Batches shown to any model so far.
    free
        Set once the script is over: nothing is held up any more.
    """

    def __init__(self, note: Callable[[str], None], means: Means) -> None:
        self._note, self.means = note, means
        self.begun = time.monotonic()
        self.spent = 0.0
        self.free = False
        self.busy = self.shown = 0
        self._depth = 0
        self._since: tuple[float, float] | None = None

    @contextlib.contextmanager
    def ours(self) -> Iterator[None]:
        """Count the block as the recorder's; blocks may stand in each other. An error in it ends it, and is noted."""
        begun, self._depth, self.busy = time.monotonic(), self._depth + 1, self.busy + 1
        try:
            yield
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            self._note(f"not recorded: {error!r} ({Path(where.filename).name}, line {where.lineno})"[:300])
        finally:
            self._depth, self.busy = self._depth - 1, self.busy - 1
            if not self._depth:
                self.spent += time.monotonic() - begun

    def own(self) -> float:
        """Return the script's own seconds so far."""
        return time.monotonic() - self.begun - self.spent

    def training_begins(self) -> None:
        """Count what is optional against the training alone: imports and reading take time, but are not held up."""
        if self._since is None:
            self._since = self.own(), self.spent

    def allows(self, seconds: float = 0.0, share: float | None = None) -> bool:
        """Whether there is time for something optional that takes about `seconds`; all of that at most `share`."""
        own, spent = self._since or (0.0, 0.0)
        most = (self.means.share if share is None else share) * (self.own() - own) + self.means.first_seconds
        return self.free or self.spent - spent + seconds < most


class Watched:
    """One model.

    Attributes
    ----------
    streams
        By what tells them apart.
    epoch, step
        Numbers of those going on.
    latest
        Number of the stream that the model looked at last.
    turn
        When that was, by `Clock.shown`.
    after_step, after_epoch
        Called once a step, an epoch is noted.
    """

    def __init__(self, number: int, adapter: Adapter, journal: Notes, clock: Clock) -> None:
        self.number, self.adapter, self.journal, self.clock = number, adapter, journal, clock
        self.streams: dict[Any, Stream] = {}
        self.epoch = self.step = self._epoch_step = 0
        self.latest: int | None = None
        self.turn = 0
        self.after_step: Callable[[Watched], None] = _nothing
        self.after_epoch: Callable[[Watched], None] = _nothing
        self.losses: list[float] = []
        self.shown_since_epoch = False
        self._weights_before: weights.Weights | None = None
        self._epoch_own = clock.own()
        self._probed = False
        self.seconds_per_score = 0.0

    def stream(self, key: Any, role: str = "", source: dict[str, Any] | None = None) -> Stream:
        """Return the stream of this key; a new one the first time."""
        if key not in self.streams:
            self.streams[key] = Stream(len(self.streams), role, source or {}, means=self.clock.means)
        return self.streams[key]

    def show(self, stream: Stream, inputs: np.ndarray, labels: np.ndarray | None, training: bool) -> Shown:
        """Take in a batch that goes into the model."""
        self.shown_since_epoch, self.latest = True, stream.number
        self.clock.shown += 1
        self.turn = self.clock.shown
        self.clock.training_begins()
        one = stream.show(inputs, labels, training)
        if not self._probed and self.adapter.is_ready():
            self._probed = True
            self.probe("begin")
        return one

    def probe(self, when: str) -> None:
        """Look at the layers as some pictures pass through them."""
        inputs = self._sample(PROBED)
        if inputs is None:
            return
        facts = self.adapter.facts()
        if self._weights_before is None:
            self._weights_before = weights.copies(self.adapter.weights(), sampled=True)
        try:
            layers, operations = self.adapter.layers(inputs)
        except Exception as error:
            self.journal.line("note", text=f"the layers could not be looked at: {error!r}"[:300])
            layers, operations = [], []
        self.journal.line(
            "model", model=self.number, when=when, facts=facts, layers=layers, operations=operations
        )

    def _sample(self, most: int) -> np.ndarray | None:
        stream = next((s for s in self.streams.values() if s.trained and s.pool), None) or next(
            (s for s in self.streams.values() if s.pool), None
        )
        return None if stream is None else stacked(list(stream.pool.values())[:most])

    def wants_detail(self) -> bool:
        """Whether this step is looked at closely: the first ones, those of powers of 2, others as time allows."""
        is_power = self.step & (self.step - 1) == 0
        return self.step < FIRST_STEPS or is_power or self.clock.allows(share=self.clock.means.detail_share)

    @property
    def is_training(self) -> bool:
        """Whether this epoch has steps."""
        return self._epoch_step < self.step

    def stepped(self, loss: float | None, stream: Stream | None, **fields: Any) -> None:
        """Note one training step."""
        if stream is not None:
            stream.trained = True
        if loss is not None:
            self.losses.append(loss)
        finite = loss is None or math.isfinite(loss)
        if self.step < MOST_STEPS or self.step % THEN_EVERY == 0 or not finite:
            self.journal.line(
                "step", model=self.number, number=self.step, epoch=self.epoch, loss=_json(loss), **fields
            )
        self.step += 1
        self.after_step(self)

    def end_epoch(self, reported: dict[str, float] | None = None) -> None:
        """Close the epoch: what was shown, what is true now, how far the weights went."""
        if not self.shown_since_epoch:
            return
        line, arrays = self._epoch_so_far()
        for stream in self.streams.values():
            if stream.shown and not stream.trained and stream.role != "predict":
                arrays |= self._true(stream, stream.shown)
            stream.shown = []
        arrays |= self._training_sample()
        self.journal.arrays(f"epoch-{self.number}-{self.epoch}", arrays)
        line["reported"] = {key: _json(value) for key, value in (reported or {}).items()}
        self.journal.line("epoch", **line, changes=self._weight_changes())
        for stream in self.streams.values():
            self.journal.line("stream", model=self.number, **stream.facts())
        self.journal.flush()
        self.epoch, self.losses, self.shown_since_epoch = self.epoch + 1, [], False
        self._epoch_step = self.step
        self.after_epoch(self)
        self._epoch_own = self.clock.own()

    def unfinished(self) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
        """Return what the journal would be told of the epoch that goes on, if it ended now: lines and arrays."""
        if not self.shown_since_epoch:
            return [], {}
        line, arrays = self._epoch_so_far()
        streams = [{"kind": "stream", "model": self.number, **one.facts()} for one in self.streams.values()]
        return [{"kind": "epoch", **line, "reported": {}, "changes": {}}, *streams], arrays

    def _epoch_so_far(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        passes: list[dict[str, Any]] = []
        arrays: dict[str, np.ndarray] = {}
        for stream in self.streams.values():
            if stream.shown:
                facts, found = stream.so_far()
                passes.append(facts)
                arrays |= found
        line = {
            "model": self.number,
            "number": self.epoch,
            "steps": self.step - self._epoch_step,
            "seconds": self.clock.own() - self._epoch_own,
            "loss": _json(float(np.mean(self.losses))) if self.losses else None,
            "passes": passes,
        }
        return line, arrays

    def _weight_changes(self) -> dict[str, Any]:
        now = self.adapter.weights()
        before, self._weights_before = self._weights_before, weights.copies(now, sampled=True)
        found = weights.changes(before, now, sampled=True) if before else {}
        return {name: _json(value) for name, value in found.items()}

    def _true(self, stream: Stream, shown: list[Shown]) -> dict[str, np.ndarray]:
        """Score the whole part in evaluation mode where the script has not just done exactly that."""
        seen = {look for one in shown for look in one.looks.tolist()}
        complete = seen.issuperset(stream.pool) and not any(one.training for one in shown)
        if complete and all(one.outputs is not None for one in shown):
            return {}
        return self._scored(f"{stream.number}_true", stream, len(stream.pool))

    def _training_sample(self) -> dict[str, np.ndarray]:
        """Score some training pictures: a fixed sample, so that epochs can be compared."""
        stream = next((s for s in self.streams.values() if s.trained), None)
        return {} if stream is None else self._scored(f"{stream.number}_true", stream, TRAINING_SAMPLE)

    def _scored(self, name: str, stream: Stream, most: int) -> dict[str, np.ndarray]:
        # Evenly spaced: the pool may be in class order.
        chosen = [
            list(stream.pool)[i]
            for i in np.linspace(0, len(stream.pool) - 1, min(most, len(stream.pool))).astype(int)
        ]
        if not chosen or not self.clock.allows(self.seconds_per_score * len(chosen)):
            return {}
        begun = time.monotonic()
        outputs = self.scores(stream, chosen, training=False)
        self.seconds_per_score = (time.monotonic() - begun) / len(chosen)
        if outputs is None:
            return {}
        return {f"{name}_looks": np.array(chosen, dtype=np.int64), f"{name}_outputs": outputs}

    def scores(
        self, stream: Stream, chosen: list[int], *, training: bool, prepare: Any = None
    ) -> np.ndarray | None:
        """Return the outputs (N, K) for pictures of a stream's pool, in batches as large as the script's."""
        found = []
        size = max(stream.largest_batch, 1) if training else 64
        for start in range(0, len(chosen), size):
            inputs = stacked([stream.pool[look] for look in chosen[start : start + size]])
            if inputs is None:
                return None
            try:
                outputs = self.adapter.score(inputs if prepare is None else prepare(inputs), training)
            except Exception as error:
                self.journal.line("note", text=f"the model could not be asked again: {error!r}"[:300])
                return None
            if outputs is None:
                return None
            found.append(outputs)
        return np.concatenate(found) if len({one.shape[1] for one in found}) == 1 else None


def stacked(pictures: list[np.ndarray]) -> np.ndarray | None:
    """Return one batch, or None where the pictures differ in size."""
    return np.stack(pictures) if pictures and len({one.shape for one in pictures}) == 1 else None


def _nothing(_one: Watched) -> None:
    """Tell nobody."""


def _json(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else str(value)
