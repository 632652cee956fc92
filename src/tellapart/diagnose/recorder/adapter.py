"""One way to ask a model of either framework; whatever is asked leaves it, and every generator, as it was.

Both are modules of PyTorch here: Keras runs on its PyTorch backend or is watched from its callbacks only.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from .passing import activation_facts, operations_of

Layers = list[tuple[str, Any]]


class Adapter(Protocol):
    """What the recorder asks of a model."""

    framework: str

    def facts(self) -> dict[str, Any]:
        """Return class and numbers of weights."""
        ...

    def is_ready(self) -> bool:
        """Whether all weights have their shapes: a pass of the recorder's must not be the one that makes them."""
        ...

    def weights(self) -> dict[str, list[Any]]:
        """Return the trainable tensors of each layer."""
        ...

    def score(self, inputs: np.ndarray, training: bool) -> np.ndarray | None:
        """Return the outputs (N, K) for inputs as fed, or None where it takes more than one array."""
        ...

    def layers(self, inputs: np.ndarray) -> tuple[list[dict[str, Any]], list[str]]:
        """Pass inputs through in evaluation mode; return facts of each layer, and the operations in order."""
        ...


class TorchAdapter:
    """A ``torch.nn.Module``."""

    framework = "torch"

    def __init__(self, module: Any) -> None:
        self.module = module

    def facts(self) -> dict[str, Any]:
        """Return class and numbers of weights."""
        parameters = list(self.module.parameters())
        return {
            "framework": self.framework,
            "name": type(self.module).__name__,
            "parameters": sum(p.numel() for p in parameters),
            "trainable": sum(p.numel() for p in parameters if p.requires_grad),
        }

    def weights(self) -> dict[str, list[Any]]:
        """Return the trainable tensors of each layer."""
        found: dict[str, list[Any]] = {}
        for name, parameter in self.module.named_parameters():
            if parameter.requires_grad:
                found.setdefault(name.rpartition(".")[0] or name, []).append(parameter)
        return found

    def is_ready(self) -> bool:
        """Whether all weights have their shapes."""
        from torch.nn.parameter import is_lazy

        return not any(is_lazy(one) for one in self.module.parameters())

    @contextlib.contextmanager
    def spared(self) -> Iterator[None]:
        """Let a pass in training mode change copies of the running statistics.

        Not put back by value: a graph that waits for its backward pass may hold them.
        """
        kept = [(module, dict(module._buffers)) for module in self.module.modules() if module._buffers]
        for module, buffers in kept:
            for name, buffer in buffers.items():
                module._buffers[name] = None if buffer is None else buffer.detach().clone()
        try:
            yield
        finally:
            for module, buffers in kept:
                module._buffers.update(buffers)

    def call(self, inputs: Any, training: bool) -> Any:
        """Pass a tensor through."""
        self.module.train(training)
        return self.module(inputs)

    def score(self, inputs: np.ndarray, training: bool) -> np.ndarray | None:
        """Return the outputs (N, K) in float64."""
        import torch

        parameter = next(iter(self.module.parameters()), None)
        given = torch.from_numpy(np.ascontiguousarray(inputs))
        if parameter is not None:
            given = given.to(parameter.device)
        with undisturbed(self, training), torch.no_grad():
            answer = self.call(given, training)
        if not isinstance(answer, torch.Tensor):
            return None
        outputs = answer.detach().cpu().to(torch.float64).numpy()
        return outputs.reshape(len(outputs), -1) if len(outputs) == len(inputs) else None

    def layers(self, inputs: np.ndarray) -> tuple[list[dict[str, Any]], list[str]]:
        """Pass inputs through and look at what every layer gives."""
        found: list[dict[str, Any]] = []
        with self._watched(found), operations_of() as operations:
            self.score(inputs, training=False)
        return found, operations

    @contextlib.contextmanager
    def _watched(self, found: list[dict[str, Any]]) -> Iterator[None]:
        handles = []
        for name, layer in self.module.named_modules():
            if not any(True for _ in layer.children()):
                handles.append(layer.register_forward_hook(self._looks_at(name, found)))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    @staticmethod
    def _looks_at(name: str, found: list[dict[str, Any]]) -> Any:
        def look(layer: Any, given: Any, answer: Any) -> None:
            weights = list(layer.parameters())
            found.append(
                {
                    "name": name,
                    "kind": type(layer).__name__,
                    "parameters": sum(w.numel() for w in weights),
                    "trainable": sum(w.numel() for w in weights if w.requires_grad),
                    "by_batch": _by_batch(layer),
                    **activation_facts(given[0] if given else None, answer, channels=1),
                }
            )

        return look


