"""Pictures -> an endless stream of batches, as Keras's folder generator gives them, and what ``fit`` takes of it.

The stream is a function of the batch's number, so that it does not matter how often, or how far ahead, Keras asks.
(A plain Python generator would not do: at every validation, Keras 3 puts back the two batches that it looked at
first.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import augment
from .reading import Labelled

# Each random stream of its own, so that an option which draws more from one leaves the others as they were.
ORDER, AUGMENTATION = 1, 2


@dataclass(frozen=True)
class Stream:
    """Goes through the pictures again and again; who takes fewer batches than a pass has goes on where it stood.

    That is how ``fit`` with 25 steps of 10 an epoch sees half of 500 pictures in the first epoch and the other half
    in the second: the order is drawn anew when a pass is complete, not when an epoch ends.

    Attributes
    ----------
    part
        The pictures.
    batch
        Pictures in a batch; the last of a pass may have fewer.
    seed
        Of the order and the augmentation.
    shuffled
        Whether each pass has an order of its own, or always that of `part`.
    augmentation
        How every picture is changed at random, see `augment.draw`.
    two_classes
        Whether the targets are one-hot (for a softmax) instead of 0 and 1.
    """

    part: Labelled
    batch: int
    seed: tuple[int, ...] = (0,)
    shuffled: bool = False
    augmentation: augment.Augment = "none"
    two_classes: bool = False

    @property
    def batches_per_pass(self) -> int:
        """How many batches show every picture once."""
        return -(-len(self.part) // self.batch)

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Return batch `number`, counted from 0 over all epochs.

        Returns
        -------
        images_NHWC, targets
            float32 in 0..1; float32 of shape (N, 1), or (N, 2) with `two_classes`.
        """
        which, within = divmod(number, self.batches_per_pass)
        chosen = self._order(which)[within * self.batch : (within + 1) * self.batch]
        images_NHWC = self.part.images[chosen].astype(np.float32)
        if self.augmentation != "none":
            rng = np.random.default_rng([*self.seed, AUGMENTATION, number])
            images_NHWC = np.stack(
                [augment.apply(image, augment.draw(rng, self.augmentation)) for image in images_NHWC]
            )
        images_NHWC /= np.float32(255)
        return images_NHWC, targets(self.part.labels[chosen], self.two_classes)

    def _order(self, which: int) -> np.ndarray:
        if not self.shuffled:
            return np.arange(len(self.part))
        return np.random.default_rng([*self.seed, ORDER, which]).permutation(len(self.part))


def targets(labels: np.ndarray, two_classes: bool) -> np.ndarray:
    """Return what the net is to answer: float32 (N, 1), or one-hot (N, 2).

    Never (N,): beside an answer of shape (N, 1), a product in a metric would silently become (N, N).
    """
    if two_classes:
        return np.eye(2, dtype=np.float32)[labels]
    return labels.astype(np.float32)[:, None]


def epochs_of(keras: Any, stream: Stream, steps: int) -> Any:
    """Return a ``keras.utils.PyDataset`` of `steps` batches: those of the epoch that ``begin(epoch)`` names."""

    class EpochOf(keras.utils.PyDataset):
        def __init__(self) -> None:
            super().__init__()
            self.first = 0

        def begin(self, epoch: int) -> None:
            self.first = epoch * steps

        @property
        def num_batches(self) -> int:
            return steps

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            return stream[self.first + index]

    return EpochOf()
