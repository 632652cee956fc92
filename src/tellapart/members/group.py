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
    own
        This process's rows of a batch.
    """

    def __init__(self) -> None:
        several = distributed.is_available() and distributed.is_initialized()
        self.size = distributed.get_world_size() if several else 1
        rank = distributed.get_rank() if several else 0
        self.first = rank == 0
        self.own = slice(rank, None, self.size)

    def joined(self, net: nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return what is called in place of the net, so that each backward pass leaves the gradients of all."""
        if self.size == 1:
            return net
        return DistributedDataParallel(net, forward_sync_buffers=False)  # they are the same everywhere

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
        own = functional.cross_entropy(logits, targets[self.own], weight=weights, reduction="sum")
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
        normalised, mean, variance, count = _Normalised.apply(x_NCHW, self.weight, self.bias, self.eps)
        self._remember(mean, variance * count / (count - 1))
        return normalised

    def _remember(self, mean_C: torch.Tensor, variance_C: torch.Tensor) -> None:
        for running, now in ((self.running_mean, mean_C), (self.running_var, variance_C)):
            if running is not None and self.momentum is not None:
                running.lerp_(now, self.momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)


class _Normalised(torch.autograd.Function):
    """Batch norm by torch's own kernels, with one sum over the processes on the way there and one on the way back.

    Written out in arithmetic that autograd follows it took as long as the convolutions (decision 16).

    References
    ----------
    Ioffe and Szegedy (2015), Batch normalization, arXiv 1502.03167: the gradient.
    """

    @staticmethod
    def forward(
        context: Any, x_NCHW: torch.Tensor, weight_C: torch.Tensor, bias_C: torch.Tensor, eps: float
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        mean, variance = torch.batch_norm_update_stats(x_NCHW, None, None, 0.0)
        count = torch.full_like(mean, x_NCHW.numel() / len(mean))
        total, squares, counts = Group._added(
            torch.stack([mean * count, (variance + mean.square()) * count, count])
        )
        mean = total / counts
        variance = squares / counts - mean.square()
        context.save_for_backward(x_NCHW, weight_C, mean, variance, counts)
        context.eps = eps
        context.mark_non_differentiable(mean, variance, counts)
        normalised = functional.batch_norm(x_NCHW, mean, variance, weight_C, bias_C, eps=eps)
        return normalised, mean, variance, counts

    @staticmethod
    def backward(context: Any, gradient_NCHW: torch.Tensor, *_: torch.Tensor) -> tuple[Any, ...]:
        x_NCHW, weight_C, mean, variance, counts = context.saved_tensors
        # As if mean and variance were constants; what these add follows from the same two sums.
        onward, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradient_NCHW, x_NCHW, weight_C, mean, variance, None, None, False, context.eps, [True] * 3
        )
        to_weight, to_bias = Group._added(torch.stack([of_weight, of_bias]))
        inverse = torch.rsqrt(variance + context.eps)
        share = weight_C * inverse / counts
        slope = -share * inverse * to_weight
        level = -share * to_bias - slope * mean
        onward.addcmul_(x_NCHW, slope.view(1, -1, 1, 1)).add_(level.view(1, -1, 1, 1))
        return onward, of_weight, of_bias, None
