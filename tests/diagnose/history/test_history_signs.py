"""Each sign fires where it should, is silent beside it; what curves settle, and what they never do."""

from __future__ import annotations

import json
import math
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from tellapart.diagnose.answer import Diagnosis, Verdict
from tellapart.diagnose.history import diagnose_history
from tellapart.diagnose.history.trend import FEWEST, trend

from .drawn import good, noisy, write

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/reference/diagnosis.schema.json").read_text())
T = np.arange(24)
NAN = math.nan


@pytest.fixture
def look(tmp_path):
    def look(**changes) -> Diagnosis:
        """Diagnose good curves with some columns changed; None takes one away."""
        columns = {name: values for name, values in (good() | changes).items() if values is not None}
        found = diagnose_history(write(tmp_path, columns))
        jsonschema.validate(json.loads(json.dumps(found.to_dict(), allow_nan=False)), SCHEMA)
        assert not any(one.proved for one in (*found.causes, *found.remarks))
        assert found.limits
        assert found.next_steps == ("tellapart diagnose train.py --pictures DIR",)
        return found

    return look


def codes(found: Diagnosis) -> list[str]:
    return [one.code for one in (*found.causes, *found.remarks)]


def test_curves_in_order_are_silent_and_still_no_proof_of_health(look):
    found = look()
    assert (found.verdict, codes(found)) == (Verdict.unknown, [])
    assert "does not clear it" in found.summary


SETTLED = {
    "nan to the end": (
        {"loss": [0.7, 1.9, 8.0] + [NAN] * 21, "accuracy": [0.5] * 24},
        "learning_rate_too_high",
    ),
    "an impossible share": ({"accuracy": list(np.linspace(0.5, 1.3, 24))}, "metric.not_reset"),
    "validation is training": (
        {"val_loss": good()["loss"], "val_accuracy": good()["accuracy"]},
        "split.validation_is_training",
    ),
    "no decision moves": ({"accuracy": [0.75] * 24, "val_accuracy": [0.75] * 24}, "metric.wrong_decision"),
    "nothing moves": (
        {"accuracy": [0.5] * 24, "val_accuracy": [0.5] * 24, "loss": [7.6] * 24, "val_loss": [7.6] * 24},
        "output.softmax_one_unit",
    ),
    "guessing among 3": (
        {
            "loss": noisy([math.log(3)] * 24, 0.003),
            "accuracy": noisy([1 / 3] * 24, 0.01),
            "val_loss": noisy([math.log(3)] * 24, 0.003, 1),
            "val_accuracy": noisy([1 / 3] * 24, 0.01, 1),
        },
        "label.misaligned",
    ),
}


@pytest.mark.parametrize("case", SETTLED)
def test_what_curves_settle_fails(look, case):
    changes, code = SETTLED[case]
    found = look(**changes)
    assert found.verdict is Verdict.fails
    assert any(code in one for one in [cause.code for cause in found.causes])
    assert all(one.confidence < 0.9 for one in found.causes)


UNSETTLED = {
    "one nan, and it goes on": {"loss": [*good()["loss"][:9], NAN, *good()["loss"][10:]]},
    "nan in validation alone": {"val_loss": [NAN] * 24},
    "a perfect training": {"accuracy": [1.0] * 24, "val_accuracy": [1.0] * 24},
    "few validation pictures": {"val_accuracy": [0.9] * 24},
    "a slow start at guessing": {
        "loss": noisy(0.693 - 0.0005 * T, 0.0005),
        "accuracy": noisy([0.5] * 24, 0.01),
        "val_accuracy": noisy([0.5] * 24, 0.02),
    },
    "a loss of ln 2 with a good accuracy": {"loss": noisy([0.6931] * 24, 0.003)},
}


@pytest.mark.parametrize("case", UNSETTLED)
def test_what_only_looks_so_is_left_open(look, case):
    assert look(**UNSETTLED[case]).verdict is Verdict.unknown


