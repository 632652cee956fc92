"""Member `finetune`: the pretrained network tuned end to end, one net per fold, averaged.

The frozen network looks first: that gives every net its fitted head, and shows which mirrorings and turns leave the
label as it is. The first fold then shows whether the member can win at all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import torch

from tellapart.evaluate.calibration import fit_calibrator
from tellapart.members.beside import train_beside, workers_of
from tellapart.members.canvases import Canvases, make_canvases
from tellapart.members.detail_net import Schedule
from tellapart.members.frozen_look import FrozenLook, look
from tellapart.members.head import Linear
from tellapart.members.member import Fitted, Job, Write
from tellapart.members.policy import POLICIES
from tellapart.members.rival import Rival, find_rival
from tellapart.members.tuned_net import TunedNet
from tellapart.members.tuned_round import Round, Tuned, read_round, tune_round, write_round
from tellapart.pictures.view import View
from tellapart.scale.executor import in_waves
from tellapart.tuning_plan import REPORTS

RESERVE_SECONDS = 10.0  # for choosing, testing and the report
NONE = np.array([], dtype=np.int64)


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
        self.threads: int = job.plan.fingerprint["cores"]
        self.size = f"{self.view.height}x{self.view.width}"
        self.step_seconds: float | None = None

    def prepare(self) -> None:
        """Let the frozen network look at the pictures."""
        self.canvases: Canvases = make_canvases(
            self.job.store, self.view, self.job.work / f"finetune-{self.size}.u8", lambda _: None
        )
        self.look: FrozenLook = look(self.job, self.canvases)

    def head(self, number: int) -> Linear:
        """Return the head of one round, fitted on the frozen network: the net's before its first step.

        Weights of the classes stay in its logits, as in the loss of the training.
        """
        return self.look.fit_head(self.labels, self.rounds[number][0], self.class_weights)

    def train_rounds(self, numbers: Sequence[int], *, more: np.ndarray = NONE) -> list[Tuned | None]:
        """Tune the nets of some rounds beside each other, or read what is done already; None: the time is too short.

        The pictures at `more` are added to their training.
        """
        kind = "-more" if len(more) else ""
        stem = f"finetune-{self.size}-{self.look.policy}"
        files = {number: self.job.work / f"{stem}-{number}{kind}.npz" for number in numbers}
        rounds = {number: self._round(number, more) for number, file in files.items() if not file.exists()}
        shared = (self.look.axes, self.labels)
        steps = self.job.plan["finetune.steps"]
        workers = workers_of(self.job, len(rounds), self.threads, steps, self._expected_seconds())
        found: dict[int, Tuned | None] = {}
        for number, (tuned, seconds) in train_beside(
            self.job, tune_round, rounds, self.threads, shared, workers
        ):
            found[number], self.step_seconds = tuned, seconds
            if tuned is not None:
                write_round(files[number], tuned)
        return [
            found[number]
            if number in rounds
            else read_round(file, TunedNet(self.look.axes, self.head(number)), self._row(number))
            for number, file in files.items()
        ]

    def _round(self, number: int, more: np.ndarray) -> Round:
        fit, score = self.rounds[number]
        plan = self.job.plan
        return Round(
            self.canvases,
            np.concatenate([fit, more]),
            score,
            self.validation,
            self.head(number),
            Schedule(plan["finetune.steps"], POLICIES[self.look.policy], tuple(self.class_weights.tolist())),
            1000 * self.job.seed + number,
            self.threads,
            self._row(number),
            self.job.seconds_left() - RESERVE_SECONDS,
            self.waves(number),
        )

    def waves(self, number: int) -> int:
        """Return how often rounds have to follow each other from round `number` on."""
        return -(-(len(self.rounds) - number) // self.job.executor.slots(self.threads))

    def has_time_for(self, rounds: float) -> bool:
        """Whether `rounds` more end before the deadline."""
        return rounds * self._expected_seconds() < self.job.seconds_left() - RESERVE_SECONDS

    def _expected_seconds(self) -> float:
        """Return what a round takes on one worker; the first guess is the plan's."""
        if self.step_seconds is None:
            return self.job.plan.quoted_seconds["finetune"] / len(self.rounds)
        return self.step_seconds * float(self.job.plan["finetune.steps"])

    def _row(self, number: int) -> dict[str, Any]:
        return {
            "member": "finetune",
            "stage": f"{self.job.plan['finetune.side_px']} px, {self.look.policy}",
            "fold": number,
        }


def fit_finetune(job: Job, before: Sequence[Fitted]) -> Fitted:
    """Look, tune the first fold's net, and the others where the member may win; see the module."""
    began = time.perf_counter()
    torch.set_num_threads(job.plan.fingerprint["cores"])  # of the look
    balance = next((one.balance for one in before if one.balance is not None), None)
    member = Finetune(job, (1.0,) * job.classes if balance is None else balance.weights)
    rival, rounds = find_rival(job, before), len(member.rounds)
    if rival is not None and (words := rival.unbeatable()):
        return _without_model(member, [], words, 0.0)
    if not member.has_time_for(1 + member.waves(1)):
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
    # The first alone: it shows whether the others are worth their time.
    waves = in_waves(member.job.executor, range(1, len(member.rounds)), member.threads)
    for wave in chain([[0]], waves):
        found = member.train_rounds(wave) if member.has_time_for(1) else [None]
        tuned += _until_late(found)
        if None in found:
            return tuned, f"The time was up after {len(tuned)} of {len(member.rounds)} rounds."
        if wave == [0] and rival is not None:
            scored = member.rounds[0][1]
            # Tuned nets are too sure of themselves, which the choice mends. Mended here on the fold itself, which is
            # generous: that costs time at worst.
            mended = fit_calibrator(tuned[0].scored, member.labels[scored]).apply(tuned[0].scored)
            if reason := rival.stands(scored, np.log(np.clip(mended, 1e-12, None))):
                return tuned, reason
    return tuned, ""


def _until_late(found: Sequence[Tuned | None]) -> Iterator[Tuned]:
    """Yield the rounds before the first that came too late: they are counted from the first on."""
    for one in found:
        if one is None:
            return
        yield one


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
    tuned: list[Tuned] = []
    for wave in in_waves(member.job.executor, range(len(member.rounds)), member.threads):
        found = member.train_rounds(wave, more=more) if member.has_time_for(1) else [None]
        tuned += _until_late(found)
        if None in found:
            return None
    return _writer(tuned)
