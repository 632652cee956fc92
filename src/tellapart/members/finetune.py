"""Member `finetune`: the pretrained network tuned end to end, one net per fold, averaged.

The frozen network looks first: that gives every net its fitted head, and shows which mirrorings and turns leave the
label as it is. The first fold then shows whether the member can win at all.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tellapart.evaluate.calibration import fit_calibrator
from tellapart.members.canvases import Canvases, make_canvases
from tellapart.members.detail_net import Schedule
from tellapart.members.frozen_look import FrozenLook, look
from tellapart.members.member import Fitted, Job, Write
from tellapart.members.policy import POLICIES
from tellapart.members.rival import Rival, find_rival
from tellapart.members.scores import balanced_accuracy, log_losses, softmax
from tellapart.members.tuned_net import TunedNet, logits, tune
from tellapart.pictures.view import View
from tellapart.tuning_plan import REPORTS

RESERVE_SECONDS = 10.0  # for choosing, testing and the report
FIRST_STEPS = 8  # after so many the time of all folds is known well enough to stop what cannot end
NONE = np.array([], dtype=np.int64)
COLUMNS = ("step", "training_loss", "held_out_log_loss", "held_out_balanced_accuracy")


@dataclass(frozen=True)
class Tuned:
    """One net of one round, with what it scored: (n, K) logits of the round's held-out and of the validation part."""

    net: TunedNet
    scored: np.ndarray
    validation: np.ndarray
    history: tuple[dict[str, Any], ...]


class Finetune:
    """The tuned nets of one job."""

    def __init__(self, job: Job, class_weights: tuple[float, ...]) -> None:
        self.job = job
        self.class_weights = np.array(class_weights)
        self.labels = job.pictures.labels
        self.rounds = list(
            job.split.rounds(repeats=1)
        )  # each costs a training; repeats are for cheap members
        self.validation = job.split.indices("validation")
        self.view = View("canvas", *job.plan["finetune.canvas_px"])
        self.size = f"{self.view.height}x{self.view.width}"
        self.step_seconds: float | None = None

    def prepare(self) -> None:
        """Let the frozen network look at the pictures."""
        self.canvases: Canvases = make_canvases(
            self.job.store, self.view, self.job.work / f"finetune-{self.size}.u8", lambda _: None
        )
        self.look: FrozenLook = look(self.job, self.canvases)

    def start(self, number: int) -> TunedNet:
        """Return the net of one round before its first step: its head is fitted on the frozen network.

        Weights of the classes stay in its logits, as in the loss of the training.
        """
        linear = self.look.fit_head(self.labels, self.rounds[number][0], self.class_weights)
        return TunedNet(self.look.axes, linear)

    def train_round(self, number: int, *, more: np.ndarray = NONE) -> Tuned | None:
        """Tune the net of one round, or read it where it is done already; None: the time is too short.

        The pictures at `more` are added to its training.
        """
        kind = "-more" if len(more) else ""
        file = self.job.work / f"finetune-{self.size}-{self.look.policy}-{number}{kind}.npz"
        if file.exists():
            return self._read(file)
        fit, score = self.rounds[number]
        history: list[dict[str, Any]] = []
        schedule = Schedule(
            self.job.plan["finetune.steps"], POLICIES[self.look.policy], tuple(self.class_weights.tolist())
        )

        def report(step: int, loss: float, net: TunedNet) -> None:
            row = self._row(number) | {"step": step, "training_loss": loss}
            if number == 0:  # one held-out curve shows what there is to see; all of them would cost more
                found = softmax(logits(net, self.canvases, score))
                row["held_out_log_loss"] = float(log_losses(found, self.labels[score]).mean())
                row["held_out_balanced_accuracy"] = balanced_accuracy(found.argmax(1), self.labels[score])
            history.append(row)
            self.job.progress.advance(1)

        began, left = time.perf_counter(), len(self.rounds) - number

        def go_on(step: int) -> bool:
            self.step_seconds = (time.perf_counter() - began) / step
            known = step == FIRST_STEPS
            if known and not self.has_time_for(left - step / schedule.steps):
                return False
            return self.job.seconds_left() > RESERVE_SECONDS

        net = tune(
            self.start(number),
            self.canvases,
            np.concatenate([fit, more]),
            self.labels,
            schedule,
            1000 * self.job.seed + number,
            report,
            go_on,
        )
        if net is None:
            return None
        tuned = Tuned(
            net,
            logits(net, self.canvases, score),
            logits(net, self.canvases, self.validation),
            tuple(history),
        )
        _write(file, tuned)
        return tuned

    def has_time_for(self, rounds: float) -> bool:
        """Whether `rounds` more end before the deadline; the first guess is the plan's."""
        if self.step_seconds is None:
            needed = self.job.plan.quoted_seconds["finetune"] * rounds / len(self.rounds)
        else:
            needed = self.step_seconds * self.job.plan["finetune.steps"] * rounds
        return needed < self.job.seconds_left() - RESERVE_SECONDS

    def _row(self, number: int) -> dict[str, Any]:
        return {
            "member": "finetune",
            "stage": f"{self.job.plan['finetune.side_px']} px, {self.look.policy}",
            "fold": number,
        }

    def _read(self, file: Path) -> Tuned:
        number = int(file.stem.removesuffix("-more").rpartition("-")[2])
        with np.load(file, allow_pickle=False) as found:
            net = self.start(number)
            state = {key: torch.from_numpy(found[f"net.{key}"]) for key in net.state_dict()}
            net.load_state_dict(state)
            history = tuple(
                self._row(number)
                | {c: v for c, v in zip(COLUMNS, row.tolist(), strict=True) if not math.isnan(v)}
                for row in found["history"]
            )
            return Tuned(net.eval(), found["scored"], found["validation"], history)