SIGNS = {
    "loss.unstable": {"val_loss": [*good()["val_loss"][:20], *[NAN] * 4]},
    "label.wrong_encoding": {"loss": noisy(0.5 - 0.2 * T)},
    "loop.missing_step": {"loss": [0.7] * 24, "accuracy": None, "val_accuracy": None},
    "loop.gradient_sign": {"loss": noisy(0.7 + 0.1 * T), "accuracy": noisy(0.5 - 0.005 * T)},
    "optimizer.learning_rate_too_low": {
        "loss": noisy([0.8] * 24, 0.01),
        "accuracy": None,
        "val_loss": None,
    },
    "optimizer.learning_rate_too_high": {
        "loss": [v + 0.6 * (k in (7, 15)) for k, v in enumerate(good()["loss"])],
    },
    "optimizer.batch_size": {"loss": noisy(1 - 0.02 * T, 0.3, 5), "accuracy": None},
    "prep.unscaled": {"loss": [160.0, *good()["loss"][1:]]},
    "optimizer.too_few_epochs": {"val_loss": noisy(1.2 - 0.03 * T, 0.005)},
    "regularisation.missing": {
        "val_loss": noisy(0.5 + 0.02 * np.abs(T - 5), 0.005),
        "loss": noisy(0.7 * 0.85**T, 0.001),
    },
    "prep.train_validation_mismatch": {"val_accuracy": noisy([0.5] * 24, 0.02)},
    "metric.accuracy_hides_minority": {"val_accuracy": [0.6, 0.62] + [0.75] * 22},
    "data.imbalance_ignored": {
        "loss": noisy([0.5623] * 24, 0.003),
        "accuracy": noisy([0.75] * 24, 0.004),
        "val_accuracy": None,
        "val_loss": None,
    },
    "split.leak": {"val_loss": [v - 0.08 for v in good()["loss"]]},
    "metric.batch_averaged": {"precision": noisy(0.9 - 0.02 * T)},
}


@pytest.mark.parametrize("code", SIGNS)
def test_each_sign_is_seen_and_no_verdict(look, code):
    found = look(**SIGNS[code])
    assert found.verdict is Verdict.unknown
    assert code in codes(found)
    assert all(0 < one.confidence <= 0.6 for one in found.remarks)


SILENT = {
    "regularisation.missing": {"val_loss": noisy([0.4] * 24, 0.03)},
    "optimizer.too_few_epochs": {
        "val_loss": noisy(1.2 - 0.03 * T, 0.005),
        "lr": list(np.geomspace(1e-2, 1e-6, 24)),
    },
    "optimizer.learning_rate_too_high": {"loss": noisy(good()["loss"], 0.03)},
    "optimizer.batch_size": {"loss": noisy(good()["loss"], 0.03)},
    "split.leak": {
        "val_loss": [(a + b) / 2 for a, b in zip(good()["loss"], [*good()["loss"][1:], 0.15], strict=True)]
    },
    "metric.batch_averaged": {"precision": noisy(0.5 + 0.015 * T), "recall": noisy(0.9 - 0.01 * T)},
    "prep.train_validation_mismatch": {"val_accuracy": noisy(0.5 + 0.01 * T, 0.005)},
}


@pytest.mark.parametrize("code", SILENT)
def test_each_sign_is_silent_beside_it(look, code):
    assert code not in codes(look(**SILENT[code]))


def test_the_best_epoch_is_named(look):
    found = look(**SIGNS["regularisation.missing"])
    best = 1 + int(np.argmin(SIGNS["regularisation.missing"]["val_loss"]))
    words = next(one.words for one in found.remarks if one.code == "regularisation.missing")
    assert f"best at epoch {best} " in words


def test_few_epochs_are_too_few_to_tell(tmp_path):
    falling = {
        "loss": list(np.linspace(1, 0.2, FEWEST - 1)),
        "val_loss": list(np.linspace(0.3, 1, FEWEST - 1)),
    }
    found = diagnose_history(write(tmp_path, falling))
    assert codes(found) == []
    assert "too few to tell" in found.summary


def test_the_pictures_that_were_named_stand_in_the_next_command(tmp_path):
    found = diagnose_history(write(tmp_path, good()), Path("my pictures"))
    assert found.next_steps == ("tellapart diagnose train.py --pictures 'my pictures'",)


@pytest.mark.parametrize("lingering", [0.0, 0.5])
def test_noise_is_seldom_a_trend_even_if_it_lingers(lingering):
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(200):
        values = rng.normal(size=60)
        for k in range(1, 60):
            values[k] += lingering * values[k - 1]
        found += trend(values[30:]).is_clear
    assert found <= 8  # 4 %: at the level of .01, and noise that lingers is harder


@pytest.mark.parametrize("n", [FEWEST, 12, 50])
def test_a_learning_curve_is_a_trend(n):
    assert trend(np.exp(-np.arange(n) / 4)).falls
    assert trend(noisy(1 - np.exp(-np.arange(n) / 4), 0.01)).rises
