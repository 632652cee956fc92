"""Member `detail`: small nets trained from scratch near native resolution, one per fold, averaged.

Before all folds are trained, looks at the first fold settle what only evidence can: which turns and mirrorings
leave the label as it is, how large the pictures must be, and whether the member can win at all.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tellapart.members.beside import train_beside, workers_of
from tellapart.members.canvases import Canvases, make_canvases
from tellapart.members.detail_net import Schedule
from tellapart.members.detail_round import Round, Trained, read_round, train_round, write_round
from tellapart.members.member import Fitted, Job, Write
from tellapart.members.policy import POLICIES
from tellapart.members.rival import Rival, find_rival
from tellapart.members.scores import balanced_accuracy, log_losses, paired_gain, softmax
from tellapart.pictures.view import View
from tellapart.scale.executor import in_waves

SOLVED = 0.99
"""Balanced accuracy on the first fold at which neither another policy nor more pixels can add much."""
NONE = np.array([], dtype=np.int64)


@dataclass(frozen=True)
class Look:
    """What one look at the first fold found."""

    level: int
    policy: str
    trained: Trained
    losses: np.ndarray
    balanced_accuracy: float

    def words(self, side: int) -> str:
        """Say what was found."""
        policy = POLICIES[self.policy].words()
        figures = f"log loss {self.losses.mean():.3f}, balanced accuracy {self.balanced_accuracy:.3f}"
        return f"{side} px with {policy}: {figures}"


class Detail:
    """The detail nets of one job."""

    def __init__(self, job: Job, class_weights: tuple[float, ...]) -> None:
        self.job = job
        self.class_weights = class_weights
        self.labels = job.pictures.labels
        self.rounds = list(
            job.split.rounds(repeats=1)
        )  # each costs a training; repeats are for cheap members
        self.validation = job.split.indices("validation")
        self.sides: list[int] = job.plan["detail.sides_px"]
        self.threads: int = job.plan.fingerprint["cores"]
        self.round_seconds: dict[int, float] = {}

    def view(self, level: int) -> View:
        """Return the canvas of a level."""
        height, width = self.job.plan["detail.canvas_px"][level]
        return View("canvas", height, width)

    def canvases(self, level: int) -> Canvases:
        """Prepare the pictures of a level."""
        return make_canvases(
            self.job.store, self.view(level), self.job.work / f"canvas-{self.sides[level]}.u8", lambda _: None
        )

    def train_rounds(
        self,
        numbers: Sequence[int],
        level: int,
        policy: str,
        *,
        glance: bool = False,
        more: np.ndarray = NONE,
    ) -> list[Trained]:
        """Train the nets of some rounds beside each other, or read what is done already.

        A glance is a third of the training; the pictures at `more` are added to it.
        """
        kind = ("-glance" if glance else "") + ("-more" if len(more) else "")
        stem = f"detail-{self.sides[level]}-{policy}"
        files = {number: self.job.work / f"{stem}-{number}{kind}.npz" for number in numbers}
        rounds = {
            number: self._round(number, level, policy, glance=glance, more=more)
            for number, file in files.items()
            if not file.exists()
        }
        found: dict[int, Trained] = {}
        share = 1 / 3 if glance else 1.0
        steps, seconds = self.job.plan["detail.steps"][level], self._expected_seconds(level)
        workers = workers_of(self.job, len(rounds), self.threads, round(share * steps), share * seconds)
        for number, (trained, seconds) in train_beside(
            self.job, train_round, rounds, self.threads, self.labels, workers
        ):
            if trained is not None:
                write_round(files[number], trained)
                found[number] = trained
            self.round_seconds[level] = seconds * workers / share
        return [found.get(number) or read_round(file, self.job.classes) for number, file in files.items()]

    def _round(self, number: int, level: int, policy: str, *, glance: bool, more: np.ndarray) -> Round:
        fit, score = self.rounds[number]
        schedule = Schedule(
            steps=self.job.plan["detail.steps"][level] // (3 if glance else 1),
            policy=POLICIES[policy],
            class_weights=self.class_weights,
        )
        return Round(
            self.canvases(level),
            np.concatenate([fit, more]),
            score,
            self.validation,
            schedule,
            1000 * self.job.seed + number,
            self.threads,
            number,
            f"{self.sides[level]} px, {policy}",
        )

    def look(self, level: int, policy: str, *, glance: bool = False) -> Look:
        """Train the first round's net at this level with this policy."""
        (trained,) = self.train_rounds([0], level, policy, glance=glance)
        truth = self.labels[self.rounds[0][1]]
        found = softmax(trained.scored)
        return Look(
            level, policy, trained, log_losses(found, truth), balanced_accuracy(found.argmax(1), truth)
        )

    def has_time_for(self, rounds: int, level: int) -> bool:
        """Whether `rounds` more of this level end before the deadline; the first guess grows with the area."""
        return rounds * self._expected_seconds(level) < self.job.seconds_left() - RESERVE_SECONDS

    def _expected_seconds(self, level: int) -> float:
        """Return what a round of a level takes on one worker; 0 where nothing tells that yet."""
        known = self.round_seconds.get(level)
        if known is None:
            below = self.round_seconds.get(level - 1, 0.0)
            known = below * (self.sides[level] / self.sides[level - 1]) ** 2 if level else 0.0
        return known


