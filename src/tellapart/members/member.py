"""What every member of the portfolio is given and gives back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.backbones.features import Backbone
from tellapart.backbones.graph import Graph
from tellapart.members.balance import Balance
from tellapart.pictures.collection import Pictures
from tellapart.pictures.store import PictureStore
from tellapart.pictures.view import View
from tellapart.plan import Plan
from tellapart.progress import Progress
from tellapart.scale.executor import Executor, Here
from tellapart.split import Split


@dataclass(frozen=True)
class Job:
    """One training: the pictures, how they are split, the plan, where finished work is kept, and where tasks run."""

    pictures: Pictures
    store: PictureStore
    split: Split
    plan: Plan
    seed: int
    work: Path
    deadline: float
    progress: Progress
    executor: Executor = field(default_factory=Here)

    @property
    def classes(self) -> int:
        """K, the number of classes."""
        return len(self.pictures.classes)

    def seconds_left(self) -> float:
        """Seconds until the time that the user gave is up."""
        return self.deadline - time.monotonic()


Write = Callable[[Graph, str], str]
"""Writes a final model to a graph: (graph, name of the images) -> name of the (N, K) logits."""


@dataclass(frozen=True)
class Fitted:
    """What a member brings to the choice.

    Attributes
    ----------
    name
        The member's.
    logits
        (N, K): out-of-fold for the training part, the folds' average for the validation part; nan for what it has
        not scored (always the sealed part).
    view
        How pictures are prepared for it.
    write
        Writes the final model. None: given up on the way.
    refit
        (n,) indices -> as `write`, of the same model with these pictures added to its training; None where the time
        is too short. Shows what copies of the sealed pictures would have done to the score.
    seconds
        What it took.
    words
        What was decided inside it, and why.
    history
        Rows of `history.csv`.
    balance
        How it weighted the classes, where it decided that; members after it do likewise.
    networks
        Pretrained ones that its model holds; empty: the job's own, or none.
    widened
        Job -> the member with what waits for those after it, or was cut for want of time; None where nothing is left.
    waiting_seconds
        What the part that waits will take.
    """

    name: str
    logits: np.ndarray
    view: View
    write: Write | None
    refit: Callable[[np.ndarray], Write | None]
    seconds: float
    words: str
    history: tuple[dict[str, Any], ...] = field(default=())
    balance: Balance | None = None
    networks: tuple[Backbone, ...] = ()
    widened: Callable[[Job], Fitted] | None = None
    waiting_seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether it scored every picture that a choice rests on."""
        return self.write is not None


Member = Callable[[Job, "tuple[Fitted, ...]"], Fitted]
"""A member: fits on the job, knowing what those before it reached (so that it can give up early)."""
