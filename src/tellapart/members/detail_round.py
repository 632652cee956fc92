"""One training of the detail net: a task that runs anywhere, and the file that keeps what it gave."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tellapart.members.canvases import Canvases
from tellapart.members.detail_net import DetailNet, Schedule, logits, train
from tellapart.members.group import Group
from tellapart.members.scores import balanced_accuracy, log_losses, softmax
from tellapart.scale.executor import Advance


@dataclass(frozen=True)
class Round:
    """All that one training needs, wherever it runs.

    Attributes
    ----------
    canvases
        All pictures.
    fit, score, validation
        Indices: of the training, of the round's held-out and of the validation part.
    schedule, seed, threads
        How it is trained; as many threads everywhere, for the same numbers.
    number, stage
        As `history.csv` names it.
    """

    canvases: Canvases
    fit: np.ndarray
    score: np.ndarray
    validation: np.ndarray
    schedule: Schedule
    seed: int
    threads: int
    number: int
    stage: str


@dataclass(frozen=True)
class Trained:
    """One net of one round, with what it scored: (n, K) logits of the round's held-out and of the validation part."""

    net: DetailNet
    scored: np.ndarray
    validation: np.ndarray
    history: tuple[dict[str, Any], ...]


def train_round(one: Round, shared_labels: np.ndarray, *, advance: Advance) -> tuple[Trained | None, float]:
    """Train the net of one round with the (N,) labels of all pictures; return it with the seconds that took.

    Of several processes that train it together, the first returns it; the others return None.
    """
    began = time.perf_counter()
    torch.set_num_threads(one.threads)
    labels, history = shared_labels.copy(), []  # what was sent here cannot be written to, which torch wants

    def report(step: int, loss: float, net: DetailNet) -> None:
        row = {
            "member": "detail",
            "stage": one.stage,
            "fold": one.number,
            "step": step,
            "training_loss": loss,
        }
        if (
            one.number == 0
        ):  # one held-out curve shows what there is to see; all of them would cost as much again
            found = softmax(logits(net, one.canvases, one.score))
            row["held_out_log_loss"] = float(log_losses(found, labels[one.score]).mean())
            row["held_out_balanced_accuracy"] = balanced_accuracy(found.argmax(1), labels[one.score])
        history.append(row)
        advance(1)

    net = train(one.canvases, one.fit, labels, one.schedule, one.seed, report)
    if not Group().first:
        return None, time.perf_counter() - began
    scored, validation = (logits(net, one.canvases, at) for at in (one.score, one.validation))
    return Trained(net, scored, validation, tuple(history)), time.perf_counter() - began


def write_round(file: Path, trained: Trained) -> None:
    """Keep what a round gave, whole or not at all."""
    state = {f"net.{name}": value.numpy() for name, value in trained.net.state_dict().items()}
    columns = ("step", "training_loss", "held_out_log_loss", "held_out_balanced_accuracy")
    history = np.array([[row.get(c, np.nan) for c in columns] for row in trained.history], dtype=np.float64)
    stage = np.array([trained.history[0]["stage"], str(trained.history[0]["fold"])])
    temporary = file.with_suffix(".part")
    with temporary.open("wb") as out:
        np.savez(
            out, scored=trained.scored, validation=trained.validation, history=history, stage=stage, **state
        )
    temporary.replace(file)


def read_round(file: Path, classes: int) -> Trained:
    """Read what a round gave."""
    with np.load(file, allow_pickle=False) as found:
        state = {
            name.removeprefix("net."): torch.from_numpy(found[name])
            for name in found
            if name.startswith("net.")
        }
        net = DetailNet(classes, np.zeros(3), np.ones(3))
        net.load_state_dict(state)
        stage, fold = (str(text) for text in found["stage"])
        columns = ("step", "training_loss", "held_out_log_loss", "held_out_balanced_accuracy")
        history = tuple(
            {"member": "detail", "stage": stage, "fold": int(fold)}
            | {c: v for c, v in zip(columns, row.tolist(), strict=True) if not math.isnan(v)}
            for row in found["history"]
        )
        return Trained(net.eval(), found["scored"], found["validation"], history)
