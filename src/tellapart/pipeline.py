"""The main job, top to bottom: read, audit, split, plan, fit members, choose, open the test, report.

N pictures, K classes, D features.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.audit import Audit, Leak, audit_pictures, leak
from tellapart.backbones.catalogue import DEFAULT, load_backbone
from tellapart.backbones.features import Backbone
from tellapart.cells import safe_label, safe_path
from tellapart.errors import OptionError
from tellapart.inspection import Inspection, inspect, key_of, shown_by
from tellapart.members.blend import Choice
from tellapart.members.member import Fitted, Job
from tellapart.members.rival import log_loss
from tellapart.members.scores import little_loss
from tellapart.members.speed import measure_speed
from tellapart.options import TrainOptions, check_class
from tellapart.outcome import Outcome, publish
from tellapart.pictures.address import Address, location_of
from tellapart.pictures.collection import Pictures
from tellapart.pictures.corrections import NAME as CORRECTIONS
from tellapart.pictures.corrections import corrections_text, read_corrections
from tellapart.pictures.read import check_enough, read_pictures
from tellapart.pictures.store import STORE_FILES, PictureStore, decode_all
from tellapart.plan import Plan, Setting, fingerprint, make_plan, probe_area
from tellapart.progress import Progress, Quiet
from tellapart.run_folder import RunFolder
from tellapart.scale.executor import THIS_PROCESS, Executor
from tellapart.scale.opening import HERE, TRAINING, Place, open_executor
from tellapart.scale.processor import sharing_the_processor
from tellapart.split import DROPPED, Split, cross_validate, drop, seal


@dataclass(frozen=True)
class Prepared:
    """All that is settled before training."""

    job: Job
    backbone: Backbone
    inspection: Inspection
    leak: Leak
    seconds: dict[str, float]


@sharing_the_processor()
def train(
    source: str | os.PathLike[str] | Address | Pictures,
    run: str | os.PathLike[str],
    options: TrainOptions,
    progress: Progress,
    on: Place = HERE,
) -> dict[str, Any]:
    """Train on PICTURES into the run folder RUN and return metrics.json.

    Parameters
    ----------
    source, run
        PICTURES of the interface, or what was read of them already, and RUN. The same call again resumes an
        unfinished run; on a finished one it returns what was found then.
    options
        What was asked for.
    progress
        Where work is shown.
    on
        Where folds are trained; the numbers are the same everywhere, and so a run may go on elsewhere.

    Raises
    ------
    TellapartError
        The pictures, an option or the folder cannot be used.
    """
    began = time.monotonic()
    if isinstance(source, Pictures):
        pictures, identity = source, source.identity()
    else:
        pictures = read_for(options, source)
        identity = str(location_of(source).absolute())
    check_positive(options, pictures.classes)
    backbone = load_backbone(options.backbone)
    folder = RunFolder(Path(run))
    command = {"command": "train", "pictures": identity, **options.to_dict()}
    with folder.claim(command) as finished:
        if finished:
            progress.say(f"This run is finished; its report lies at {folder.path / 'report.html'}")
            return folder.read_json("metrics.json")
        with open_executor(on, TRAINING, progress.say) as executor:
            keep_corrections(folder, options)
            prepared = prepare(pictures, backbone, folder, options, progress, began, executor)
            fitted = fit_members(prepared)
            choice = choose(prepared.job, fitted)
            outcome = Outcome(
                prepared.job,
                prepared.backbone,
                prepared.inspection.kinship.groups,
                options,
                tuple(fitted),
                choice,
                finish_audit(prepared, choice),
                prepared.seconds,
            )
            metrics = publish(outcome, folder, began)
        folder.finish(command)
    return metrics


def read_for(options: TrainOptions, source: str | os.PathLike[str] | Address) -> Pictures:
    """Read PICTURES, with what `options` say belongs together and was corrected."""
    return read_pictures(source, groups_file=options.groups_file, corrections_file=options.corrections_file)


@sharing_the_processor()
def plan_only(source: str | os.PathLike[str], options: TrainOptions) -> dict[str, Any]:
    """Return plan.json without training; nothing is left on disk."""
    began = time.monotonic()
    pictures = read_for(options, source)
    check_positive(options, pictures.classes)
    with tempfile.TemporaryDirectory() as scratch:
        prepared = prepare(
            pictures, load_backbone(options.backbone), RunFolder(Path(scratch)), options, Quiet(), began
        )
        return prepared.job.plan.to_dict()


def prepare(
    pictures: Pictures,
    backbone: Backbone,
    folder: RunFolder,
    options: TrainOptions,
    progress: Progress,
    began: float,
    executor: Executor = THIS_PROCESS,
) -> Prepared:
    """Decode, inspect, split and plan; plan.json and split.csv are written."""
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    progress.stage("read", len(pictures))
    store, pictures = decode_all(pictures, folder.work, advance=progress.advance)
    check_enough(pictures, str(pictures.root))
    folder.start_over_unless(key_of(pictures, store, backbone), keep=STORE_FILES)
    seconds["read"] = time.perf_counter() - started
    started = time.perf_counter()
    inspection = inspect(pictures, store, backbone, folder.work, options.seed, progress, executor)
    seconds["audit"] = time.perf_counter() - started
    started = time.perf_counter()
    groups = inspection.kinship.groups
    leaking = leak(pictures, groups)
    parts, test_part = seal(pictures, groups, options.seed)
    parts = drop(parts, pictures.labels, leaking.drop)
    plan = load_plan(folder, pictures, store, parts, groups, backbone, options, seconds["read"], began)
    folds = cross_validate(
        pictures.labels, parts, groups, folds=plan["folds"], repeats=plan["repeats"], seed=options.seed
    )
    split = Split(parts, folds, test_part)
    write_split(folder, pictures, split)
    deadline = began + options.time_seconds
    job = Job(pictures, store, split, plan, options.seed, folder.work, deadline, progress, executor)
    seconds["plan"] = time.perf_counter() - started
    return Prepared(job, backbone, inspection, leaking, seconds)


def finish_audit(prepared: Prepared, choice: Choice) -> Audit:
    """Judge labels and shortcuts by the out-of-fold scores of what was chosen."""
    job, started = prepared.job, time.perf_counter()
    out_of_fold = np.full((len(job.pictures), job.classes), np.nan)
    out_of_fold[job.split.indices("train", "validation")] = choice.probabilities
    audit = audit_pictures(
        job.pictures,
        job.store,
        prepared.inspection.kinship,
        features=prepared.inspection.embedding_NE,
        out_of_fold=out_of_fold,
        seed=job.seed,
        advance=shown_by(job.progress),
    )
    prepared.seconds["audit"] += time.perf_counter() - started
    return audit


def load_plan(
    folder: RunFolder,
    pictures: Pictures,
    store: PictureStore,
    parts: np.ndarray,
    groups: np.ndarray,
    backbone: Backbone,
    options: TrainOptions,
    read_seconds: float,
    began: float,
) -> Plan:
    """Make the plan, or read the one an interrupted run had made: a resumed run gives the same numbers."""
    if (folder.path / "plan.json").exists():
        return Plan.from_dict(folder.read_json("plan.json"))
    found = fingerprint(pictures, store, parts, groups)
    speed = measure_speed(found, store, backbone, options.members, read_seconds / len(pictures))
    plan = make_plan(
        found,
        speed,
        members=options.members,
        backbone=backbone.name,
        area_px=probe_area(store.facts, backbone.area_px),
        budget_seconds=options.time_seconds - (time.monotonic() - began),
    )
    plan = explain_backbone(plan, backbone)
    folder.write_json("plan.json", plan.to_dict())
    return plan


def explain_backbone(plan: Plan, backbone: Backbone) -> Plan:
    """Say in the plan where a backbone that was asked for comes from, and what it sees if it takes one size only."""
    changes: dict[str, Setting] = {}
    if backbone.name != DEFAULT:
        reason = f"asked for: {backbone.source}; licence: {backbone.licence}"
        changes["backbone"] = Setting("backbone", backbone.name, reason)
    if backbone.fixed_px is not None:
        height, width = backbone.fixed_px
        reason = (
            f"the backbone takes {height} x {width} px only; the whole picture, the rest filled from its edge"
        )
        changes["probe.area_px"] = Setting("probe.area_px", backbone.area_px, reason)
    return replace(plan, settings=tuple(changes.get(one.name, one) for one in plan.settings))


def write_split(folder: RunFolder, pictures: Pictures, split: Split) -> None:
    """Write split.csv, without what was dropped; with repeated folds `fold` is that of the first deal."""
    rows = zip(
        map(safe_path, pictures.paths),
        [safe_label(pictures.classes[label]) for label in pictures.labels],
        split.parts.tolist(),
        ["" if fold < 0 else int(fold) for fold in split.folds[0]],
        map(safe_label, pictures.groups.tolist()),
        strict=True,
    )
    folder.write_table(
        "split.csv", ("path", "label", "split", "fold", "group"), (row for row in rows if row[2] != DROPPED)
    )


def keep_corrections(folder: RunFolder, options: TrainOptions) -> None:
    """Write the corrections of this run into its folder: the page of `serve` adds to them, so that none is lost."""
    if options.corrections_file is not None:
        used = read_corrections(Path(options.corrections_file))
        folder.write_text(CORRECTIONS, corrections_text(used))


def fit_members(prepared: Prepared) -> list[Fitted]:
    """Fit the planned members in order; each knows what those before it reached, and leaves time for the next."""
    job = prepared.job
    fitted: list[Fitted] = []
    for number, name in enumerate(names := job.plan["members"]):
        reserved = sum(job.plan.quoted_seconds[later] for later in names[number + 1 :])
        reserved += sum(one.waiting_seconds for one in fitted)
        own = replace(prepared, job=replace(job, deadline=job.deadline - reserved))
        fitted.append(fit_member(name, own, fitted))
    return look_further(job, fitted)


def look_further(job: Job, fitted: Sequence[Fitted]) -> list[Fitted]:
    """Return the members, with what waited, and with what was cut where one that gave up early has left the time.

    Unless one of them leaves little to gain as it is.
    """
    labels = job.pictures.labels[job.split.indices("train")]
    if any(log_loss(job, one) < little_loss(labels) for one in fitted if one.complete):
        return list(fitted)
    reserved = 2 * job.plan.quoted_seconds["evaluate and report"]  # what sees more answers more slowly
    left = replace(job, deadline=job.deadline - reserved)
    return [one.widened(left) if one.widened else one for one in fitted]


def fit_member(name: str, prepared: Prepared, before: Sequence[Fitted]) -> Fitted:
    """Fit one member."""
    job = prepared.job
    if name == "detail":
        from tellapart.members.detail import fit_detail

        return fit_detail(job, before)
    if name == "finetune":
        from tellapart.members.finetune import fit_finetune

        return fit_finetune(job, before)
    from tellapart.members.probe import fit_probe

    return fit_probe(job, prepared.inspection.features_ND, prepared.backbone)


def choose(job: Job, fitted: Sequence[Fitted]) -> Choice:
    """Choose on out-of-fold scores and those of a given validation part."""
    from tellapart.members.blend import choose as choose_members

    rows = job.split.indices("train", "validation")
    return choose_members(fitted, rows, job.pictures.labels[rows])


def check_positive(options: TrainOptions, classes: Sequence[str]) -> None:
    """Refuse a positive class that is none, and aims that need two classes."""
    check_class(options.positive, classes)
    if len(classes) > 2 and (options.aim.kind != "balanced accuracy" or options.aim.prevalence is not None):
        raise OptionError(
            "--min-precision, --min-recall, --cost and --prevalence speak of one positive class against one other.",
            found=f"{len(classes)} classes",
            advice="leave them out, or sort the pictures into two classes",
        )