def _write(file: Path, tuned: Tuned) -> None:
    state = {f"net.{name}": value.numpy() for name, value in tuned.net.state_dict().items()}
    history = np.array([[row.get(c, np.nan) for c in COLUMNS] for row in tuned.history], dtype=np.float64)
    temporary = file.with_suffix(".part")
    with temporary.open("wb") as out:
        np.savez(out, scored=tuned.scored, validation=tuned.validation, history=history, **state)
    temporary.replace(file)


def fit_finetune(job: Job, before: Sequence[Fitted]) -> Fitted:
    """Look, tune the first fold's net, and the others where the member may win; see the module."""
    began = time.perf_counter()
    torch.set_num_threads(job.plan.fingerprint["cores"])
    balance = next((one.balance for one in before if one.balance is not None), None)
    member = Finetune(job, (1.0,) * job.classes if balance is None else balance.weights)
    rival, rounds = find_rival(job, before), len(member.rounds)
    if rival is not None and (words := rival.unbeatable()):
        return _without_model(member, [], words, 0.0)
    if not member.has_time_for(rounds):
        words = (
            f"Not tried: it takes about {job.plan.quoted_seconds['finetune']:.0f} s, and "
            f"{max(0.0, job.seconds_left()):.0f} s were left."
        )
        return _without_model(member, [], words, 0.0)
    job.progress.stage("finetune: look", len(job.pictures))
    member.prepare()
    job.progress.stage("finetune", REPORTS * rounds)
    tuned, reason = _tune_all(member, rival)
    seconds = time.perf_counter() - began
    if reason:
        return _without_model(member, tuned, f"{reason} {_said(member)}", seconds)
    return Fitted(
        name="finetune",
        logits=_collect(member, tuned),
        view=member.view,
        write=_writer(tuned),
        refit=lambda more: _refit(member, more),
        seconds=seconds,
        words=f"{rounds} nets. {_said(member)}",
        history=tuple(row for one in tuned for row in one.history),
    )


def _tune_all(member: Finetune, rival: Rival | None) -> tuple[list[Tuned], str]:
    """Return the nets of all rounds, or those there are and why there are no more."""
    tuned: list[Tuned] = []
    for number in range(len(member.rounds)):
        one = member.train_round(number) if member.has_time_for(1) else None
        if one is None:
            return tuned, f"The time was up after {number} of {len(member.rounds)} rounds."
        tuned.append(one)
        if number == 0 and rival is not None:
            scored = member.rounds[0][1]
            # Tuned nets are too sure of themselves, which the choice mends. Mended here on the fold itself, which is
            # generous: that costs time at worst.
            mended = fit_calibrator(one.scored, member.labels[scored]).apply(one.scored)
            if reason := rival.stands(scored, np.log(np.clip(mended, 1e-12, None))):
                return tuned, reason
    return tuned, ""


def _said(member: Finetune) -> str:
    plan = member.job.plan
    policy = POLICIES[member.look.policy].words()
    return (
        f"EfficientNet-Lite0 with {policy} at {member.view.height} x {member.view.width} px, "
        f"{plan['finetune.steps']} steps each after its head was fitted; {member.look.why}"
    )


def _collect(member: Finetune, tuned: Sequence[Tuned]) -> np.ndarray:
    """Return (N, K): out of fold for the training part, the folds' average for the validation part, else nan."""
    rows = np.full((len(member.labels), member.job.classes), np.nan)
    if len(tuned) == len(member.rounds):
        rows[member.validation] = sum(one.validation for one in tuned) / len(tuned)
    for (_, score), one in zip(member.rounds, tuned, strict=False):
        rows[score] = one.scored
    return rows


def _without_model(member: Finetune, tuned: Sequence[Tuned], words: str, seconds: float) -> Fitted:
    history = tuple(row for one in tuned for row in one.history)
    rows = _collect(member, tuned)
    return Fitted("finetune", rows, member.view, None, lambda _: None, seconds, words, history)


def _writer(tuned: Sequence[Tuned]) -> Write:
    return lambda graph, images: graph.average([one.net.write(graph, images) for one in tuned])


def _refit(member: Finetune, more: np.ndarray) -> Write | None:
    """Tune every round's net once more with more pictures, as long as there is time."""
    member.job.progress.stage("finetune, with copies", REPORTS * len(member.rounds))
    tuned = []
    for number in range(len(member.rounds)):
        one = member.train_round(number, more=more) if member.has_time_for(1) else None
        if one is None:
            return None
        tuned.append(one)
    return _writer(tuned)
