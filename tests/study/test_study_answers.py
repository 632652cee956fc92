"""Each question finds what is known to be so, and says that it cannot tell where nobody could."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from scipy.stats import norm
from simulated import Learner, bench

from tellapart.study.amount import study_amount
from tellapart.study.arm import NOTHING, Arm
from tellapart.study.augmentation import study_augmentation
from tellapart.study.balance import study_balance
from tellapart.study.size import study_size

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "study.schema.json").read_text())


def always(skill: float):
    return lambda _arm, _n: skill


def told_at(limit_px: int):
    """Pictures below a size lack what tells them apart."""
    return lambda arm, _n: 1.0 if arm.side_px is not None and arm.side_px < limit_px else 2.4


def test_size_finds_below_what_the_pictures_lose(tmp_path):
    where = bench(tmp_path, (300, 300))
    answer = study_size(where, Learner(where, told_at(150)))
    sides = {row.words: row for row in answer.rows}
    judged = {effect.of + effect.against: effect.judged for effect in answer.effects}
    assert answer.verdict == "yes"
    assert judged["400px100px"] == judged["400px141px"] == "more"
    assert judged["400px200px"] == judged["400px283px"] == "same"
    assert "larger than 141 px helps" in answer.sentence
    assert "above 200 px nothing that matters is gained" in answer.sentence
    assert sides["400 px"].settings["look_px"] == 400
    assert "look_px" not in sides["200 px"].settings


def test_size_that_still_helps_at_the_end_is_a_yes(tmp_path):
    where = bench(tmp_path, (300, 300))
    answer = study_size(where, Learner(where, lambda arm, _: 2.6 if arm.side_px is None else 1.2))
    assert answer.verdict == "yes"


def test_amount_draws_out_a_power_law_and_checks_it(tmp_path):
    # Balanced accuracy .9 - .9 n**-.5: twice the pictures gain .9 (n**-.5 - (2n)**-.5).
    def skill(_arm: Arm, n: int) -> float:
        return float(norm.ppf(0.9 - 0.9 * n**-0.5) * np.sqrt(2 * 1.01))

    where = bench(tmp_path, (100, 100))
    answer = study_amount(where, Learner(where, skill))
    assert answer.curve is not None
    assert answer.curve.held
    twice = next(point for point in answer.curve.points if point.pictures == 400)
    truth = 0.9 * (200**-0.5 - 400**-0.5)
    assert twice.gain.low <= truth <= twice.gain.high
    assert [row.fitted for row in answer.rows] == sorted(row.fitted for row in answer.rows)


def test_a_flat_curve_asks_for_no_more_pictures(tmp_path):
    where = bench(tmp_path, (600, 600))
    answer = study_amount(where, Learner(where, always(2.5)))
    assert answer.verdict == "no"


def test_a_curve_that_breaks_off_is_not_drawn_out(tmp_path):
    where = bench(tmp_path, (400, 400))
    answer = study_amount(where, Learner(where, lambda arm, _: 3.0 if arm.share < 1 else 0.8))
    assert answer.verdict == "cannot tell"
    assert "does not hold" in answer.sentence


def test_balance_tells_the_threshold_from_the_imbalance(tmp_path):
    where = bench(tmp_path, (900, 100))
    answer = study_balance(where, Learner(where, always(2.0)))
    line, *treated = answer.effects
    assert answer.verdict == "no"
    assert "where the line is drawn" in answer.sentence
    assert line.judged == "more"
    assert all(effect.judged != "more" for effect in treated)
    natural, moved = (next(r for r in answer.rows if r.key == key) for key in ("natural", "threshold"))
    assert moved.measures["recall"].low > natural.measures["recall"].value
    assert moved.measures["average_precision"].value == pytest.approx(
        natural.measures["average_precision"].value
    )


def test_balance_that_helps_the_ranking_is_a_yes(tmp_path):
    where = bench(tmp_path, (600, 100))
    answer = study_balance(where, Learner(where, lambda arm, _: 3.0 if arm.balance == "resampled" else 1.0))
    assert answer.verdict == "yes"
    assert "resampling" in answer.sentence


def test_even_classes_are_not_trained_on(tmp_path):
    where = bench(tmp_path, (60, 50))
    learner = Learner(where, always(2.0))
    assert study_balance(where, learner).verdict == "no"
    assert not learner.trained


def test_augmentation_names_what_harms_and_what_helps(tmp_path):
    def skill(arm: Arm, _n: int) -> float:
        assert arm.policy is not None
        return 1.8 + 0.9 * arm.policy.mirror - 1.2 * (arm.policy.light > NOTHING.light)

    where = bench(tmp_path, (300, 300, 300))
    answer = study_augmentation(where, Learner(where, skill))
    assert answer.verdict == "yes"
    assert answer.sentence.startswith("Mirror")
    assert "light" in answer.sentence.split("harm")[0]
    assert "of turns, rotation, zoom, shift no effect" in answer.sentence


@pytest.mark.parametrize("question", [study_size, study_amount, study_balance, study_augmentation])
def test_what_is_not_learnt_cannot_be_told(tmp_path, question):
    where = bench(tmp_path, (90, 50))
    answer = question(where, Learner(where, always(0.0)))
    assert answer.verdict == "cannot tell"
    assert "chance" in answer.sentence


@pytest.mark.parametrize("question", [study_size, study_amount, study_balance, study_augmentation])
def test_too_little_time_is_said_with_what_would_do(tmp_path, question):
    where = bench(tmp_path, (90, 50), seconds=60)
    answer = question(where, Learner(where, always(2.0), seconds=1000.0))
    assert answer.verdict == "cannot tell"
    assert answer.enough_seconds is not None
    assert answer.enough_seconds > 3000
    assert "--time" in answer.sentence


@pytest.mark.parametrize("question", [study_size, study_amount, study_balance, study_augmentation])
def test_groups_are_never_parted_and_answers_fit_the_schema(tmp_path, question):
    where = bench(tmp_path, (120, 80, 60), each=4)
    learner = Learner(where, always(1.5))
    document = json.loads(json.dumps(question(where, learner).to_dict(), allow_nan=False))
    jsonschema.validate(document, {"$ref": "#/$defs/answer", "$defs": SCHEMA["$defs"]})
    for _, chosen in learner.trained:
        own = np.unique(chosen)
        assert len(own) == 4 * len(np.unique(where.groups[own]))


def test_a_round_that_is_done_is_not_trained_again(tmp_path):
    where = bench(tmp_path, (90, 50))
    first, second = (Learner(where, always(2.0)) for _ in range(2))
    assert (
        study_balance(where, first).to_dict()["arms"][0]["balanced_accuracy"]
        == (study_balance(where, second).to_dict()["arms"][0]["balanced_accuracy"])
    )
    assert first.trained
    assert not second.trained


def test_pictures_too_small_to_shrink_are_not_trained_on(tmp_path):
    where = bench(tmp_path, side=10)
    learner = Learner(where, always(2.0))
    assert study_size(where, learner).verdict == "cannot tell"
    assert not learner.trained


@pytest.mark.parametrize("classes", [2, 5])
def test_amount_says_how_many_pictures_would_do(tmp_path, classes):
    def sentence(n):
        where = bench(tmp_path, (n,) * classes)
        return study_amount(where, Learner(where, always(2.5))).sentence

    (enough,) = re.findall(r"; (\d+) of each class would do", sentence(10))
    assert "would do" in sentence(int(enough) - 1)
    assert "too few" not in sentence(int(enough))