RESERVE_SECONDS = 10.0  # for choosing, testing and the report


def fit_detail(job: Job, before: Sequence[Fitted]) -> Fitted:
    """Look, decide, and train one net per round; see the module."""
    began = time.perf_counter()
    balance = next((one.balance for one in before if one.balance is not None), None)
    detail = Detail(job, (1.0,) * job.classes if balance is None else balance.weights)
    job.progress.stage("detail: looks", 8 * 3)
    rival = find_rival(job, before)
    if rival is not None and (words := rival.unbeatable()):
        return _without_model(detail, 0, np.full_like(rival.fitted.logits, np.nan), 0.0, words)
    looks = _look_around(detail, rival)
    best = min(looks, key=lambda look: (look.losses.mean(), look.level))
    found = "; ".join(look.words(detail.sides[look.level]) for look in looks)
    reason = _cannot_win(detail, best, rival)
    if reason:
        return _given_up(detail, best, f"{found}. {reason}", time.perf_counter() - began)
    rounds = len(detail.rounds)
    job.progress.stage("detail", 8 * (rounds - 1))
    trained = [best.trained]
    for wave in in_waves(job.executor, range(1, rounds), detail.threads):
        if not detail.has_time_for(1, best.level):
            late = f"The time was up after {wave[0]} of {rounds} rounds."
            return _given_up(detail, best, f"{found}. {late}", time.perf_counter() - began)
        trained += detail.train_rounds(wave, best.level, best.policy)
    rows = {id(row): row for look in looks for row in look.trained.history}
    rows |= {id(row): row for one in trained for row in one.history}
    return Fitted(
        name="detail",
        logits=_collect(detail, trained),
        view=detail.view(best.level),
        write=_writer(trained),
        refit=lambda more: _refit(detail, best, more),
        seconds=time.perf_counter() - began,
        words=f"{rounds} nets at {detail.sides[best.level]} px with {POLICIES[best.policy].words()}. Looks: {found}",
        history=tuple(rows.values()),
    )


def _look_around(detail: Detail, rival: Rival | None) -> list[Look]:
    """Look with each policy at the smallest size, then at larger sizes with the best, as long as it may pay."""
    poor = rival is None or rival.is_poor
    looks: list[Look] = []
    if not poor:
        glance = detail.look(0, detail.job.plan["detail.policies"][0], glance=True)
        if _cannot_win(detail, glance, rival):
            return [glance]
    for policy in detail.job.plan["detail.policies"]:
        if looks and not detail.has_time_for(1 + len(detail.rounds), 0):
            break
        looks.append(detail.look(0, policy))
        if looks[-1].balanced_accuracy >= SOLVED:
            break
    best = min(looks, key=lambda look: look.losses.mean())
    for level in range(1, len(detail.sides)):
        pays = best.balanced_accuracy < SOLVED and (poor or not _cannot_win(detail, best, rival))
        if not pays or not detail.has_time_for(len(detail.rounds), level):
            break
        larger = detail.look(level, best.policy)
        looks.append(larger)
        gain, error = paired_gain(best.losses, larger.losses)
        if gain > error:
            best = larger
        elif not poor:
            break
    return looks


def _cannot_win(detail: Detail, look: Look, rival: Rival | None) -> str:
    return "" if rival is None else rival.stands(detail.rounds[0][1], look.trained.scored)


def _collect(detail: Detail, trained: Sequence[Trained]) -> np.ndarray:
    rows = np.zeros((len(detail.labels), detail.job.classes))
    for (_, score), one in zip(detail.rounds, trained, strict=True):
        rows[score] = one.scored
        rows[detail.validation] += one.validation / len(trained)
    rows[detail.job.split.indices("test")] = np.nan
    return rows


def _given_up(detail: Detail, best: Look, words: str, seconds: float) -> Fitted:
    rows = np.full((len(detail.labels), detail.job.classes), np.nan)
    rows[detail.rounds[0][1]] = best.trained.scored
    return _without_model(detail, best.level, rows, seconds, words, best.trained.history)


def _without_model(
    detail: Detail,
    level: int,
    rows: np.ndarray,
    seconds: float,
    words: str,
    history: tuple[dict[str, Any], ...] = (),
) -> Fitted:
    return Fitted("detail", rows, detail.view(level), None, lambda _: None, seconds, words, history)


def _writer(trained: Sequence[Trained]) -> Write:
    return lambda graph, images: graph.average([one.net.write(graph, images) for one in trained])


def _refit(detail: Detail, look: Look, more: np.ndarray) -> Write | None:
    """Train every round's net once more with more pictures, as long as there is time."""
    detail.job.progress.stage("detail, with copies", 8 * len(detail.rounds))
    trained: list[Trained] = []
    for wave in in_waves(detail.job.executor, range(len(detail.rounds)), detail.threads):
        if not detail.has_time_for(1, look.level):
            return None
        trained += detail.train_rounds(wave, look.level, look.policy, more=more)
    return _writer(trained)
