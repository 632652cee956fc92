"""The tuned network: what it learns, what it must not see, that its graph agrees, and when it stays away."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from tellapart.backbones.lite import load_lite
from tellapart.deploy.model_file import build_model
from tellapart.deploy.predictor import Predictor
from tellapart.errors import OptionError
from tellapart.members.blend import choose
from tellapart.members.detail_net import Schedule
from tellapart.members.finetune import Finetune, fit_finetune
from tellapart.members.member import Fitted, Job
from tellapart.members.policy import POLICIES
from tellapart.members.tuned_net import TunedNet, layered, tune
from tellapart.options import TrainOptions, parse_members
from tellapart.pictures.read import read_pictures
from tellapart.pictures.store import decode_all
from tellapart.pictures.view import View
from tellapart.plan import Plan, Setting, Speed, make_plan
from tellapart.progress import Quiet
from tellapart.split import Split, cross_validate

COUNT, HELD_BACK, SIDE, STEPS = 24, 4, 64, 3


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """Noise with horizontal stripes in one class, vertical ones in the other; the last four are sealed."""
    root, rng = tmp_path_factory.mktemp("striped"), np.random.default_rng(0)
    for number in range(COUNT):
        stripes = np.repeat(np.tile([80, 160], 4), 4)[:, None] + rng.normal(0, 20, (32, 32))
        pixels = np.clip(stripes if number % 2 else stripes.T, 0, 255).astype(np.uint8)
        file = root / "ab"[number % 2] / f"{number:02d}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).convert("RGB").save(file)
    work = tmp_path_factory.mktemp("work")
    store, pictures = decode_all(read_pictures(root), work, advance=lambda _: None)
    parts = np.full(COUNT, "train", dtype="<U10")
    parts[[0, 1, -2, -1]] = "test"
    parts[[2, -3]] = "validation"
    folds = cross_validate(pictures.labels, parts, np.arange(COUNT), folds=2, repeats=1, seed=0)
    settings = {
        "finetune.side_px": SIDE,
        "finetune.canvas_px": [SIDE, SIDE],
        "finetune.steps": STEPS,
    }
    plan = Plan({"cores": 1}, tuple(Setting(k, v, "") for k, v in settings.items()), {"finetune": 1.0})
    return Job(pictures, store, Split(parts, folds, "test"), plan, 0, work, time.monotonic() + 1e6, Quiet())


@pytest.fixture(scope="module")
def fitted(job):
    return fit_finetune(job, ())


@pytest.fixture(scope="module")
def head(job, fitted):
    """A net of the first fold as it is before its first step, and what the member knows."""
    member = Finetune(job, (1.0, 1.0))
    member.prepare()
    return member, TunedNet(member.look.axes, member.head(0))


def images_of(job, at):
    view = View("canvas", SIDE, SIDE)
    return np.stack([view.apply(job.store[int(i)]) for i in at])


def test_scores_all_but_the_sealed_part(job, fitted):
    assert fitted.complete
    np.testing.assert_array_equal(np.isnan(fitted.logits).any(1), job.split.parts == "test")
    known = job.split.indices("train", "validation")
    assert np.mean(fitted.logits[known].argmax(1) == job.pictures.labels[known]) > 0.9


def test_the_model_file_gives_what_the_nets_gave(job, fitted):
    known = job.split.indices("train", "validation")
    choice = choose([fitted], known, job.pictures.labels[known])
    facts = {"classes": ["a", "b"], "positive": None, "threshold": None, "not_sure_below": 0.5}
    predictor = Predictor(build_model(choice, facts).SerializeToString())
    rows = job.split.indices("validation")  # scored by all nets, averaged: as the model does
    found = predictor.probabilities([job.store[int(i)] for i in rows])
    np.testing.assert_allclose(found, choice.probabilities[np.isin(known, rows)], atol=1e-4)


def test_no_picture_is_scored_by_a_net_that_knew_its_label(job, fitted, head, tmp_path):
    """With two labels turned round, only nets of other folds may change their minds."""
    folds = job.split.folds[0]
    scored = np.flatnonzero(folds == 0)
    labels = job.pictures.labels.copy()
    labels[scored[:2]] = 1 - labels[scored[:2]]
    # The policy is one decision on all folds: it is held, so that only the nets are compared.
    again = replace(job, pictures=replace(job.pictures, labels=labels), work=tmp_path)
    other = Finetune(again, (1.0, 1.0))
    other.prepare()
    other.look = replace(other.look, policy=head[0].look.policy)
    np.testing.assert_array_equal(other.train_rounds([0])[0].scored, fitted.logits[scored].astype(np.float32))
    rest = np.flatnonzero(folds == 1)
    assert np.abs(other.train_rounds([1])[0].scored - fitted.logits[rest]).max() > 1e-3


def test_the_same_job_goes_on_from_what_is_done_to_the_same_numbers(job, fitted, monkeypatch):
    monkeypatch.setattr("tellapart.members.tuned_round.tune", lambda *_: pytest.fail("trained again"))
    again = fit_finetune(job, ())
    np.testing.assert_array_equal(again.logits, fitted.logits)
    assert again.history == fitted.history


def test_the_first_head_is_that_of_the_frozen_network(job, head):
    member, net = head
    rows = job.split.indices("train")
    with torch.inference_mode():
        found = net.eval()(torch.from_numpy(images_of(job, rows)).permute(0, 3, 1, 2).float()).numpy()
    linear = member.look.fit_head(job.pictures.labels, member.rounds[0][0], np.ones(2))
    np.testing.assert_allclose(found, linear.logits(member.look.rows[rows]), atol=1e-3)


def test_rates_fall_towards_the_pixels_and_all_weights_have_one(head):
    _, net = head
    groups = layered(net)
    rates = [group["lr"] for group in groups]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > 20 * rates[-1] > 0
    held = [one for group in groups for one in group["params"]]
    assert {id(one) for one in held} == {id(one) for one in net.parameters()}
    assert len(held) == len(list(net.parameters()))
    assert all(one.ndim == 1 for group in groups if not group["weight_decay"] for one in group["params"])


def test_all_layers_learn_but_the_statistics_stay(fitted, head):
    member, _ = head
    tuned, before = member.train_rounds([0])[0].net.lite.state_dict(), load_lite().state_dict()
    for name, value in before.items():
        statistic = "running" in name or "num_batches" in name
        assert torch.equal(tuned[name], value) is statistic, name


def test_what_is_kept_is_an_average_of_the_steps(job, head):
    """Of a net whose weights only move, the average lies behind the last step."""
    member, first = head
    net = TunedNet(member.look.axes, member.head(0))
    schedule = Schedule(2, POLICIES["none"], (1.0, 1.0))
    kept = tune(net, member.canvases, member.rounds[0][0], job.pictures.labels, schedule, 0)
    moved = (net.head.weight - first.head.weight).norm()
    assert 0 < (kept.head.weight - first.head.weight).norm() < moved


def test_stays_away_where_the_time_is_short(job, tmp_path):
    late = replace(job, work=tmp_path, deadline=time.monotonic() + 5)
    found = fit_finetune(late, ())
    assert not found.complete
    assert "5 s were left" in found.words or "4 s were left" in found.words
    assert not list(tmp_path.iterdir())


def test_stays_away_where_nothing_is_left_to_win(job):
    perfect = np.eye(2)[job.pictures.labels] * 8.0 - 4.0
    before = Fitted("probe", perfect, View("area", 8, 8), lambda *_: "", lambda _: None, 0.0, "")
    found = fit_finetune(job, (before,))
    assert not found.complete
    assert "probe leaves 0 out-of-fold errors" in found.words


def test_folds_that_cannot_win_are_not_tuned(job):
    """The rival is flawless on the first fold, and wrong on the second: enough errors to be challenged."""
    folds, sure = job.split.folds[0], np.eye(2)[job.pictures.labels] * 30.0
    sure[np.flatnonzero(folds == 1)[:6]] *= -1
    before = Fitted("probe", sure, View("area", 8, 8), lambda *_: "", lambda _: None, 0.0, "")
    found = fit_finetune(job, (before,))
    assert not found.complete
    assert "Given up" in found.words
    assert np.isnan(found.logits[folds == 1]).all()
    assert not np.isnan(found.logits[folds == 0]).any()


FOUND = {
    "pictures": 1000,
    "parts": {"train": 800, "test": 200},
    "training_per_class": {"a": 400, "b": 400},
    "longest_side_px": {"5 %": 100, "median": 300, "95 %": 500},
    "aspect_median": 1.0,
    "aspect_spread": 0.0,
}


def planned(budget_seconds, members=("probe", "detail", "finetune")):
    speed = Speed(0.01, {128: 0.05, 304: 0.28}, 0.001, {128: 0.2, 160: 0.3, 192: 0.45, 224: 0.6})
    return make_plan(
        FOUND,
        speed,
        members=members,
        backbone="efficientnet-lite0",
        area_px=224**2,
        budget_seconds=budget_seconds,
    )


def test_the_plan_prices_it_cuts_it_and_leaves_it_out_last():
    rich, poor, none = planned(1e5), planned(520), planned(60)
    assert rich["finetune.canvas_px"] == [224, 224]
    assert rich.quoted_seconds["finetune"] > 0.6 * rich["folds"] * rich["finetune.steps"]
    assert "finetune" in poor["members"]
    assert poor["finetune.side_px"] < 224
    assert poor.quoted_seconds["finetune"] < rich.quoted_seconds["finetune"] / 2
    assert sum(poor.quoted_seconds.values()) < 520
    assert none["members"] == ["probe"]
    assert {"what": "tuning the pretrained network", "why": "would not fit into 60 s"} in none.left_out


def test_leaving_it_out_gives_back_what_was_cut_for_it():
    for budget_seconds in (60, 150, 250):
        with_, without = planned(budget_seconds), planned(budget_seconds, ("probe", "detail"))
        if "finetune" not in with_["members"]:
            assert with_.settings == without.settings


def test_is_asked_for_by_name_and_for_the_network_it_knows(refused):
    assert "finetune" not in TrainOptions().members
    assert parse_members("probe,detail,finetune") == ("probe", "detail", "finetune")
    error = refused(TrainOptions, members=("probe", "finetune"), backbone="hub:facebook/dinov2-small")
    assert isinstance(error, OptionError)


def test_looks_that_were_cut_are_kept_in_their_order_with_their_price():
    members = ("probe", "detail")
    rich, poor = planned(1e5, members), planned(150, members)
    assert rich.looks_cut == {} != poor.looks_cut
    kept = [*poor["probe.looks"], *poor.looks_cut]
    assert kept == rich["probe.looks"]
    assert poor.looks_cut == {
        name: pytest.approx(rich.quoted_seconds[name], abs=0.1) for name in poor.looks_cut
    }
    assert Plan.from_dict(json.loads(json.dumps(poor.to_dict()))).looks_cut == poor.looks_cut
