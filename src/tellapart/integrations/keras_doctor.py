"""The live doctor of Keras 3: a callback of ``fit``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from tellapart.diagnose.recorder.adapter import KerasAdapter
from tellapart.diagnose.recorder.keras_facts import compiled, numbers
from tellapart.diagnose.recorder.keras_hooks import KerasHooks

from .attending import Attending, to_standard_error
from .finding import Finding
from .keras_logs import KerasLogs


class Doctor(keras.callbacks.Callback):
    """Watch ``fit``, and say what is wrong with the training when it is seen.

    The training is the same with it and without it: weights, outputs, modes and random states. On the PyTorch backend
    it sees every batch; from time to time a few pictures that were kept are passed through the model once more, and
    what that changes is put back. On other backends the steps are compiled: it sees losses, metrics, weights and
    layers, and says less.

    Parameters
    ----------
    say
        Takes each message, a text of several lines; printed to standard error unless told otherwise.

    Examples
    --------
    >>> doctor = Doctor()  # doctest: +SKIP
    >>> model.fit(x, y, validation_data=(v, w), callbacks=[doctor])  # doctest: +SKIP
    >>> doctor.findings  # doctest: +SKIP
    """

    def __init__(self, *, say: Callable[[str], None] = to_standard_error) -> None:
        super().__init__()
        self._say_with = say
        self._attending = Attending(say)
        self._hooks: KerasHooks | None = None
        self._logs: KerasLogs | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What has been found so far in the latest ``fit``, in the order in which it was seen."""
        return tuple(self._attending.findings)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras's signature
        """Begin to watch."""
        self._let_go()  # of a `fit` that an error ended outside of its steps
        self._attending = attending = Attending(self._say_with)
        if keras.backend.backend() != "torch":
            self._logs = KerasLogs(attending, self.model, self.params)
            return
        session = attending.session
        self._hooks = hooks = KerasHooks(session)
        hooks.keras = keras
        with session.clock.ours():
            one = session.watched(self.model, KerasAdapter)
            session.journal.line("compiled", model=one.number, **compiled(self.model, dict(self.params)))
            hooks.begin("train")
            hooks.watch_steps(self.model)
            self._end_with_errors()

    def _end_with_errors(self) -> None:
        """Have the last look when a step fails: Keras does not tell its callbacks."""
        model, attending = self.model, self._attending
        watched = model.train_step

        def train_step(*data: Any, **options: Any) -> Any:
            try:
                return watched(*data, **options)
            except BaseException as error:
                self._let_go()
                attending.end(error)
                raise

        if self._hooks is not None:
            self._hooks.patches.put(model, "train_step", train_step)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras's
        """Take the loss where nothing else shows it."""
        if self._logs is not None:
            self._logs.step(numbers(dict(logs or {})))

    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras's signature
        """Tell the batches of validation apart."""
        if self._hooks is not None:
            self._hooks.begin("validation")

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras's signature
        """Go back to training."""
        if self._hooks is not None:
            self._hooks.begin("train")

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras's
        """Close the epoch, and ask."""
        session, found = self._attending.session, numbers(dict(logs or {}))
        if self._logs is not None:
            self._logs.epoch(found)
        elif self._hooks is not None:
            with session.clock.ours():
                session.watched(self.model, KerasAdapter).end_epoch(found)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras's signature
        """Ask for the last time, and sum up."""
        self._let_go()
        self._attending.end()

    def _let_go(self) -> None:
        hooks, self._hooks, self._logs = self._hooks, None, None
        if hooks is not None:
            hooks.patches.undo()
