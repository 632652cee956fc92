"""Keras 3: ``compile``, ``fit``, ``evaluate`` and ``predict`` as the script calls them, and every batch within.

A model's own ``train_step``, ``test_step``, ``predict_step`` and ``compute_loss`` (the places Keras documents for
such a thing) are wrapped when it is compiled; what a subclass has put there is called as before. Batches are thus
seen as they reach the model, wherever they come from: arrays, generators, ``PyDataset``, folder iterators,
``tf.data``. On other backends than PyTorch these run inside a compiled graph; there only what callbacks see is
recorded.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from . import weights
from .adapter import KerasAdapter
from .keras_facts import compiled, finite, numbers, source_of, trained_on
from .patches import Patches
from .session import Session, array_of
from .stream import Shown, Stream
from .watch import Watched


class KerasHooks:
    """Installed once ``keras`` is imported."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.role = ""
        self.key: Any = None
        self.source: dict[str, Any] = {}
        self.known: int | None = None
        self.validation: Any = None
        self.kept: dict[Any, Any] = {}
        self.keras: Any = None
        self._now: tuple[Watched, Stream, Shown] | None = None
        self._loss: float | None = None
        self.patches = Patches()

    def install(self, keras: Any) -> None:
        """Patch ``keras.Model``."""
        self.keras = keras
        if keras.backend.backend() != "torch":
            self.session.journal.line(
                "note",
                text=f"Keras runs on {keras.backend.backend()}: only what its callbacks see is recorded",
            )
        model = keras.Model
        for name, around in (
            ("compile", self._compile),
            ("fit", self._fit),
            ("evaluate", self._evaluate),
            ("predict", self._predict),
            ("train_on_batch", self._on_batch("train")),
            ("test_on_batch", self._on_batch("validation")),
            ("predict_on_batch", self._on_batch("predict")),
        ):
            owner = next(one for one in model.__mro__ if name in vars(one))
            setattr(owner, name, self._around(getattr(owner, name), around))

    def _around(self, plain: Callable[..., Any], around: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(plain)

        @functools.wraps(plain)
        def patched(model: Any, *arguments: Any, **options: Any) -> Any:
            return around(plain, signature, model, arguments, options)

        return patched

    def _compile(self, plain: Any, _signature: Any, model: Any, arguments: Any, options: Any) -> Any:
        result = plain(model, *arguments, **options)
        if self.keras.backend.backend() == "torch":
            self.watch_steps(model)
        return result

    def watch_steps(self, model: Any) -> None:
        """Wrap a model's own steps, unless they are."""
        for name, wrap in (
            ("train_step", self._train_step),
            ("test_step", self._test_step),
            ("predict_step", self._predict_step),
            ("compute_loss", self._compute_loss),
        ):
            wrapped = getattr(model, name)
            if not hasattr(wrapped, "_watched"):
                new = wrap(model, wrapped)
                new._watched = True
                self.patches.put(model, name, new)

    def _fit(self, plain: Any, signature: Any, model: Any, arguments: Any, options: Any) -> Any:
        bound = signature.bind(model, *arguments, **options)
        given = bound.arguments
        one = self.session.watched(model, KerasAdapter)
        self.session.journal.line("compiled", model=one.number, **compiled(model, given))
        callbacks = given.get("callbacks")
        ours = self._callback(one)
        if isinstance(callbacks, self.keras.callbacks.CallbackList):
            callbacks.append(ours)
        else:
            own = (
                []
                if callbacks is None
                else list(callbacks)
                if isinstance(callbacks, (list, tuple))
                else [callbacks]
            )
            given["callbacks"] = [*own, ours]
        before = (self.role, self.key, self.source, self.known)
        self._from("train", given.get("x"))
        self.known = trained_on(self.known, given)
        validation = given.get("validation_data")
        self.validation = (
            validation[0] if isinstance(validation, (tuple, list)) and validation else validation
        )
        self.session.busy += 1
        try:
            return plain(*bound.args, **bound.kwargs)
        finally:
            self.session.busy -= 1
            self.role, self.key, self.source, self.known = before
            with self.session.clock.ours():
                one.end_epoch()  # what an exception, or the script's own stop, left open

    def begin(self, role: str) -> None:
        """Say what the next batches of a ``fit`` are for, where its callbacks tell; ``train`` or ``validation``."""
        self.role, self.key, self.source, self.known = role, (role, "fit"), {"kind": "fit"}, None
        self._now = None

    def _from(self, role: str, x: Any) -> None:
        """Say where the next batches come from; what `fit` has validated on is the same part later."""
        if role == "evaluated" and ("validation", id(x)) in self.kept:
            role = "validation"
        self.role, self.key = role, (role, id(x))
        self.kept[self.key] = x  # alive, so that nothing else gets its identity
        self.source, self.known = source_of(x)
        self._now = None  # the last batch of another call, or of another model

    def _evaluate(self, plain: Any, signature: Any, model: Any, arguments: Any, options: Any) -> Any:
        inside = options.get("_use_cached_eval_dataset", False)
        given = signature.bind(model, *arguments, **options).arguments
        before = (self.role, self.key, self.source, self.known)
        self._from("validation" if inside else "evaluated", self.validation if inside else given.get("x"))
        key = self.key
        self.session.busy += 1
        try:
            found = plain(model, *arguments, **options)
        finally:
            self.session.busy -= 1
            self.role, self.key, self.source, self.known = before
        if not inside:
            with self.session.clock.ours():
                self._note_evaluation(model, key, found)
        return found

    def _note_evaluation(self, model: Any, key: Any, found: Any) -> None:
        one = self.session.watched(model, KerasAdapter)
        stream = one.streams.get(key)
        if stream is not None:
            # As a list they have no names; the metrics keep their results until they are used again.
            reported = found if isinstance(found, dict) else model.get_metrics_result()
            self.session.journal.line(
                "evaluated",
                model=one.number,
                stream=stream.number,
                step=one.step,
                reported=finite(numbers(reported)),
            )

    def _predict(self, plain: Any, signature: Any, model: Any, arguments: Any, options: Any) -> Any:
        before = (self.role, self.key, self.source, self.known)
        self._from("predict", signature.bind(model, *arguments, **options).arguments.get("x"))
        self.session.busy += 1
        try:
            return plain(model, *arguments, **options)
        finally:
            self.session.busy -= 1
            self.role, self.key, self.source, self.known = before

    def _on_batch(self, role: str) -> Callable[..., Any]:
        def around(plain: Any, _signature: Any, model: Any, arguments: Any, options: Any) -> Any:
            if self.session.busy:
                return plain(model, *arguments, **options)
            before = (self.role, self.key, self.source, self.known)
            self.role, self.key, self.source, self.known = (
                role,
                (role, "on batch"),
                {"kind": f"{role} on batch"},
                None,
            )
            self.session.busy += 1
            try:
                return plain(model, *arguments, **options)
            finally:
                self.session.busy -= 1
                self.role, self.key, self.source, self.known = before

        return around

    def _show(self, model: Any, data: Any) -> None:
        x, y, _ = self.keras.utils.unpack_x_y_sample_weight(data)
        one = self.session.watched(model, KerasAdapter)
        inputs = array_of(x) if not isinstance(x, (list, tuple, dict)) else None
        self._now, self._loss = None, None
        if inputs is None or inputs.ndim < 2:
            return
        labels = None if y is None or isinstance(y, (list, tuple, dict)) else array_of(y)
        role = "" if self.role == "evaluated" else self.role
        stream = one.stream(self.key, role, self.source)
        stream.known = self.known
        x = self.kept.get(self.key)
        if stream.batch_at is None and hasattr(x, "__getitem__") and "batches" in self.source:
            stream.batch_at = functools.partial(self._batch_at, x)
        self._boundary(one, stream, role)
        self._now = one, stream, one.show(stream, inputs, labels, self.role == "train")

    def _batch_at(self, x: Any, number: int) -> Any:
        return array_of(self.keras.utils.unpack_x_y_sample_weight(x[number])[0])

    def _boundary(self, one: Watched, stream: Stream, role: str) -> None:
        """With hand-written loops over ``train_on_batch`` an epoch ends where training comes after evaluation."""
        looping = self.key == (role, "on batch")
        if looping and role == "train" and any(s.shown for s in one.streams.values() if s is not stream):
            one.end_epoch()

    def _train_step(self, model: Any, plain: Any) -> Any:
        def train_step(*data: Any, **options: Any) -> Any:
            clock, before = self.session.clock, None
            one = self.session.watched(model, KerasAdapter)
            with clock.ours():
                self._show(model, data[-1])
                close_look = one.wants_detail()
                before = weights.copies(one.adapter.weights()) if close_look else None
            held: list[bool] = []
            look = (lambda: held.append(weights.any_gradient(one.adapter.weights()))) if before else None
            with self._at_backward(look):
                found = plain(*data, **options)
            with clock.ours():
                details: dict[str, Any] = {}
                if before is not None:
                    now = one.adapter.weights()
                    details = {
                        "accumulated": held[0] if held else None,
                        "gradient_norms": weights.gradient_norms(now),
                        "update_ratios": weights.changes(before, now),
                    }
                rate = getattr(model.optimizer, "learning_rate", None)
                one.stepped(
                    self._loss,
                    self._now[1] if self._now else None,
                    learning_rates=[] if rate is None else [float(getattr(rate, "value", rate))],
                    **details,
                )
            return found

        return train_step

    @contextmanager
    def _at_backward(self, look: Callable[[], None] | None) -> Iterator[None]:
        """Look right before every ``backward``: what gradients there are then, this one is added to."""
        if look is None or self.keras.backend.backend() != "torch":
            yield
            return
        tensor = sys.modules["torch"].Tensor
        plain = tensor.backward

        @functools.wraps(plain)
        def backward(*arguments: Any, **options: Any) -> Any:
            with self.session.clock.ours():
                look()
            return plain(*arguments, **options)

        tensor.backward = backward
        try:
            yield
        finally:
            tensor.backward = plain

    def _test_step(self, model: Any, plain: Any) -> Any:
        def test_step(*data: Any, **options: Any) -> Any:
            if self.role == "train":
                self._now = None  # an evaluation of its own in the midst of training: which part is not known
                return plain(*data, **options)
            with self.session.clock.ours():
                self._show(model, data[-1])
            return plain(*data, **options)

        return test_step

    def _predict_step(self, model: Any, plain: Any) -> Any:
        def predict_step(*data: Any, **options: Any) -> Any:
            if self.role != "predict":
                return plain(*data, **options)
            with self.session.clock.ours():
                self._show(model, data[-1])
            answer = plain(*data, **options)
            with self.session.clock.ours():
                self._answer(answer)
            return answer

        return predict_step

    def _compute_loss(self, _model: Any, plain: Any) -> Any:
        def compute_loss(*arguments: Any, **options: Any) -> Any:
            if self._now is None:
                return plain(*arguments, **options)  # Keras tries the model on a batch without values
            with self.session.clock.ours():
                # First: a loss that refuses these outputs ends the script.
                self._answer(options.get("y_pred", arguments[2] if len(arguments) > 2 else None))
            value = plain(*arguments, **options)
            with self.session.clock.ours():
                self._loss = None if value is None else float(value.detach().float().mean())
            return value

        return compute_loss

    def _answer(self, answer: Any) -> None:
        if self._now is None or answer is None or isinstance(answer, (list, tuple, dict)):
            return
        _, stream, shown = self._now
        outputs = array_of(answer)
        if (
            outputs is not None
            and outputs.ndim
            and len(outputs) == len(shown.looks)
            and shown.outputs is None
        ):
            stream.answer(shown, outputs)

    def _callback(self, one: Watched) -> Any:
        session = self.session

        class Watching(self.keras.callbacks.Callback):  # type: ignore[name-defined]
            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras's signature
                with session.clock.ours():
                    one.end_epoch(numbers(logs or {}))

        return Watching()
