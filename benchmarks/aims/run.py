"""Uneven classes and named aims: `python -m benchmarks.aims.run --data DIR`.

Every case with seeds 0, 1 and 2 in a process of its own. Finished rows are kept in rows.jsonl and not run again;
README.md is written anew from them. Pictures stay in --work, outside the repository.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.rows import TELLAPART, Rows, run_json

HERE = Path(__file__).parent

SEEDS = (0, 1, 2)
Figure = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """What is trained, with which options, and which figures are asked for."""

    name: str
    make: Callable[[Path, Path, int], Path]
    options: tuple[str, ...]
    figures: tuple[str, ...]
    asked: str
    reached: Callable[[list[Figure], Path], str]


def given(name: str) -> Callable[[Path, Path, int], Path]:
    """Return what gives a set as it is."""
    return lambda data, _work, _seed: data / name


def thinned(data: Path, work: Path, seed: int) -> Path:
    """Return cats_dogs with a seeded third of its cats: a quarter of all, in every part."""
    target, draw = work / f"thinned-{seed}", random.Random(seed)  # noqa: S311 - no secret
    if not target.exists():
        for folder in sorted((data / "cats_dogs").glob("*/*/")):
            files = sorted(folder.iterdir())
            if folder.name == "cats":
                files = draw.sample(files, len(files) // 3)
            (target / folder.parent.name / folder.name).mkdir(parents=True)
            for file in files:
                shutil.copy(file, target / folder.parent.name / folder.name / file.name)
    return target


def quarter(_data: Path, work: Path, seed: int) -> Path:
    """Return the drawn set of a seed."""
    target = work / f"quarter-{seed}"
    if not target.exists():
        subprocess.run([*TELLAPART, "demo", "quarter", str(target), "--seed", str(seed)], check=True)
    return target


def at_least(*goals: float) -> Callable[[list[list[Figure]], Path], str]:
    """Return what compares the means over the seeds with goals."""

    def compare(found: list[list[Figure]], _: Path) -> str:
        means = [mean(row[i]["value"] for row in found) for i in range(len(goals))]
        return ", ".join(
            f"{value:.3f} {'yes' if value >= goal else '**no**'}"
            for value, goal in zip(means, goals, strict=True)
        )

    return compare


def recall_within(found: list[list[Figure]], _: Path) -> str:
    """Say whether .9 lies in the interval of each seed's recall."""
    return ", ".join("yes" if row[0]["low"] <= 0.9 <= row[0]["high"] else "**no**" for row in found)


def near_attainable(found: list[list[Figure]], work: Path) -> str:
    """Say how far each seed's average precision is from the attainable one at 400 px."""
    words = []
    for seed, row in enumerate(found):
        text = (work / f"quarter-{seed}" / "attainable.json").read_text()
        best = json.loads(text)["large_sample"]["400_px"]["average_precision"]["value"]
        gap = best - row[0]["value"]
        words.append(f"{gap:.3f} {'yes' if gap <= 0.03 else '**no**'}")
    return ", ".join(words)


CASES = (
    Case(
        "pneumoniamnist",
        given("pneumoniamnist"),
        (),
        ("roc_auc", "balanced_accuracy"),
        "AUC .96, balanced accuracy .87",
        at_least(0.96, 0.87),
    ),
    Case("cats_dogs, 25/75", thinned, ("--positive", "cats"), ("average_precision",), ".99", at_least(0.99)),
    Case(
        "nuclei_touching, --min-recall .9",
        given("nuclei_touching"),
        ("--min-recall", ".9"),
        ("recall", "precision"),
        "recall: .9 within its interval",
        recall_within,
    ),
    Case("quarter", quarter, (), ("average_precision",), "within .03 of the attainable", near_attainable),
)


def main() -> None:
    """Run what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the picture sets")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="scratch folder")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    rows = Rows(HERE / "rows.jsonl")
    for seed in SEEDS:
        for case in CASES:
            rows.get(f"{case.name}/{seed}", lambda case=case, seed=seed: trained(case, seed, options))
    (HERE / "README.md").write_text(table(rows, options.work))


def trained(case: Case, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Train one case and return its row."""
    source, run = case.make(options.data, options.work, seed), options.work / "run"
    shutil.rmtree(run, ignore_errors=True)
    arguments = ["train", str(source), "--out", str(run), "--seed", str(seed), *case.options]
    metrics, seconds, peak = run_json(arguments)
    shutil.rmtree(run)
    test = metrics["test"]
    per_class = test["per_class"][metrics["positive"]]
    figures = [per_class[name] if name in per_class else test[name] for name in case.figures]
    return {
        "figures": figures,
        "decision": metrics["decision"],
        "positive": metrics["positive"],
        "fit_for_use": metrics["fit_for_use"],
        "imbalance": metrics["imbalance"],
        "seconds": round(seconds, 1),
        "peak_MiB": round(peak),
    }


def table(rows: Rows, work: Path) -> str:
    """Return README.md."""
    lines = [
        "# Uneven classes and named aims",
        "",
        "`python -m benchmarks.aims.run --data DIR`. Default options but those named; sealed part; each seed's figure",
        "with its 95 % interval.",
        "",
        f"Measured {rows.made()}.",
        "",
        "| case | asked | figure | seed by seed | n | mean or gap, reached | decision | s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for case in CASES:
        keys = [f"{case.name}/{seed}" for seed in SEEDS]
        found = [rows.done[key] for key in keys if key in rows.done]
        if not found:
            continue
        reached = case.reached([row["figures"] for row in found], work)
        for i, name in enumerate(case.figures):
            figures = [row["figures"][i] for row in found]
            each = ", ".join(f"{f['value']:.3f} ({f['low']:.3f} to {f['high']:.3f})" for f in figures)
            seconds = ", ".join(f"{row['seconds']:.0f}" for row in found)
            decision = ", ".join(sorted({row["decision"] for row in found}))
            last = f"{reached} | {decision} | {seconds}" if i == 0 else " | | "
            asked = case.asked if i == 0 else ""
            lines.append(
                f"| {case.name} | {asked} | {name.replace('_', ' ')} | {each} | {figures[0]['n']} | {last} |"
            )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
