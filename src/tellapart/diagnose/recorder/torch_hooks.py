"""PyTorch: loops written by hand, recorded without a change to them.

Seen are: the call of the outermost module with parameters, ``backward``, optimisers' steps, loss functions, and
what loaders yield. A batch's stream is told apart by the data set of its loader, or else by the place in the script
that the call came from; that a stream is the training part shows when ``backward`` or a step follows.
"""

from __future__ import annotations

import functools
import importlib
import weakref
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import weights
from .adapter import KerasAdapter, TorchAdapter
from .patches import Patches
from .place import place_of_call
from .session import Session, array_of, plain_options
from .stream import Shown, Stream
from .torch_labels import LOSSES, compared_labels
from .torch_loaders import Loaders, Yielded
from .watch import Watched

REPEATED = 0.5
"""Without a loader an epoch ends when this share of a batch has been shown in it before."""


@dataclass
class Now:
    """The latest batch of a model."""

    watched: Watched
    stream: Stream
    shown: Shown
    loss: float | None = None
    noted: bool = False
    details: dict[str, Any] = field(default_factory=dict)


class TorchHooks:
    """Installed once ``torch`` is imported.

    Parameters
    ----------
    session
        What is told of it.
    folder
        The script's; "" where every file is.
    model
        The only one that is watched; None: whichever is called from outside of all others.
    """

    def __init__(self, session: Session, folder: str, model: Any = None) -> None:
        self.session, self.folder, self.model = session, folder, model
        self.patches = Patches()
        self._ours: weakref.WeakKeyDictionary[Any, bool] = weakref.WeakKeyDictionary()
        self.loaders = Loaders(session)
        self.now: Now | None = None
        self.torch: Any = None
        self._losses: set[tuple[int, str]] = set()
        self._same: dict[Any, Any] = {}
        self._optimizers: set[tuple[int, int]] = set()
        self._before: weights.Weights | None = None
        self._waiting: Now | None = None

    def install(self, torch: Any) -> None:
        """Patch modules, tensors, optimisers, losses and loaders."""
        self.torch = torch
        if self.model is None:
            self._patch_module(torch.nn.Module)
        else:
            self._hook_model()
        self._patch_backward(torch)
        self._patch_comparison(torch)
        for name, expects in LOSSES.items():
            self._patch_loss(torch.nn.functional, name, expects)
        optimizer = importlib.import_module("torch.optim.optimizer")
        for handle in (
            optimizer.register_optimizer_step_pre_hook(self._before_step),
            optimizer.register_optimizer_step_post_hook(self._after_step),
        ):
            self.patches.later(handle.remove)
        self.loaders.install(torch.utils.data, self.patches)

    def _hook_model(self) -> None:
        """Watch the calls of one model, from within another one too."""
        session = self.session
        begun: list[Now | None] = []

        def before(model: Any, arguments: Any, options: Any) -> None:
            now = None
            if not session.busy:
                with session.clock.ours():
                    now = self._show(model, arguments, options, TorchAdapter)
            begun.append(now)
            session.busy += 1

        def after(_model: Any, _arguments: Any, answer: Any) -> None:
            if not begun:
                return  # another hook of the model failed before ours was called
            session.busy -= 1
            now = begun.pop()
            if now is not None and answer is not None:
                with session.clock.ours():
                    self._answer(now, answer)

        for handle in (
            self.model.register_forward_pre_hook(before, with_kwargs=True),
            self.model.register_forward_hook(after, always_call=True),
        ):
            self.patches.later(handle.remove)

    def _patch_module(self, module: Any) -> None:
        plain, session, hooks = module.__call__, self.session, self

        @functools.wraps(plain)
        def called(model: Any, *arguments: Any, **options: Any) -> Any:
            # Without parameters it is no model: a loss, say, whose parts are to be seen.
            if session.busy or next(model.parameters(), None) is None:
                return plain(model, *arguments, **options)
            session.busy += 1
            now = None
            try:
                with session.clock.ours():
                    now = hooks._show(model, arguments, options, TorchAdapter)
                answer = plain(model, *arguments, **options)
                if now is not None:
                    with session.clock.ours():
                        hooks._answer(now, answer)
            finally:
                session.busy -= 1
            return answer

        self.patches.put(module, "__call__", called)

    def install_keras(self, keras: Any) -> None:
        """Patch the call of a Keras model, for loops written by hand around one."""
        plain, session, hooks = keras.Model.__call__, self.session, self

        @functools.wraps(plain)
        def called(model: Any, *arguments: Any, **options: Any) -> Any:
            symbolic = any(isinstance(one, keras.KerasTensor) for one in arguments)
            if session.busy or symbolic or not model.built or keras.backend.backend() != "torch":
                return plain(model, *arguments, **options)
            session.busy += 1
            now = None
            try:
                with session.clock.ours():
                    now = hooks._show(model, arguments, options, KerasAdapter)
                answer = plain(model, *arguments, **options)
                if now is not None:
                    with session.clock.ours():
                        hooks._answer(now, answer)
            finally:
                session.busy -= 1
            return answer

        self.patches.put(keras.Model, "__call__", called)

    def _show(self, model: Any, arguments: Any, options: Any, adapter: Any) -> Now | None:
        given = next((one for one in (*arguments, *options.values()) if hasattr(one, "ndim")), None)
        if given is None or given.ndim < 2:
            return None
        inputs = array_of(given)
        if inputs is None or inputs.dtype.kind not in "buif":
            return None
        batch = self.loaders.batch_of(given, len(inputs))
        key = self._key(batch, place_of_call(self.folder))
        one = self.session.watched(model, adapter)
        training = bool(options.get("training", model.training))
        self._boundary(one, key, inputs, None if batch is None else batch.turn)
        stream = one.stream(key, source={} if batch is None else batch.source)
        stream.known = None if batch is None else batch.known
        stream.turn = None if batch is None else batch.turn
        shown = one.show(stream, inputs, None if batch is None else batch.labels, training)
        self.now = Now(one, stream, shown)
        return self.now

    def _key(self, batch: Yielded | None, place: tuple[Any, ...]) -> Any:
        """Return what tells a stream apart: the data set and the place, since one may serve for training and tests.

        Where a data set has gone and another comes to the same place, the script makes a new one for each epoch.
        """
        if batch is None:  # one place may serve for both where only gradients are switched
            return None, place, self.torch.is_grad_enabled()
        key = (batch.key, place)
        if key not in self._same:
            gone = [one for one in self._same if one[1] == place and self.loaders.is_gone(one[0])]
            self._same[key] = self._same[gone[-1]] if gone else key
        return self._same[key]

    def _boundary(self, one: Watched, key: Any, inputs: np.ndarray, turn: int | None) -> None:
        """End the epoch where a training stream begins again."""
        stream = one.streams.get(key)
        if stream is None or not stream.trained or not stream.shown:
            return
        if stream.repeats(inputs) >= REPEATED if turn is None else turn != stream.turn:
            one.end_epoch()

    def _answer(self, now: Now, answer: Any) -> None:
        outputs = array_of(answer) if isinstance(answer, self.torch.Tensor) else None
        if outputs is not None and outputs.ndim and len(outputs) == len(now.shown.looks):
            now.stream.answer(now.shown, outputs)
            if answer.requires_grad and not now.stream.trained:
                # A step may pass several batches through before its one backward: all of them train.
                answer.register_hook(functools.partial(_trains, now.stream))

    def _patch_loss(self, functional: Any, name: str, expects: str) -> None:
        plain, session = getattr(functional, name), self.session

        @functools.wraps(plain)
        def loss(given: Any, target: Any, *arguments: Any, **options: Any) -> Any:
            value = plain(given, target, *arguments, **options)
            if not session.busy:
                with session.clock.ours():
                    self._loss_called(name, expects, given, target, options)
            return value

        self.patches.put(functional, name, loss)

    def _loss_called(self, name: str, expects: str, given: Any, target: Any, options: dict[str, Any]) -> None:
        if self.now is None:
            return
        found = array_of(target)
        if found is not None and found.dtype.kind in "buif":
            self.now.stream.label(self.now.shown, found)
        # For each model: a script may train several, one after the other.
        seen = (self.now.watched.number, name)
        if seen not in self._losses:
            self._losses.add(seen)
            self.session.journal.line(
                "loss",
                model=self.now.watched.number,
                name=name,
                expects=expects,
                options=plain_options(options),
                output_shape=list(getattr(given, "shape", ())),
                target_shape=list(getattr(target, "shape", ())),
                target_type=str(getattr(target, "dtype", "")).removeprefix("torch."),
            )

    def _patch_backward(self, torch: Any) -> None:
        plain, session = torch.Tensor.backward, self.session

        @functools.wraps(plain)
        def backward(tensor: Any, *arguments: Any, **options: Any) -> Any:
            if session.busy or self.now is None:
                return plain(tensor, *arguments, **options)
            now, detail = self.now, False
            with session.clock.ours():
                now.stream.trained = True
                detail = now.watched.wants_detail()
                now.details = (
                    {"accumulated": weights.any_gradient(now.watched.adapter.weights())} if detail else {}
                )
                now.loss = float(tensor.detach().float().mean())
            found = plain(tensor, *arguments, **options)
            with session.clock.ours():
                if detail:
                    now.details["gradient_norms"] = weights.gradient_norms(now.watched.adapter.weights())
                self._note_unstepped()
                self._waiting = now
            return found

        self.patches.put(torch.Tensor, "backward", backward)

    def finish(self) -> None:
        """Note what is still open when the script ends."""
        self._note_unstepped()

    def _note_unstepped(self) -> None:
        """Note a backward pass that no optimiser's step followed (or one that the loop did by hand)."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.noted:
            waiting.noted = True
            waiting.watched.stepped(waiting.loss, waiting.stream, stepped=False, **waiting.details)

    def _before_step(self, optimizer: Any, _arguments: Any, _options: Any) -> None:
        if self.session.busy or self.now is None or not self._is_ours(optimizer):
            return
        with self.session.clock.ours():
            one = self.now.watched
            if (one.number, id(optimizer)) not in self._optimizers:
                self._optimizers.add((one.number, id(optimizer)))
                self._note_optimizer(optimizer, one)
            self._before = weights.copies(one.adapter.weights()) if one.wants_detail() else None

    def _after_step(self, optimizer: Any, _arguments: Any, _options: Any) -> None:
        if self.session.busy or self.now is None or not self._is_ours(optimizer):
            return
        with self.session.clock.ours():
            now = self.now
            if self._before is not None:
                now.details["update_ratios"] = weights.changes(self._before, now.watched.adapter.weights())
            if not now.noted:
                now.noted = True
                rates = [float(group["lr"]) for group in optimizer.param_groups if "lr" in group]
                now.watched.stepped(now.loss, now.stream, learning_rates=rates, **now.details)
            self._waiting = None

    def _is_ours(self, optimizer: Any) -> bool:
        """Whether an optimiser is of the model that is watched: of several models each has its own."""
        if self.model is None:
            return True
        if optimizer not in self._ours:
            own = {id(one) for one in self.model.parameters()}
            held = (one for group in optimizer.param_groups for one in group["params"])
            self._ours[optimizer] = any(id(one) in own for one in held)
        return self._ours[optimizer]

    def _note_optimizer(self, optimizer: Any, one: Watched) -> None:
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        wanted = [t for tensors in one.adapter.weights().values() for t in tensors]
        size = sum(t.numel() for t in wanted)
        options = {k: v for k, v in optimizer.param_groups[0].items() if k != "params"}
        self.session.journal.line(
            "optimizer",
            model=one.number,
            name=type(optimizer).__name__,
            options=plain_options({k: str(v) if isinstance(v, tuple) else v for k, v in options.items()}),
            holds=sum(t.numel() for t in wanted if id(t) in held) / size if size else None,
        )

    def _patch_comparison(self, torch: Any) -> None:
        """Learn labels that come from no loader and meet no loss: ``(outputs.argmax(1) == y)``."""
        plain, session = torch.Tensor.__eq__, self.session

        def equal(tensor: Any, other: Any) -> Any:
            now = self.now
            if (
                not session.busy
                and now is not None
                and now.shown.labels is None
                and now.shown.outputs is not None
            ):
                with session.clock.ours():
                    labels = compared_labels(now.shown.outputs, tensor, other)
                    if labels is not None:
                        now.stream.label(now.shown, labels)
            return plain(tensor, other)

        self.patches.put(torch.Tensor, "__eq__", equal)


def _trains(stream: Stream, _gradient: Any) -> None:
    stream.trained = True