def _by_batch(layer: Any) -> bool:
    """Say whether a layer has no running statistics to normalise by when it is evaluated."""
    from torch.nn.modules.batchnorm import _BatchNorm

    return isinstance(layer, _BatchNorm) and layer.running_mean is None


class KerasAdapter(TorchAdapter):
    """A Keras model on the PyTorch backend."""

    framework = "keras"

    def facts(self) -> dict[str, Any]:
        """Return class and numbers of weights."""
        size = lambda weights: int(sum(np.prod(w.shape) for w in weights))  # noqa: E731 - used twice, here
        return {
            "framework": self.framework,
            "name": type(self.module).__name__,
            "parameters": size(self.module.weights),
            "trainable": size(self.module.trainable_weights),
        }

    def weights(self) -> dict[str, list[Any]]:
        """Return the trainable tensors of each layer."""
        found: dict[str, list[Any]] = {}
        for variable in self.module.trainable_weights:
            found.setdefault(variable.path.rpartition("/")[0] or variable.name, []).append(variable.value)
        return found

    def is_ready(self) -> bool:
        """Whether all weights have their shapes: unbuilt models are not watched."""
        return True

    @contextlib.contextmanager
    def spared(self) -> Iterator[None]:
        """Put back what a pass in training mode changes: moving statistics and the states of generators."""
        import torch

        values = [variable.value for variable in self.module.variables if not variable.trainable]
        kept = [(value, value.detach().clone()) for value in values]
        try:
            yield
        finally:
            with torch.no_grad():
                for value, before in kept:
                    value.copy_(before)

    def call(self, inputs: Any, training: bool) -> Any:
        """Pass a tensor through."""
        self.module.train(training)
        return self.module(inputs, training=training)

    @contextlib.contextmanager
    def _watched(self, found: list[dict[str, Any]]) -> Iterator[None]:
        # Keras's layers do not run PyTorch's forward hooks.
        layers = [layer for layer in self.module._flatten_layers() if _is_leaf(layer)]
        for layer in layers:
            object.__setattr__(layer, "call", self._calls(layer, found))
        try:
            yield
        finally:
            for layer in layers:
                object.__delattr__(layer, "call")

    @staticmethod
    def _calls(layer: Any, found: list[dict[str, Any]]) -> Any:
        plain = layer.call
        size = lambda weights: int(sum(np.prod(w.shape) for w in weights))  # noqa: E731 - used twice, here
        channels = 1 if getattr(layer, "data_format", "") == "channels_first" else -1

        def call(*arguments: Any, **options: Any) -> Any:
            answer = plain(*arguments, **options)
            activation = getattr(layer, "activation", None)
            found.append(
                {
                    "name": layer.name,
                    "kind": type(layer).__name__,
                    "activation": getattr(activation, "__name__", "") or type(activation).__name__
                    if activation is not None
                    else "",
                    "parameters": size(layer.weights),
                    "trainable": size(layer.trainable_weights),
                    **activation_facts(arguments[0] if arguments else None, answer, channels=channels),
                }
            )
            return answer

        return call


def _is_leaf(layer: Any) -> bool:
    within = [one for one in layer._flatten_layers(include_self=False) if one is not layer]
    return not within and "call" not in vars(layer)


@contextlib.contextmanager
def undisturbed(adapter: TorchAdapter, training: bool) -> Iterator[None]:
    """Put back modes, generators and, after a pass in training mode, running statistics."""
    import torch

    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    modes = [(module, module.training) for module in adapter.module.modules()]
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002 - the script's own
    try:
        with adapter.spared() if training else contextlib.nullcontext():
            yield
    finally:
        for module, mode in modes:
            object.__setattr__(module, "training", mode)
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002 - the script's own
        torch.set_rng_state(states[2])
        if cuda:
            torch.cuda.set_rng_state_all(cuda)
