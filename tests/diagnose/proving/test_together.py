"""Pairs of causes: those that were both suspected come first, each needs its look, and the proof has four cells."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from tellapart.diagnose.edits import Edit
from tellapart.diagnose.proving import measures, together
from tellapart.diagnose.proving.together import try_together
from tellapart.diagnose.proving.trial import Case, Tried
from tellapart.diagnose.reading import Suspicion

from .test_trial import ALWAYS, NEVER, Runs, network

FLATTEN, DROPOUT, RATE = (
    "arch.flatten_explosion",
    "regularisation.too_strong",
    "optimizer.learning_rate_too_low",
)


@dataclass
class Counted(Runs):
    """Made-up runs that note which programs were asked for, and end after so many more."""

    learns: dict[str, list[bool]]
    most: int = 99

    def __post_init__(self) -> None:
        self.asked, self.seen, self.begun = 0, list[str](), set[tuple[str, int]]()

    def has_time_for(self, runs: int, of: tuple[str, ...] = ()) -> bool:
        return runs <= self.most

    def begin(self, text: str, seeds: tuple[int, ...]) -> Any:
        self.seen += [text] if text not in self.seen else []
        return super().begin(text, seeds)

    def all(self, text: str, seeds: tuple[int, ...]) -> list[Any]:
        return [one.result() for one in self.begin(text, seeds)]


def suspicion(code: str) -> Suspicion:
    return Suspicion(code, None, "Seen.", 0.5, "")


def edit(code: str, text: str) -> Edit:
    return Edit(code, f"{code} is mended.", text)


@pytest.fixture
def tried_together(monkeypatch):
    def program(text, _file=""):
        return SimpleNamespace(text=text, file="a.py")

    monkeypatch.setattr(measures, "judge", lambda one: one)
    monkeypatch.setattr(together, "read_program", program)
    monkeypatch.setattr(
        together, "propose", lambda first, second, _: [edit(second.code, f"{first.text}+{second.code}")]
    )
    monkeypatch.setattr(together, "joined", lambda first, _, both: both.removeprefix(f"{first}+"))

    def run(learns, **options):
        runs = Counted(
            dict.fromkeys(("base", FLATTEN, DROPOUT, RATE), NEVER) | learns, options.pop("most", 99)
        )
        tried = [
            Tried(suspicion(code), False, False, (), edit(code, code), (network(False),))
            for code in (FLATTEN, DROPOUT)
        ]
        case: Any = Case(program("base"), network(False), ())
        # The run of the mended program suspects the rate most.
        everything = [suspicion(one) for one in (RATE, DROPOUT, FLATTEN)]
        return try_together(case, tried, lambda _: everything, runs, **options), runs.seen

    return run


BOTH, OTHERS = f"{FLATTEN}+{DROPOUT}", {f"{one}+{RATE}": NEVER for one in (FLATTEN, DROPOUT)}


def test_the_pair_that_was_suspected_is_proved_before_another_is_tried(tried_together):
    found, seen = tried_together({BOTH: ALWAYS}, most_second=1)
    assert [found.suspicion.code, *(one.code for one in found.partners)] == [FLATTEN, DROPOUT]
    assert found.proved
    assert found.fails
    assert seen == [BOTH, FLATTEN, "base", DROPOUT]
    assert [one.before.value for one in found.experiments[:3]] == [0.5] * 3
    assert [one.after.value for one in found.experiments[:3]] == [1.0, 0.5, 0.5]


def test_a_pair_that_one_seed_denies_gets_two_more(tried_together):
    found, _ = tried_together({BOTH: [True, True, False, True, True]}, most_second=1)
    assert found.fails
    assert [len(one.seeds) for one in found.experiments] == [5] * 4


def test_what_helps_alone_is_no_pair(tried_together):
    found, _ = tried_together({BOTH: ALWAYS, FLATTEN: ALWAYS, **OTHERS})
    assert found is None


def test_other_seconds_come_after_it(tried_together):
    found, seen = tried_together({BOTH: NEVER, **OTHERS, f"{FLATTEN}+{RATE}": ALWAYS})
    assert [one.code for one in found.partners] == [RATE]
    assert seen[:2] == [BOTH, f"{FLATTEN}+{RATE}"]


def test_no_proof_is_begun_that_would_not_end(tried_together):
    found, seen = tried_together({BOTH: ALWAYS, **OTHERS}, most=2)
    assert found is None
    assert "base" not in seen


def test_a_proof_needs_time_only_for_what_was_not_begun(tried_together):
    # Seven of the eight runs with the other two seeds: one was begun beside the look.
    assert tried_together({BOTH: ALWAYS}, most_second=1, most=7)[0] is not None
    assert tried_together({BOTH: ALWAYS}, most_second=1, most=6)[0] is None
