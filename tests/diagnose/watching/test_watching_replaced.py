"""Signs that need no run of their own: recordings in which one observation is replaced."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tellapart.diagnose.observed import Optimizer
from tellapart.diagnose.reading import read_program
from tellapart.diagnose.recording import Failure, Outcome
from tellapart.diagnose.watching import look
from tellapart.diagnose.watching.registry import LISTED


def of(recording, code):
    """Return how certain a recording makes a cause."""
    return max((one.certainty for one in look(recording).suspicions if one.code == code), default=0.0)


def with_training(recording, **fields):
    return replace(recording, trainings=(replace(recording.trainings[0], **fields),))


def with_part(recording, name, **fields):
    parts = recording.trainings[0].parts
    return with_training(recording, parts=parts | {name: replace(parts[name], **fields)})


@pytest.fixture
def healthy(torch_runs):
    return torch_runs["healthy"]


@pytest.fixture
def failing(torch_runs):
    """A run that learns nothing, since its pictures are noise."""
    return torch_runs["regularisation.dropout_on_output"]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Target 2 is out of bounds.", "label.wrong_encoding"),
        ("all elements of target should be between 0 and 1", "label.wrong_encoding"),
        ("Arguments `target` and `output` must have the same shape.", "label.wrong_encoding"),
        ("element 0 of tensors does not require grad and does not have a grad_fn", "loop.detached_loss"),
    ],
)
def test_step_that_fails_says_why(failing, message, code):
    crashed = replace(failing, outcome=Outcome.crashed, failure=Failure("RuntimeError", message))
    assert of(crashed, code) >= 0.5
    assert of(replace(crashed, failure=Failure("ValueError", "something else")), code) < LISTED


def test_a_few_pictures_under_two_labels_are_noise_and_many_are_misaligned(failing):
    few, many = (with_part(failing, "train", conflicting=n) for n in (4, 60))
    assert of(few, "label.noise") >= LISTED > of(many, "label.noise")
    assert of(many, "label.misaligned") >= 0.5
    # Constant pictures all look alike: then two labels for one look mean nothing.
    blank = replace(many.trainings[0].parts["train"].inputs, constant=60)
    assert of(with_part(many, "train", inputs=blank), "label.misaligned") < 0.5


@pytest.mark.parametrize("low", [1, -1])
def test_labels_that_no_output_stands_for(failing, low):
    train = failing.trainings[0].parts["train"]
    found = with_part(failing, "train", labels=replace(train.labels, low=float(low), high=2.0))
    assert of(found, "label.wrong_encoding") >= 0.5


def test_parts_that_write_their_labels_otherwise(failing):
    validation = failing.trainings[0].parts["validation"]
    found = with_part(failing, "validation", labels=replace(validation.labels, high=255.0))
    assert of(found, "label.wrong_encoding") >= 0.5
    found = with_part(failing, "validation", labels=replace(validation.labels, shape=(2,)))
    assert of(found, "label.wrong_encoding") >= 0.5


def test_weights_for_classes_account_for_a_rare_one(torch_runs):
    rare = torch_runs["data.imbalance_ignored"]
    (loss,) = rare.trainings[0].losses
    weighted = with_training(rare, losses=(replace(loss, options={"weight": "<Tensor>"}),))
    assert of(weighted, "data.imbalance_ignored") <= LISTED
    told = with_training(rare, arguments={"class_weight": "<dict>"})
    assert of(told, "data.imbalance_ignored") <= LISTED


def test_random_shares_are_no_sign(healthy):
    # 60 and 60 in training, 34 and 26 in validation: chance does that in one split of three.
    chance = with_part(healthy, "validation", labels_kept={"0": 34, "1": 26})
    assert of(chance, "split.not_stratified") < LISTED
    assert of(with_part(healthy, "validation", labels_kept={"0": 50, "1": 10}), "split.not_stratified") >= 0.5
    assert (
        of(with_part(healthy, "validation", labels_kept={"0": 56, "1": 4}), "split.not_stratified") >= LISTED
    )


def test_single_copies_weigh_less_than_a_leak(healthy):
    assert of(with_part(healthy, "validation", shared={"train": 1 / 60}), "split.leak") == 0.5
    assert of(with_part(healthy, "validation", shared={"train": 0.3}), "split.leak") >= 0.8


def test_loader_without_its_last_batch_shows_enough(failing):
    train = failing.trainings[0].parts["train"]
    passes = tuple(replace(one, pictures=115) for one in train.passes)
    assert of(with_part(failing, "train", passes=passes), "data.partial_epoch") < LISTED
    passes = tuple(replace(one, pictures=60) for one in train.passes)
    assert of(with_part(failing, "train", passes=passes), "data.partial_epoch") >= 0.5
    # A sampler of its own means as many as it means.
    own = dict(train.source) | {"order": "SubsetRandomSampler"}
    assert of(with_part(failing, "train", passes=passes, source=own), "data.partial_epoch") < LISTED


def test_inputs_that_are_no_numbers(failing):
    train = failing.trainings[0].parts["train"]
    found = with_part(failing, "train", inputs=replace(train.inputs, not_finite=7))
    assert of(found, "data.unreadable_pictures") >= 0.5


def test_dropout_that_keeps_the_training_part_from_being_fitted(failing):
    training = failing.trainings[0]
    kept = next(one for one in training.scores if (one.part, one.mode) == ("train", "eval"))
    rng = np.random.default_rng(0)

    def scored(mode, share):
        said = np.where(rng.random(len(kept.labels)) < share, kept.labels, 1 - kept.labels)
        return replace(kept, mode=mode, outputs=np.eye(2)[said])

    found = with_training(failing, scores=(scored("eval", 0.75), scored("train", 0.5)))
    assert of(found, "regularisation.too_strong") >= 0.5
    same = scored("eval", 0.75)
    found = with_training(failing, scores=(same, replace(same, mode="train")))
    assert of(found, "regularisation.too_strong") < LISTED
    assert "regularisation.too_strong" in {one.code for one in look(found).ruled_out}
    # Where nothing is learnt yet, dropout may be why: the same answers with and without it rule nothing out.
    found = with_training(failing, scores=(scored("eval", 0.5), scored("train", 0.5)))
    assert "regularisation.too_strong" not in {one.code for one in look(found).ruled_out}
    assert of(found, "regularisation.too_strong") < LISTED
    model = found.trainings[0].model
    dropout = next(one for one in model.layers if one.kind == "Dropout")
    twice = replace(model, layers=(*model.layers, dropout))
    assert of(with_training(found, model=twice), "regularisation.too_strong") >= 0.3


def test_loss_that_still_falls_at_the_end(failing):
    training = failing.trainings[0]
    steps = tuple(replace(one, loss=0.7 - 0.01 * at) for at, one in enumerate(training.steps))
    epochs = tuple(
        replace(epoch, loss=float(np.mean([one.loss for one in steps if one.epoch == epoch.number])))
        for epoch in training.epochs
    )
    assert of(with_training(failing, steps=steps, epochs=epochs), "optimizer.too_few_epochs") >= 0.5
    flat = tuple(replace(one, loss=0.69 + 0.01 * (at % 2)) for at, one in enumerate(training.steps))
    epochs = tuple(replace(one, loss=0.695) for one in epochs)
    assert of(with_training(failing, steps=flat, epochs=epochs), "optimizer.too_few_epochs") < LISTED


def test_optimiser_told_to_go_up(failing):
    up = with_training(failing, optimizers=(Optimizer("Adam", {"maximize": True}, 1.0),))
    assert of(up, "loop.gradient_sign") >= 0.5


def test_loss_that_rises_steadily(failing):
    steps = tuple(replace(one, loss=0.7 + 0.05 * at) for at, one in enumerate(failing.trainings[0].steps))
    assert of(with_training(failing, steps=steps), "loop.gradient_sign") >= 0.5


def test_scaling_inside_is_scaling(torch_runs):
    raw = torch_runs["prep.unscaled"]
    model = raw.trainings[0].model
    scales = replace(model.layers[0], name="scale", kind="Rescaling")
    found = with_training(raw, model=replace(model, layers=(scales, *model.layers)))
    assert of(found, "prep.unscaled") < LISTED


def test_activation_layers_of_keras_bend_by_other_operations(torch_runs):
    linear = torch_runs["arch.linear_only"]
    model = linear.trainings[0].model
    bends = replace(model.layers[1], name="bends", kind="ReLU", parameters=0)
    found = with_training(linear, model=replace(model, layers=(*model.layers[:2], bends, *model.layers[2:])))
    assert of(found, "arch.linear_only") < LISTED


def test_loss_that_has_arrived_may_fall_on(failing):
    training = failing.trainings[0]
    steps = tuple(replace(one, loss=0.05 * 0.8**at) for at, one in enumerate(training.steps))
    epochs = tuple(replace(one, loss=0.05 * 0.3**at) for at, one in enumerate(training.epochs))
    assert of(with_training(failing, steps=steps, epochs=epochs), "optimizer.too_few_epochs") < LISTED


def test_augmented_training_that_costs_more_than_it_brings(torch_runs):
    failing = torch_runs["regularisation.dropout_on_output"]
    train = failing.trainings[0].parts["train"]
    passes = tuple(replace(one, fresh=1.0, changed=1.0) for one in train.passes)
    changed = with_part(failing, "train", pictures=4 * train.pictures, passes=passes)
    changed = with_training(changed, n_steps=100)
    assert of(changed, "prep.destructive_augmentation") >= LISTED


def test_gradient_accumulation_on_purpose_is_none(torch_runs):
    adding = torch_runs["loop.missing_zero_grad"]
    steps = tuple(replace(one, stepped=at % 2 == 1) for at, one in enumerate(adding.trainings[0].steps))
    assert of(with_training(adding, steps=steps), "loop.missing_zero_grad") < LISTED


def test_more_outputs_than_classes(failing):
    parts = failing.trainings[0].parts
    wide = {
        name: replace(one, outputs=None if one.outputs is None else replace(one.outputs, shape=(5,)))
        for name, one in parts.items()
    }
    assert LISTED <= of(with_training(failing, parts=wide), "arch.wrong_output_width") < 0.5


def test_flat_inputs_have_no_channels(failing):
    model = failing.trainings[0].model
    flat = replace(model.layers[0], input_shape=(432,))
    found = with_training(failing, model=replace(model, layers=(flat, *model.layers[1:])))
    assert of(found, "prep.channel_order") == 0


@pytest.mark.parametrize("cut_anew", [1.0, 0.2, None])
def test_pictures_scrambled_by_a_reshape(healthy, cut_anew):
    found = of(with_part(healthy, "train", cut_anew=cut_anew), "prep.channel_order")
    assert found == (0.9 if cut_anew == 1.0 else 0)


@pytest.mark.parametrize("at", [0, -1])
def test_units_that_start_alike(failing, at):
    layers = list(failing.trainings[0].model.layers)
    weighted = [number for number, one in enumerate(layers) if one.parameters]
    layers[weighted[at]] = replace(layers[weighted[at]], alike=True)
    found = with_training(failing, model=replace(failing.trainings[0].model, layers=tuple(layers)))
    # The last layer's units get gradients of their own.
    assert (of(found, "optimizer.bad_initialisation") >= 0.8) is (at == 0)


def test_empty_pictures_are_no_copies_of_each_other(healthy):
    part = healthy.trainings[0].parts["validation"]
    copied = with_part(healthy, "validation", shared={"train": 1.0})
    rows = sum(one.pictures for one in part.passes)
    empty = with_part(copied, "validation", inputs=replace(part.inputs, constant=rows))
    assert of(copied, "split.validation_is_training") >= 0.9
    assert of(empty, "split.validation_is_training") == of(empty, "split.leak") == 0


@pytest.mark.parametrize(("per_class", "certain"), [(3, True), (60, False)])
def test_a_handful_known_by_heart(healthy, failing, per_class, certain):
    known = replace(failing.trainings[0].parts["train"], labels_kept={"0": per_class, "1": per_class})
    fitted = healthy.trainings[0].epochs[-1].true["train"]
    last = failing.trainings[0].epochs[-1]
    epochs = (replace(last, true=last.true | {"train": fitted}),)
    scores = tuple(one for one in failing.trainings[0].scores if one.part != "train")
    parts = failing.trainings[0].parts | {"train": known}
    found = of(with_training(failing, parts=parts, epochs=epochs, scores=scores), "data.too_few_pictures")
    assert (found >= 0.5) is certain


def test_nothing_is_said_without_observations(healthy):
    empty = with_training(
        healthy, parts={}, losses=(), optimizers=(), steps=(), epochs=(), scores=(), lines=()
    )
    assert not [one for one in look(empty).suspicions if one.certainty >= LISTED]
    assert look(replace(healthy, trainings=())).suspicions == ()


def test_position_is_that_of_the_fact_in_the_text(torch_runs):
    text = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
net = nn.Sequential(nn.Flatten(), nn.Linear(432, 2))
optimizer = torch.optim.Adam(net.parameters(), lr=10.)
for epoch in range(4):
    for a, b in DataLoader(TensorDataset(X, y), batch_size=20, shuffle=True):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(a), b).backward()
        optimizer.step()
"""
    program = read_program(text)
    seen = look(torch_runs["optimizer.learning_rate_too_high"], program)
    (found,) = [one for one in seen.suspicions if one.code == "optimizer.learning_rate_too_high"]
    assert (found.position.line, found.source) == (6, program.trainings[0].optimizer.source)


def test_normalisation_without_statistics_is_suspected_though_both_modes_agree(torch_runs):
    blind = with_training(torch_runs["arch.batchnorm_mode"], scores=())
    model = blind.trainings[0].model
    layers = tuple(replace(one, by_batch="BatchNorm" in one.kind) for one in model.layers)
    loose = with_training(blind, model=replace(model, layers=layers))
    assert of(loose, "arch.batchnorm_mode") >= 0.4 > of(blind, "arch.batchnorm_mode") == 0


def test_without_scores_there_are_no_figures_to_go_by(failing):
    blind = with_training(failing, scores=())
    assert of(blind, "arch.batchnorm_mode") == 0
    assert np.isfinite([one.certainty for one in look(blind).suspicions]).all()
