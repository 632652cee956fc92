"""The live doctor of PyTorch: a context manager around a loop written by hand."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import torch

from tellapart.diagnose.recorder.torch_hooks import TorchHooks
from tellapart.errors import WrongKindError

from .attending import Attending, to_standard_error
from .finding import Finding


class Doctor:
    """Watch the training of one PyTorch model, and say what is wrong with it when it is seen.

    Batches, labels, losses, gradients, steps and epochs are found by hooks; nothing else has to be handed over. The
    training is the same with it and without it: weights, outputs, modes and random states. From time to time a few
    pictures that were kept are passed through the model once more; what that changes is put back.

    Parameters
    ----------
    model
        The network that is trained, as it is called in the loop. Within ``DistributedDataParallel`` the inner one.
    say
        Takes each message, a text of several lines; printed to standard error unless told otherwise.

    Raises
    ------
    WrongKindError
        `model` is no ``torch.nn.Module``.

    Examples
    --------
    >>> with Doctor(model) as doctor:  # doctest: +SKIP
    ...     for epoch in range(10):
    ...         train_one_epoch(model, loader)
    >>> doctor.findings  # doctest: +SKIP
    """

    def __init__(self, model: Any, *, say: Callable[[str], None] = to_standard_error) -> None:
        if not isinstance(model, torch.nn.Module):
            raise WrongKindError(
                "Doctor takes the PyTorch model that is trained.",
                found=type(model).__name__,
                where="the first argument of Doctor",
                advice="with Doctor(model): … (for Keras's fit, use tellapart.keras.Doctor as a callback)",
            )
        self.model, self._say_with = model, say
        self._attending = Attending(say)
        self._hooks: TorchHooks | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What has been found so far, in the order in which it was seen."""
        return tuple(self._attending.findings)

    def __enter__(self) -> Self:
        if self._hooks is not None:
            raise WrongKindError(
                "A Doctor watches one training at a time.",
                found="a Doctor that is watching already",
                where="with Doctor(…)",
                advice="make a Doctor of its own for each loop",
            )
        self._attending = Attending(self._say_with)
        self._hooks = TorchHooks(self._attending.session, "", _inner(self.model))
        self._hooks.install(torch)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        hooks, self._hooks = self._hooks, None
        if hooks is not None:
            hooks.patches.undo()
            with self._attending.session.clock.ours():
                hooks.finish()
            self._attending.end(error)


def _inner(model: Any) -> Any:
    """Return the network within its wrapper: a pass of the doctor's alone would leave other processes waiting."""
    parallel = isinstance(model, torch.nn.parallel.DistributedDataParallel)
    return model.module if parallel else model
