"""How many seeds are run: until a change is proved, or cannot be, and never so many that luck proves one."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tellapart.diagnose.edits import Edit
from tellapart.diagnose.proving import measures, trial
from tellapart.diagnose.proving.trial import Case, try_out
from tellapart.diagnose.reading import Suspicion
from tellapart.diagnose.recording import Outcome
from tellapart.diagnose.trials.judged import Judged

LABELS = np.arange(80) % 2
SUSPICION = Suspicion("prep.unscaled", None, "Seen in a run.", 0.7, "")


def network(learns: bool | int) -> Judged:
    """Return how a network judges that has learnt everything, or gives one class to all but so many pictures."""
    right = np.ones(len(LABELS)) if learns is True else (LABELS == 0).astype(float)
    right[np.flatnonzero(LABELS)[: int(learns)]] = 1
    return Judged("validation", True, 2, np.arange(len(LABELS)), LABELS, right)


class Runs:
    """Runs that are made up: which networks learn, by program and seed."""

    def __init__(self, learns: dict[str, list[bool]]) -> None:
        self.learns, self.asked, self.begun = learns, 0, set[tuple[str, int]]()

    def differ(self, text: str, other: str) -> bool:
        return text != other

    def has_time_for(self, runs: int, of: tuple[str, ...] = ()) -> bool:
        return runs >= 0

    def keep_only(self, texts: tuple[str, ...]) -> None:
        pass

    def new(self, texts: tuple[str, ...], seeds: tuple[int, ...]) -> int:
        return len({(text, seed) for text in texts for seed in seeds} - self.begun)

    def begin(self, text: str, seeds: tuple[int, ...]) -> list[Future[Any]]:
        self.asked = max(self.asked, len(seeds))
        self.begun |= {(text, seed) for seed in seeds}
        found: list[Future[Any]] = [Future() for _ in seeds]
        for one, seed in zip(found, seeds, strict=True):
            one.set_result(network(self.learns[text][seed]))
        return found


@pytest.fixture
def tried(monkeypatch):
    monkeypatch.setattr(measures, "judge", lambda one: one)
    monkeypatch.setattr(trial, "propose", lambda *_: (Edit(SUSPICION.code, "Changed.", "after"),))

    def run(before: list[bool], after: list[bool], **how: bool) -> tuple[bool, int]:
        runs = Runs({"before": before, "after": after})
        program: Any = type("Program", (), {"text": "before"})
        recording: Any = None
        found = try_out(Case(program, recording, ()), SUSPICION, runs, **how)  # type: ignore[arg-type]
        assert found is not None
        return found.fails, runs.asked

    return run


NEVER, ALWAYS = [False] * 8, [True] * 8


@pytest.mark.parametrize(
    ("after", "fails", "seeds"),
    [
        (ALWAYS, True, 3),
        ([True, True, False, True, False, True, True, True], True, 8),
        ([True, False, True, False, True, False, False, False], False, 8),
        ([True, False, False, False, False, True, True, True], False, 8),
        (NEVER, False, 1),
    ],
)
def test_seeds_are_added_while_they_may_still_show_it(tried, after, fails, seeds):
    assert tried(NEVER, after) == (fails, seeds)


@pytest.mark.parametrize(("few", "only_clear", "seeds"), [(3, False, 5), (3, True, 1), (True, True, 3)])
def test_where_runs_are_long_more_seeds_are_for_what_is_clear(tried, few, only_clear, seeds):
    assert tried(NEVER, [few] * 8, only_clear=only_clear) == (few is True, seeds)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_networks_that_are_stuck_by_chance_prove_nothing(tried, share):
    rng = np.random.default_rng(round(10 * share))
    drawn = rng.random((600, 2, 8)) < share
    assert np.mean([tried(before.tolist(), after.tolist())[0] for before, after in drawn]) <= 0.05


def ordering(*, ordered: bool, calls: bool) -> Judged:
    """Return how a network judges that orders the classes or not, and calls all of the second one so or nothing."""
    scores = np.linspace(0.1, 0.4, len(LABELS)) + (0.5 * LABELS if ordered else 0)
    return replace(network(calls), second=scores)


def test_where_the_answers_are_at_chance_the_order_of_the_scores_is_asked_too(monkeypatch):
    monkeypatch.setattr(measures, "judge", lambda one: one)

    def asked(before: Judged, after: Judged) -> Any:
        return measures.by_order(measures.Pair("Changed.", (0, 1, 2), (before,) * 3, (after,) * 3))

    found = asked(ordering(ordered=False, calls=False), ordering(ordered=True, calls=False))
    assert found.measure == "roc_auc"
    assert found.before.value < 0.55
    assert found.after.value == pytest.approx(1.0)
    assert found.effect.low > 0.3
    # What works by its answers is asked by these, and what has no scores cannot be asked.
    assert asked(ordering(ordered=True, calls=True), ordering(ordered=True, calls=True)) is None
    assert asked(network(False), network(True)) is None


def test_a_program_that_ends_before_anything_could_be_judged_counts_as_guessing(monkeypatch):
    crashed = SimpleNamespace(outcome=Outcome.crashed, trainings=("one",))
    monkeypatch.setattr(measures, "judge", lambda one: None if one is crashed else one)
    mended = network(learns=True)
    found = measures.by_score(measures.Pair("Changed.", (0,), (crashed,), (mended,)))
    assert found is not None
    assert (found.before.value, found.after.value) == (0.5, 1.0)
    assert found.effect.low > 0.05
    stopped = SimpleNamespace(outcome=Outcome.time_up, trainings=("one",))
    monkeypatch.setattr(measures, "judge", lambda one: None if one is stopped else one)
    assert measures.by_score(measures.Pair("Changed.", (0,), (stopped,), (mended,))) is None
