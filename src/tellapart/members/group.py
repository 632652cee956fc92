"""The processes that train one net together; one alone where there are no others.

Each works on its share of every batch. Gradients, loss and the statistics of batch norms are those of the whole batch,
so that the net is the one that a process alone would train, but for the order in which numbers are added.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import distributed, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel


class Group:
    """Where this process stands among those that train with it.

    Attributes
    ----------
    size
        Processes; 1: alone.
    first
        Whether this is the one that reports and gives the result.
    """

    def __init__(self) -> None:
        several = distributed.is_available() and distributed.is_initialized()
        self.size = distributed.get_world_size() if several else 1
        self._rank = distributed.get_rank() if several else 0
        self.first = self._rank == 0

    def joined(self, net: nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return what is called in place of the net, so that each backward pass leaves the gradients of all."""
        if self.size == 1:
            return net
        return DistributedDataParallel(net, forward_sync_buffers=False)  # they are the same everywhere

    def share(self, batch: torch.Tensor) -> torch.Tensor:
        """Return this process's rows of a batch."""
        return batch if self.size == 1 else batch[self._rank :: self.size]

    def loss(
        self, logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor
    ) -> tuple[torch.Tensor, float]:
        """Return the weighted cross entropy to go back from, and that of the whole batch.

        Parameters
        ----------
        logits
            (n, K) of this process's share.
        targets
            (N,) of the whole batch.
        weights
            (K,) of the classes.
        """
        if self.size == 1:
            loss = functional.cross_entropy(logits, targets, weight=weights)
            return loss, loss.item()
        own = functional.cross_entropy(logits, self.share(targets), weight=weights, reduction="sum")
        own = own / weights[targets].sum()
        # Gradients are averaged over the processes, and are to be added.
        return own * self.size, self._added(own.detach()).item()

    def agree(self, go_on: bool) -> bool:
        """Return whether all go on; each has a clock of its own."""
        if self.size == 1:
            return go_on
        return int(self._added(torch.tensor(int(go_on)))) == self.size

    @staticmethod
    def _added(value: torch.Tensor) -> torch.Tensor:
        value = value.clone()
        distributed.all_reduce(value)
        return value


class BatchNorm(nn.BatchNorm2d):
    """Batch norm with the statistics of all processes' shares; `torch.nn.SyncBatchNorm` wants a GPU."""

    def forward(self, x_NCHW: torch.Tensor) -> torch.Tensor:
        """Normalise by the whole batch while it is trained, else by the running statistics."""
        if not self.training or Group().size == 1:
            return super().forward(x_NCHW)
        count = torch.full((self.num_features,), x_NCHW.numel() / self.num_features)
        sums = torch.stack([x_NCHW.sum((0, 2, 3)), x_NCHW.square().sum((0, 2, 3)), count])
        total, squares, counts = _Added.apply(sums)
        mean = total / counts
        variance = squares / counts - mean.square()
        self._remember(mean.detach(), (variance * counts / (counts - 1)).detach())
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return x_NCHW * scale.view(1, -1, 1, 1) + (self.bias - mean * scale).view(1, -1, 1, 1)

    def _remember(self, mean_C: torch.Tensor, variance_C: torch.Tensor) -> None:
        for running, now in ((self.running_mean, mean_C), (self.running_var, variance_C)):
            if running is not None and self.momentum is not None:
                running.lerp_(now, self.momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)


class _Added(torch.autograd.Function):
    """The sum over all processes, and of their gradients on the way back."""

    @staticmethod
    def forward(_context: Any, value: torch.Tensor) -> torch.Tensor:
        return Group._added(value)

    @staticmethod
    def backward(_context: Any, gradient: torch.Tensor) -> torch.Tensor:
        return Group._added(gradient)
