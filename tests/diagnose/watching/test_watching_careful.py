"""What looks like one fault and is another, or none, is not taken for it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tellapart.diagnose import verdict
from tellapart.diagnose.answer import Experiment
from tellapart.diagnose.edits import Edit
from tellapart.diagnose.examined import Examined
from tellapart.diagnose.proving.trial import Tried
from tellapart.diagnose.reading import Suspicion, read_program
from tellapart.diagnose.recording import Outcome, Recording
from tellapart.diagnose.verdict import conclude
from tellapart.diagnose.watching import look, output
from tellapart.diagnose.watching.look import Seen
from tellapart.evaluate.estimate import Estimate

from . import careful_cases, torch_cases
from .conftest import recorded


@pytest.fixture(scope="session")
def careful_runs(tmp_path_factory) -> dict[str, Recording]:
    """Return case -> recording."""
    return recorded(tmp_path_factory.mktemp("careful"), torch_cases.PRELUDE, careful_cases.CASES)


@pytest.fixture(scope="session")
def careful(careful_runs) -> dict[str, Seen]:
    """Return case -> what is seen in its run."""
    return {name: look(one) for name, one in careful_runs.items()}


def certainty(seen: Seen, code: str) -> float:
    return next((one.certainty for one in seen.suspicions if one.code == code), 0.0)


def test_a_loss_that_is_no_mean_is_no_penalty(careful):
    assert certainty(careful["a sum of its own making"], "regularisation.too_strong") == 0
    assert certainty(careful["a penalty"], "regularisation.too_strong") >= 0.5


def test_predictions_of_one_class_clear_no_way_of_computing_a_figure(careful):
    seen = careful["one class for all"]
    assert not [one.code for one in seen.ruled_out if one.why.startswith("All ")]
    assert certainty(seen, "metric.not_reset") == 0


def test_rows_that_a_loop_makes_for_its_loss_are_no_wrong_labels(careful):
    seen = careful["rows made for the loss"]
    assert certainty(seen, "label.wrong_encoding") == 0
    assert certainty(seen, "loss.regression_loss") >= 0.5


def test_raw_pictures_are_suspected_before_the_rate_that_they_make_too_high(careful):
    seen = careful["raw pictures"]
    assert certainty(seen, "prep.unscaled") > certainty(seen, "optimizer.learning_rate_too_high")


def test_pictures_that_the_network_scales_itself_are_no_raw_pictures(careful):
    seen = careful["pictures scaled inside"]
    assert certainty(seen, "prep.unscaled") == 0
    assert "its first weights meet 1 at most" in next(
        one.why for one in seen.ruled_out if one.code == "prep.unscaled"
    )


def test_softmax_on_another_output_is_not_inside(careful):
    assert certainty(careful["two heads"], "arch.softmax_inside") == 0


def test_probabilities_that_dropout_scales_up_are_no_raw_scores(monkeypatch):
    monkeypatch.setattr(output, "outputs_of", lambda view: SimpleNamespace(low=0.0, high=1.5))
    loss = SimpleNamespace(name="CategoricalCrossentropy", expects="probabilities")

    def found(last: str) -> list[object]:
        layers = (SimpleNamespace(kind="Dense"), SimpleNamespace(kind=last))
        view = SimpleNamespace(loss=loss, layers=layers, place=lambda name: None)
        return list(output.logits_as_probabilities(view))  # type: ignore[arg-type]

    assert found("Dropout") == []
    assert found("Dense") != []


def test_a_rate_that_was_set_later_is_named_where_it_is_set(careful_runs):
    text = (
        "import torch\nnet = torch.nn.Sequential(torch.nn.Linear(4, 2))\n"
        "optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)\n"
        "for group in optimizer.param_groups:\n    group['lr'] = rate\n"
        "for x, y in []:\n    optimizer.zero_grad()\n    torch.nn.functional.cross_entropy(net(x), y).backward()\n"
        "    optimizer.step()\n"
    )
    seen = look(careful_runs["a rate set by hand"], read_program(text))
    found = next(one for one in seen.suspicions if one.code == "optimizer.learning_rate_too_high")
    assert found.position is not None
    assert found.position.line == 5


@pytest.mark.parametrize(
    ("reached", "cut", "named"), [(0.5, True, True), (0.7, True, False), (0.5, False, False)]
)
def test_only_a_trial_too_short_to_learn_anything_clears_nothing(careful_runs, reached, cut, named):
    code = "arch.linear_only"
    text = "import torch\nnet = torch.nn.Sequential(torch.nn.Linear(4, 2))\n"
    suspicion = Suspicion(code, None, "None of the layers has an activation.", 0.95, "")
    before, after = Estimate(0.5, 0.4, 0.6, 60), Estimate(reached, reached - 0.1, reached + 0.1, 60)
    gain = Estimate(reached - 0.5, -0.4, 0.4, 60)
    one = Experiment("Every hidden layer has ReLU.", "balanced_accuracy", before, after, gain, (0,))
    script = SimpleNamespace(given=text, text=text, assumptions=(), line_given=lambda line: line)
    found = conclude(
        Examined(
            script=script,  # type: ignore[arg-type]
            program=read_program(text),
            runs=(careful_runs["one class for all"],),
            suspects=(suspicion,),
            ruled_out=(),
            compared=(),
            tried=((Tried(suspicion, proved=False, fails=False, experiments=(one,), edit=None),),),
            notes=("the training is long: it had 1 of its 9 epochs",) if cut else (),
            cut=cut,
        ),
        1.0,
    )
    assert (found.verdict.value == "unknown") is cut
    assert (code in {each.code for each in found.remarks}) is named
    assert ("What is suspected most: there is no activation" in found.summary) is named


def concluded(run, *, code, effect, seeds, words="Something is done.", fails=False, after=(), certainty=0.9):
    text = "import torch\nnet = torch.nn.Sequential(torch.nn.Linear(4, 2))\n"
    suspicion = Suspicion(code, None, "", certainty, "")
    low, high = effect - 0.3, effect + 0.3
    one = Experiment(words, "balanced_accuracy", Estimate(0.6, 0.5, 0.7, 60), Estimate(0.6 + effect, 0.5, 1.0, 60),
                     Estimate(effect, low, high, 60), seeds)  # fmt: skip
    tried = Tried(suspicion, fails, fails, (one,), Edit(code, words, f"{text}net.train()\n"), after)
    script = SimpleNamespace(given=text, text=text, assumptions=(), line_given=lambda line: line)
    return conclude(
        Examined(
            script=script,  # type: ignore[arg-type]
            program=read_program(text),
            runs=(run,),
            suspects=(suspicion,),
            ruled_out=(),
            compared=(),
            tried=((tried,),),
        ),
        1.0,
    )


@pytest.mark.parametrize(
    ("level", "effect", "seeds", "word"),
    [(0.6, 0.35, (0,), "unknown"), (0.6, 0.35, (0, 1, 2), "healthy"), (0.6, 0.05, (0,), "healthy"),
     (0.9, 0.35, (0,), "healthy")],
)  # fmt: skip
def test_what_learns_a_little_and_far_more_with_an_unproved_change_is_not_called_well(
    careful_runs, monkeypatch, level, effect, seeds, word
):
    monkeypatch.setattr(
        verdict, "_level", lambda runs: (Estimate(level, level - 0.05, level + 0.05, 60), 0.5)
    )
    found = concluded(
        careful_runs["pictures scaled inside"], code="prep.channel_order", effect=effect, seeds=seeds
    )
    assert found.verdict.value == word
    assert ("What looked best" in found.summary) is (word == "unknown")


def test_a_change_that_gained_nothing_is_handed_to_nobody(careful_runs):
    run = careful_runs["one class for all"]
    assert concluded(run, code="arch.dead_units", effect=0.2, seeds=(0, 1, 2)).causes[0].patch
    assert not concluded(run, code="arch.dead_units", effect=-0.1, seeds=(0, 1, 2)).causes[0].patch


def test_what_makes_a_figure_wrong_that_nobody_could_find_stays_as_a_remark(careful_runs):
    run = careful_runs["pictures scaled inside"]
    found = concluded(run, code="loop.missing_eval_mode", effect=0.0, seeds=(0,))
    assert [one.code for one in found.remarks] == ["loop.missing_eval_mode"]
    assert concluded(run, code="arch.softmax_inside", effect=0.0, seeds=(0,)).remarks == ()


def test_a_proof_by_runs_that_were_cut_short_says_so(careful_runs):
    run = careful_runs["one class for all"]
    stopped = replace(run, outcome=Outcome.time_up, seconds=10.0)
    found = concluded(run, code="arch.dead_units", effect=0.4, seeds=(0, 1), fails=True, after=(stopped,))
    assert any("was stopped after 10 s, before it was done" in one for one in found.assumptions)
    found = concluded(run, code="arch.dead_units", effect=0.4, seeds=(0, 1), fails=True, after=(run,))
    assert not any("was stopped" in one for one in found.assumptions)
