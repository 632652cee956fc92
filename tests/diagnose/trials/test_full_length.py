"""What was proved on reduced trainings is tried at full size: kept, taken back, or said to be not confirmed."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from tellapart.diagnose import pacing
from tellapart.diagnose.edits import Edit
from tellapart.diagnose.examined import Examined
from tellapart.diagnose.full_length import at_full_length
from tellapart.diagnose.pacing import Shortened
from tellapart.diagnose.proving import measures
from tellapart.diagnose.proving.trial import Tried
from tellapart.diagnose.reading import Suspicion
from tellapart.diagnose.recording import Outcome
from tellapart.diagnose.speed import Speed
from tellapart.diagnose.trials.runs import Pace
from tests.diagnose.proving.test_trial import network

CODE = "arch.flatten_explosion"
LOOP = "import torch\nfor epoch in range(100):\n    pass\n"


class Runs:
    """Runs that are made up: two networks, and so many seconds."""

    def __init__(self, seconds: float, before: bool, after: bool) -> None:
        self.seconds, self.reserved, self.paces = seconds, 5.0, list[Pace]()
        self.ends = [
            SimpleNamespace(outcome=Outcome.finished, judged=network(one)) for one in (before, after)
        ]

    def left(self) -> float:
        return self.seconds - self.reserved

    def whole(self, texts: list[str], _seed: int, pace: Pace) -> list[Any]:
        self.paces.append(pace)
        return self.ends[: len(texts)]


@pytest.fixture
def finished(monkeypatch):
    for module in (measures, pacing):
        monkeypatch.setattr(module, "judge", lambda run: run.judged)

    def run(seconds, before, after, *, epochs=10, proved=True):
        short = Shortened(epochs, 100, Speed(5.0, 0.1, 50.0, (128, 128)), Fraction(1, 2))
        one = Tried(Suspicion(CODE, None, "", 0.5, ""), True, True, (), Edit(CODE, "Changed.", LOOP), ())
        program: Any = SimpleNamespace(text=LOOP, file="a.py")
        script: Any = None
        examined = Examined(script, program, ("reduced",), (), (), (), ((one,),) if proved else ((),))  # type: ignore[arg-type]
        runs = Runs(seconds, before, after)
        return at_full_length(examined, short, runs), runs  # type: ignore[arg-type]

    return run


def test_a_gain_that_is_there_at_full_size_is_one_experiment_more(finished):
    found, runs = finished(200.0, False, True)
    assert [one.change for one in found.tried[0][0].experiments] == [
        "The same, trained for 33 epochs at full size."
    ]
    assert "for 33 epochs at full size once, too" in found.notes[0]
    assert found.runs == ("reduced",)
    assert runs.paces[0].words == "full size, 33 epochs"


def test_to_the_end_where_there_is_time(finished):
    found, runs = finished(1000.0, False, True)
    assert "it was trained to the end once, too" in found.notes[0]
    assert not found.cut
    assert runs.paces[0].words == "full size, 100 epochs"


def test_what_works_by_itself_at_full_size_does_not_fail(finished):
    found, runs = finished(200.0, True, True)
    assert not found.tried[0][0].fails
    assert found.runs == tuple(runs.ends[:1])


def test_where_nothing_has_learnt_yet_the_cause_stays_and_is_not_confirmed(finished):
    found, _ = finished(200.0, False, False)
    assert found.tried[0][0].fails
    assert found.notes[0].endswith("not confirmed there")


@pytest.mark.parametrize(("seconds", "proved"), [(60.0, True), (200.0, False)])
def test_without_the_time_or_a_change_it_is_not_tried(finished, seconds, proved):
    found, runs = finished(seconds, False, True, proved=proved)
    assert not runs.paces
    assert found.cut
    assert ("there was no time to confirm it at full size" in found.notes[0]) is proved
