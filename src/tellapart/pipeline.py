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

from tellapart.audit.finding import finding
from tellapart.backbones.features import Backbone
from tellapart.errors import OptionError
from tellapart.members.blend import Choice
from tellapart.members.member import Fitted, Job, Progress
from tellapart.members.speed import measure_speed, share_the_processor
from tellapart.options import TrainOptions
from tellapart.outcome import Outcome, publish
from tellapart.pictures.collection import Pictures
from tellapart.pictures.read import check_enough, read_pictures
from tellapart.pictures.store import PictureStore, decode_all
from tellapart.plan import Plan, fingerprint, make_plan
from tellapart.progress import Quiet
from tellapart.run_folder import SCHEMA, RunFolder
from tellapart.split import Split, cross_validate, seal


@dataclass(frozen=True)
class Prepared:
    """All that is settled before training."""

    job: Job
    backbone: Backbone
    groups: np.ndarray
    seconds: dict[str, float]


def train(
    source: str | os.PathLike[str], run: str | os.PathLike[str], options: TrainOptions, progress: Progress
) -> dict[str, Any]:
    """Train on PICTURES into the run folder RUN and return metrics.json.

    Parameters
    ----------
    source, run
        PICTURES and RUN of the interface. The same call again resumes an unfinished run; on a finished one it
        returns what was found then.
    options
        What was asked for.
    progress
        Where work is shown.

    Raises
    ------
    TellapartError
        The pictures, an option or the folder cannot be used.
    """
    began = time.monotonic()
    share_the_processor()
    pictures = read_pictures(source, groups_file=options.groups_file)
    check_positive(options, pictures.classes)
    backbone = load_backbone(options.backbone)
    folder = RunFolder(Path(run))
    command = {"command": "train", "pictures": str(Path(source).absolute()), **options.to_dict()}
    with folder.claim(command) as finished:
        if finished:
            progress.say(f"This run is finished; its report lies at {folder.path / 'report.html'}")
            return folder.read_json("metrics.json")
        prepared = prepare(pictures, backbone, folder, options, progress, began)
        fitted = fit_members(prepared)
        choice = choose(prepared.job, fitted)
        outcome = Outcome(
            prepared.job, prepared.backbone, prepared.groups, options, tuple(fitted), choice, prepared.seconds
        )
        metrics = publish(outcome, folder, began)
        folder.finish(command)
    return metrics


def plan_only(source: str | os.PathLike[str], options: TrainOptions) -> dict[str, Any]:
    """Return plan.json without training; nothing is left on disk."""
    began = time.monotonic()
    pictures = read_pictures(source, groups_file=options.groups_file)
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
) -> Prepared:
    """Decode, audit, split and plan; plan.json and split.csv are written."""
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    progress.stage("read", len(pictures))
    store, pictures = decode_all(pictures, folder.work, advance=progress.advance)
    check_enough(pictures, str(pictures.root))
    seconds["read"] = time.perf_counter() - started
    folder.write_json("audit.json", audit_files(pictures))
    groups = pictures.group_numbers()
    parts, test_part = seal(pictures, groups, options.seed)
    plan = load_plan(folder, pictures, store, parts, groups, backbone, options, seconds["read"], began)
    folds = cross_validate(
        pictures.labels, parts, groups, folds=plan["folds"], repeats=plan["repeats"], seed=options.seed
    )
    split = Split(parts, folds, test_part)
    write_split(folder, pictures, split)
    deadline = began + options.time_seconds
    job = Job(pictures, store, split, plan, options.seed, folder.work, deadline, progress)
    seconds["plan"] = time.perf_counter() - started - seconds["read"]
    return Prepared(job, backbone, groups, seconds)


def audit_files(pictures: Pictures) -> dict[str, Any]:
    """Return audit.json: what is wrong with the files, and what was not looked for."""
    findings = []
    if pictures.left_out:
        findings.append(
            finding(
                "files.unreadable",
                "warn",
                f"{len(pictures.left_out)} files could not be read and are left out",
                advice="open them in a picture viewer; save them again or take them away",
                evidence={"left_out": len(pictures.left_out), "used": len(pictures)},
                files=[(one.path,) for one in pictures.left_out],
            )
        )
    return {
        "schema": SCHEMA,
        "pictures": len(pictures),
        "classes": pictures.counts(),
        "findings": [one.to_dict() for one in findings],
        "unchecked": [
            "copies",
            "groups of one object",
            "suspect labels",
            "shortcuts",
            "shift between the parts",
        ],
    }


def load_backbone(name: str) -> Backbone:
    """Return a pretrained network by name."""
    from tellapart.backbones.features import lite0

    if name != "efficientnet-lite0":
        raise OptionError(
            "--backbone is the name of a pretrained network.",
            found=repr(name),
            advice="efficientnet-lite0 is built in",
        )
    return lite0()


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
        trained_area_px=backbone.area_px,
        budget_seconds=options.time_seconds - (time.monotonic() - began),
    )
    folder.write_json("plan.json", plan.to_dict())
    return plan


def write_split(folder: RunFolder, pictures: Pictures, split: Split) -> None:
    """Write split.csv; with repeated folds `fold` is that of the first deal."""
    rows = zip(
        pictures.paths,
        [pictures.classes[label] for label in pictures.labels],
        split.parts.tolist(),
        ["" if fold < 0 else int(fold) for fold in split.folds[0]],
        pictures.groups.tolist(),
        strict=True,
    )
    folder.write_table("split.csv", ("path", "label", "split", "fold", "group"), rows)


def fit_members(prepared: Prepared) -> list[Fitted]:
    """Fit the planned members one after the other; each knows what those before it reached."""
    job = prepared.job
    fitted: list[Fitted] = []
    for name in job.plan["members"]:
        fitted.append(fit_member(name, prepared, fitted))
    return fitted


def fit_member(name: str, prepared: Prepared, before: Sequence[Fitted]) -> Fitted:
    """Fit one member."""
    job = prepared.job
    if name == "detail":
        from tellapart.members.detail import fit_detail

        return fit_detail(job, before)
    from tellapart.members.probe import extract, fit_probe

    started = time.perf_counter()
    job.progress.stage("features", len(job.store))
    features = extract(
        prepared.backbone,
        job.plan["probe.area_px"],
        job.store,
        job.work / "features.npy",
        job.progress.advance,
    )
    probe = fit_probe(job, features, prepared.backbone)
    return replace(probe, seconds=time.perf_counter() - started)


def choose(job: Job, fitted: Sequence[Fitted]) -> Choice:
    """Choose on out-of-fold scores and those of a given validation part."""
    from tellapart.members.blend import choose as choose_members

    rows = job.split.indices("train", "validation")
    return choose_members(fitted, rows, job.pictures.labels[rows])


def check_positive(options: TrainOptions, classes: Sequence[str]) -> None:
    """Refuse a positive class that is none, and aims that need two classes."""
    if options.positive is not None and options.positive not in classes:
        raise OptionError(
            "--positive is one of the classes.",
            found=repr(options.positive),
            where=", ".join(map(repr, classes)),
        )
    if len(classes) > 2 and (options.aim.kind != "balanced accuracy" or options.aim.prevalence is not None):
        raise OptionError(
            "--min-precision, --min-recall, --cost and --prevalence speak of one positive class against one other.",
            found=f"{len(classes)} classes",
            advice="leave them out, or sort the pictures into two classes",
        )
