"""What is said where nothing is beyond doubt."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tellapart.diagnose.answer import Experiment, Verdict
from tellapart.diagnose.edits import Edit
from tellapart.diagnose.examined import Examined
from tellapart.diagnose.proving.trial import Tried
from tellapart.diagnose.reading import Suspicion
from tellapart.diagnose.recording import Outcome
from tellapart.diagnose.summing_up import promising, summary
from tellapart.evaluate.estimate import Estimate


def tried(code: str, gain: float, *, proved: bool = False, measure: str = "balanced_accuracy") -> Tried:
    before, after = Estimate(0.5, 0.4, 0.6, 50), Estimate(0.5 + gain, 0.4 + gain, 0.6 + gain, 50)
    effect = Estimate(gain, gain - 0.5, gain + 0.5, 50)
    one = Experiment(f"change of {code}", measure, before, after, effect, (0, 1, 2))
    edit = Edit(code, f"Something is done about {code}.", "")
    return Tried(
        Suspicion(code, None, "", 0.5, ""), proved=proved, fails=False, experiments=(one,), edit=edit
    )


def examined(*tries: Tried) -> Examined:
    run = SimpleNamespace(outcome=Outcome.finished, failure=None)
    parts = {"script": None, "program": None, "runs": (run,), "suspects": (), "ruled_out": (), "compared": ()}
    return Examined(**parts, tried=(tries,), notes=("the training is long",), cut=True)  # type: ignore[arg-type]


def said(*tries: Tried) -> str:
    return summary(examined(*tries), Verdict.unknown, (), Estimate(0.5, 0.4, 0.6, 50))


def test_what_gained_most_is_named_where_nothing_is_proved():
    words = said(tried("prep.unscaled", 0.2), tried("arch.frozen", 0.4), tried("arch.too_small", 0.3))
    assert words.endswith(
        "What looked best, not beyond doubt: Something is done about arch.frozen. Balanced accuracy went from 0.50 to "
        "0.90 (3 seeds). More time (--time) may settle it."
    )
    assert words.count("More time") == 1


@pytest.mark.parametrize(
    "one",
    [
        tried("arch.frozen", 0.05),
        tried("arch.frozen", -0.4),
        tried("arch.frozen", 0.4, proved=True),
        tried("metric.own", 0.4, measure="validation accuracy less the true one"),
    ],
    ids=["little", "loss", "proved", "a figure"],
)
def test_all_else_is_not(one):
    assert promising(examined(one)) is None
    assert "looked best" not in said(one)
    assert said(one).endswith("changes that. More time (--time) tells more.")
