"""A planted fault fires, its healthy twin stays silent; all in real runs."""

from __future__ import annotations

import pytest

from tellapart.diagnose.watching import RULES, look
from tellapart.diagnose.watching.registry import LISTED, rule

from . import keras_cases, torch_cases

PLANTED = [
    (where, code)
    for where, module in (("torch", torch_cases), ("keras", keras_cases))
    for code in module.CASES
]
NO_FAULT = "healthy"


@pytest.mark.parametrize(("framework", "code"), [pair for pair in PLANTED if pair[1] != NO_FAULT])
def test_planted_fault_fires(seen, framework, code):
    found = {one.code: one for one in seen(framework, code).suspicions}
    assert code in found, found
    assert found[code].certainty >= 0.5, found[code]
    assert found[code].words.endswith(".")
    assert found[code].predicts
    assert found[code].position is None
    assert code not in {one.code for one in seen(framework, code).ruled_out}


@pytest.mark.parametrize("framework", ["torch", "keras"])
@pytest.mark.parametrize("code", sorted(RULES))
def test_healthy_twin_stays_silent(seen, framework, code):
    found = seen(framework, NO_FAULT).suspicions
    assert not [one for one in found if one.code == code and one.certainty >= LISTED]


@pytest.mark.parametrize("case", ["metric.wrong_decision", "output.logits_as_probabilities"])
def test_raw_scores_come_out_of_the_last_layer_and_not_of_an_activation_before_it(seen, case):
    found = seen("keras", case)
    assert "output.wrong_activation" not in {one.code for one in found.suspicions}
    assert (
        "the last layer itself" in {one.code: one.why for one in found.ruled_out}["output.wrong_activation"]
    )


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_what_is_clearly_not_so_is_ruled_out(seen, framework):
    out = {one.code: one.why for one in seen(framework, NO_FAULT).ruled_out}
    for code in (
        "data.unshuffled_training",
        "data.partial_epoch",
        "label.wrong_encoding",
        "split.ordered",
        "split.leak",
        "split.validation_is_training",
        "prep.unscaled",
        "prep.train_validation_mismatch",
        "prep.augmented_validation",
        "metric.batch_averaged",
        "metric.wrong_decision",
        "arch.frozen",
        "output.double_softmax" if framework == "torch" else "output.logits_as_probabilities",
        "loss.unstable",
        "optimizer.learning_rate_too_low",
        "loop.missing_step",
        "loop.missing_eval_mode",
        "loop.detached_loss",
    ):
        assert out[code]
    assert "ln k = 0.69" in out["loss.bad_reduction"]
    assert not {one.code for one in seen(framework, NO_FAULT).suspicions if one.certainty >= LISTED} & set(
        out
    )


@pytest.mark.parametrize(("framework", "code"), PLANTED)
def test_suspicions_come_surest_first_one_for_each_cause(seen, framework, code):
    found = seen(framework, code).suspicions
    assert [one.certainty for one in found] == sorted((one.certainty for one in found), reverse=True)
    assert len({one.code for one in found}) == len(found)
    assert all(0 < one.certainty <= 1 for one in found)


def test_fault_that_does_no_harm_is_only_kept_in_mind(runs):
    # The net learns although nothing is shuffled.
    import dataclasses

    healthy, faulty = runs["torch"][NO_FAULT], runs["torch"]["data.unshuffled_training"]
    parts = healthy.trainings[0].parts | {"train": faulty.trainings[0].parts["train"]}
    both = dataclasses.replace(healthy, trainings=(dataclasses.replace(healthy.trainings[0], parts=parts),))
    (found,) = [one for one in look(both).suspicions if one.code == "data.unshuffled_training"]
    assert found.certainty < LISTED
    assert "works" in found.words


def test_registry_refuses_a_second_rule():
    with pytest.raises(ValueError, match=r"second rule under split\.leak"):
        rule("split.leak", "")(lambda view: iter(()))


def test_every_code_is_one_of_the_known_causes():
    assert {code for _, code in PLANTED} <= {*RULES, NO_FAULT}
    assert len(RULES) >= 55
    assert {one.partition(".")[0] for one in RULES} == {
        *(
            "data",
            "label",
            "split",
            "prep",
            "metric",
            "arch",
            "output",
            "loss",
            "optimizer",
            "regularisation",
            "loop",
        )
    }
