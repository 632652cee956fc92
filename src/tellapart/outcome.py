"""From the choice to the finished run folder: thresholds, the model file, the sealed test, metrics and report.

N pictures of a part, K classes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tellapart.audit import Audit
from tellapart.backbones.features import Backbone
from tellapart.cells import safe_label, safe_path
from tellapart.deploy.model_file import build_model
from tellapart.deploy.predictor import Predictor
from tellapart.evaluate.decision import decide
from tellapart.evaluate.fitness import fit_for_use, per_thousand
from tellapart.evaluate.measures import measure, to_json
from tellapart.evaluate.not_sure import NotSure, apply_not_sure, choose_not_sure
from tellapart.evaluate.threshold import ThresholdChoice, choose_threshold
from tellapart.explained import explain_sample
from tellapart.gallery import small_pairs, worst_mistakes
from tellapart.members.blend import Choice
from tellapart.members.member import Fitted, Job
from tellapart.members.scores import softmax
from tellapart.options import TrainOptions
from tellapart.run_folder import SCHEMA, RunFolder
from tellapart.split import DROPPED
from tellapart.versions import versions


@dataclass(frozen=True)
class Outcome:
    """What training left: everything the run folder is written from."""

    job: Job
    backbone: Backbone
    groups: np.ndarray
    options: TrainOptions
    fitted: tuple[Fitted, ...]
    choice: Choice
    audit: Audit
    seconds: dict[str, float]


@dataclass(frozen=True)
class Rules:
    """What turns probabilities into answers; chosen out of fold."""

    positive: int | None
    positive_chosen_by: str
    threshold: ThresholdChoice | None
    not_sure: NotSure

    @property
    def threshold_value(self) -> float | None:
        """The threshold; None with more than two classes."""
        return None if self.threshold is None else self.threshold.threshold.value


def publish(outcome: Outcome, folder: RunFolder, began: float) -> dict[str, Any]:
    """Write every file of the run folder and return metrics.json; the sealed part is opened here, once."""
    job = outcome.job
    started = time.perf_counter()
    job.progress.stage("evaluate", 5)
    rules = choose_rules(outcome)
    facts = {
        "classes": list(job.pictures.classes),
        "positive": None if rules.positive is None else job.pictures.classes[rules.positive],
        "threshold": rules.threshold_value,
        "not_sure_below": rules.not_sure.below,
    }
    folder.write_bytes("model.onnx", build_model(outcome.choice, facts).SerializeToString())
    job.progress.advance(1)
    predictor = Predictor(folder.path / "model.onnx")
    sealed = job.split.indices("test")
    test_probabilities = score(predictor, job, sealed)
    job.progress.advance(1)
    metrics = describe(outcome, rules, test_probabilities, score_with_copies(outcome, folder, facts))
    job.progress.advance(1)
    write_predictions(folder, outcome, predictor, test_probabilities)
    write_history(folder, outcome.fitted)
    folder.write_json("audit.json", outcome.audit.to_dict())
    gallery = {
        "pictures": worst_mistakes(job, predictor, sealed, test_probabilities),
        "pairs": small_pairs(outcome.audit.pairs(job.pictures), job.store),
    }
    folder.write_json("gallery.json", gallery)
    folder.write_json("explanations.json", explain_sample(job, predictor, began))
    job.progress.advance(1)
    if outcome.audit.suspected is not None:
        folder.write_text("suspected_groups.csv", outcome.audit.suspected.to_csv(job.pictures))
    folder.write_json("versions.json", versions())
    now = time.monotonic()
    metrics["seconds"] |= {
        "evaluate": round(time.perf_counter() - started, 2),
        "total": round(now - began, 2),
    }
    folder.write_json("metrics.json", metrics)
    write_words(folder)
    job.progress.advance(1)
    return metrics


def score(predictor: Predictor, job: Job, indices: np.ndarray) -> np.ndarray:
    """Return (n, K) probabilities of the pictures at `indices`, by the model file."""
    return np.stack([row.probabilities for row in predictor.stream(job.store[int(i)] for i in indices)])


def score_with_copies(outcome: Outcome, folder: RunFolder, facts: dict[str, Any]) -> np.ndarray | None:
    """Return (n, K) probabilities of the sealed part by the same model trained with its copies too.

    None where hardly anything leaks, nothing was dropped, or the time is too short.
    """
    job, dropped = outcome.job, outcome.job.split.indices(DROPPED)
    if not outcome.audit.leak.is_leaking or not len(dropped):
        return None
    members = []
    for one in outcome.choice.members:
        write = one.refit(dropped)
        if write is None:
            return None
        members.append(replace(one, write=write))
    file = folder.work / "with-copies.onnx"
    model = build_model(replace(outcome.choice, members=tuple(members)), facts)
    file.write_bytes(model.SerializeToString())
    return score(Predictor(file), job, job.split.indices("test"))


def choose_rules(outcome: Outcome) -> Rules:
    """Choose positive class, threshold and "not sure" on out-of-fold scores."""
    job, probabilities = outcome.job, outcome.choice.probabilities
    rows = job.split.indices("train", "validation")
    labels, groups = job.pictures.labels[rows], outcome.groups[rows]
    positive, chosen_by, threshold = None, "rarer class", None
    if job.classes == 2:
        if outcome.options.positive is not None:
            positive, chosen_by = job.pictures.classes.index(outcome.options.positive), "option"
        else:
            counts = np.bincount(labels, minlength=2)
            positive = 0 if counts[0] < counts[1] else 1
        threshold = choose_threshold(
            labels == positive, probabilities[:, positive], outcome.options.aim, groups=groups, seed=job.seed
        )
    value = None if threshold is None else threshold.threshold.value
    not_sure = choose_not_sure(labels, probabilities, positive=positive, threshold=value, groups=groups)
    return Rules(positive, chosen_by, threshold, not_sure)


def describe(
    outcome: Outcome, rules: Rules, test_probabilities: np.ndarray, with_copies: np.ndarray | None
) -> dict[str, Any]:
    """Return metrics.json: every measure of the sealed part and out of fold, and the decision in words."""
    job, options, choice = outcome.job, outcome.options, outcome.choice
    pictures, split = job.pictures, job.split
    sealed, rows = split.indices("test"), split.indices("train", "validation")
    common: dict[str, Any] = {"classes": pictures.classes, "positive": rules.positive, "seed": job.seed}

    def measured(indices: np.ndarray, probabilities: np.ndarray, threshold: float | None) -> dict[str, Any]:
        groups = outcome.groups[indices]
        return measure(pictures.labels[indices], probabilities, threshold=threshold, groups=groups, **common)

    test = measured(sealed, test_probabilities, rules.threshold_value)
    audit = outcome.audit
    decision = decide(test, leak_share=audit.leak_share, shortcuts=audit.shortcuts)
    fit = fit_for_use(options.aim, test, classes=pictures.classes, positive=rules.positive)
    shares = {one.name: weight for one, weight in zip(choice.members, choice.weights, strict=True)}
    members = []
    for one in outcome.fitted:
        scored = rows[~np.isnan(one.logits[rows, 0])]
        members.append(
            {
                "name": one.name,
                "weight": shares.get(one.name, 0.0),
                "chosen": one.name in shares,
                "complete": one.complete,
                "out_of_fold": measured(scored, softmax(one.logits[scored]), None) if len(scored) else None,
                "seconds": round(one.seconds, 2),
                "words": one.words,
            }
        )
    sure = apply_not_sure(
        rules.not_sure,
        pictures.labels[sealed],
        test_probabilities,
        positive=rules.positive,
        threshold=rules.threshold_value,
        groups=outcome.groups[sealed],
    )
    used = (outcome.backbone, *(network for one in choice.members for network in one.networks))
    networks = {one.name: one for one in used}
    metrics = {
        "schema": SCHEMA,
        "name": pictures.root.name,
        "classes": list(pictures.classes),
        "positive": None if rules.positive is None else pictures.classes[rules.positive],
        "positive_chosen_by": rules.positive_chosen_by,
        "decision": decision.verdict,
        "words": {"sentence": decision.sentence, "reasons": list(decision.reasons), "choice": choice.words},
        "would_tell": decision.would_tell,
        "fit_for_use": fit,
        "per_thousand": _per_thousand(options, test, pictures.classes, rules.positive),
        "test_part": split.test_part,
        "test": test,
        "test_with_copies": None
        if with_copies is None
        else measured(sealed, with_copies, rules.threshold_value),
        "out_of_fold": measured(rows, choice.probabilities, rules.threshold_value),
        "imbalance": next((one.balance.to_dict() for one in outcome.fitted if one.balance), None),
        "threshold": _threshold(rules),
        "trade_off": None
        if rules.threshold is None
        else {"part": "out of fold", **rules.threshold.curve.to_dict()},
        "not_sure": {"part": "test", **sure.to_dict()},
        "members": members,
        "weights": [
            {"name": one.name, "source": one.source, "licence": one.licence} for one in networks.values()
        ],
        "seconds": {
            **{name: round(value, 2) for name, value in outcome.seconds.items()},
            "train": round(sum(one.seconds for one in outcome.fitted), 2),
        },
        "pictures": {
            "used": len(pictures) - len(split.indices(DROPPED)),
            "dropped_as_copies": len(split.indices(DROPPED)),
            "labels_corrected": int(pictures.was_corrected.sum()),
            "test_labels_corrected": int(pictures.was_corrected[sealed].sum()),
            "left_out": len(pictures.left_out),
            "left_out_files": [{"path": one.path, "why": one.reason} for one in pictures.left_out],
        },
        "warnings": list(pictures.warnings),
    }
    return to_json(metrics)


def _threshold(rules: Rules) -> dict[str, Any] | None:
    if rules.threshold is None:
        return None
    return {**rules.threshold.to_dict(), "not_sure_below": rules.not_sure.below}


def _per_thousand(
    options: TrainOptions, test: dict[str, Any], classes: Sequence[str], positive: int | None
) -> dict[str, Any] | None:
    if positive is None or options.aim.prevalence is None:
        return None
    recall, spared = (test["per_class"][classes[k]]["recall"] for k in (positive, 1 - positive))
    return per_thousand(options.aim.prevalence, recall, spared)


def write_predictions(
    folder: RunFolder, outcome: Outcome, predictor: Predictor, test_probabilities: np.ndarray
) -> None:
    """Write predictions.csv: out-of-fold, validation and test."""
    job = outcome.job
    rows = job.split.indices("train", "validation")
    indices = np.concatenate([rows, job.split.indices("test")])
    probabilities = np.concatenate([outcome.choice.probabilities, test_probabilities])
    table = []
    for i, answer in zip(indices, predictor.answers(probabilities), strict=True):
        path, label = job.pictures.paths[i], job.pictures.classes[job.pictures.labels[i]]
        said = (safe_path(path), safe_label(label), job.split.parts[i], safe_label(answer.label))
        shares = [f"{share:.6f}" for share in answer.probabilities]
        table.append([*said, "yes" if answer.sure else "no", *shares])
    names = [f"probability_{name}" for name in job.pictures.classes]
    folder.write_table(
        "predictions.csv", ["path", "label", "split", "predicted", "sure", *names], sorted(table)
    )


def write_history(folder: RunFolder, fitted: Sequence[Fitted]) -> None:
    """Write history.csv: learning curves of the members that have any."""
    columns = (
        "member",
        "stage",
        "fold",
        "step",
        "training_loss",
        "held_out_log_loss",
        "held_out_balanced_accuracy",
    )
    rows = [
        [f"{v:.6g}" if isinstance(v := row.get(column, ""), float) else v for column in columns]
        for one in fitted
        for row in one.history
    ]
    folder.write_table("history.csv", columns, rows)


def write_words(folder: RunFolder) -> None:
    """Render report.html and MODEL_CARD.md from the folder's files."""
    from tellapart.report import render_model_card, render_report

    folder.write_text("report.html", render_report(folder.path))
    folder.write_text("MODEL_CARD.md", render_model_card(folder.path))
