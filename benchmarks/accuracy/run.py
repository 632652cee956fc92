"""Accuracy on real picture sets, beside what people use instead: ``python -m benchmarks.accuracy.run --data DIR``.

Every training in a process of its own. Finished rows are kept in rows.jsonl and not run again; README.md is written
anew from them. Pictures stay in --work, outside the repository. The test parts were looked at for these tables alone:
what the product does was chosen on out-of-fold scores.
"""

from __future__ import annotations

import argparse
import csv
import random
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy import last_mean, tables
from benchmarks.accuracy.sets import PELLETS, SETS, Folders, PictureSet, lay_out, pellets
from benchmarks.rows import Rows, cpu_seconds, run_json
from tellapart.evaluate.paired import INFLUENCES, paired_difference
from tellapart.evaluate.part import check_part
from tellapart.pictures.read import read_pictures

HERE = Path(__file__).parent

SEEDS = (0, 1, 2)
SHUFFLES = 5
BUDGETS = ("30s", "2m")
BUDGET_SETS = (PELLETS, "nuclei_touching", "elpv, peers' split")
PER_CLASS = (20, 50, 100, 250)
PER_CLASS_SETS = (PELLETS, "cats_dogs", "pneumoniamnist")
PER_CLASS_TIME = "3m"
PARTS = ("sets", "budgets", "pictures per class", "shuffled")


def main() -> None:
    """Run what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the picture sets")
    parser.add_argument("--peers", type=Path, help="results.json and splits/ of the peers")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="scratch folder")
    parser.add_argument("--only", default="", help="sets whose name holds this")
    parser.add_argument(
        "--part", action="append", choices=PARTS, help="of the benchmark, more than one allowed"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument(
        "--table", action="store_true", help="write the table from the rows there are, run nothing"
    )
    options = parser.parse_args()
    rows = Rows(HERE / "rows.jsonl")
    folders = Folders(options.data, options.peers, options.work)
    if not options.table:
        options.work.mkdir(parents=True, exist_ok=True)
        run_missing(rows, folders, options)
    (HERE / "README.md").write_text(tables.page(rows, options.peers))


def run_missing(rows: Rows, folders: Folders, options: argparse.Namespace) -> None:
    """Make the rows that are asked for and not there; all sets with one seed before the next."""
    wanted = options.part or PARTS
    known = [one for one in SETS if options.only in one.name and (folders.peers or not one.split)]
    for seed in options.seeds:
        if "sets" in wanted:
            for one in known:
                rows.get(f"{one.name}/{seed}", partial(whole_set, one, seed, folders))
        if "budgets" in wanted:
            for one in (one for one in known if one.name in BUDGET_SETS):
                for budget in BUDGETS:
                    rows.get(f"{one.name}/{seed}/{budget}", partial(trained, one, seed, folders, budget))
        if "pictures per class" in wanted:
            for one in (one for one in known if one.name in PER_CLASS_SETS):
                for count in PER_CLASS:
                    rows.get(f"{one.name}/{seed}/{count} a class", partial(few, one, count, seed, folders))
    if "shuffled" in wanted and options.only in "pellets with labels shuffled":
        for seed in range(SHUFFLES):
            rows.get(f"shuffled/{seed}", partial(shuffled, seed, folders))


def whole_set(one: PictureSet, seed: int, folders: Folders) -> dict[str, Any]:
    """Train on a set; compare with the last mean on the same pictures."""
    return trained(one, seed, folders, one.time, with_peer=True)


def trained(
    one: PictureSet,
    seed: int,
    folders: Folders,
    budget: str,
    pictures: Path | None = None,
    *,
    with_peer: bool = False,
) -> dict[str, Any]:
    """Return the row of one training: on a whole set, or on `pictures`."""
    source, run = pictures or lay_out(one, folders), folders.work / "run"
    shutil.rmtree(run, ignore_errors=True)
    before = cpu_seconds()
    command = ["train", str(source), "--out", str(run), "--seed", str(seed), "--time", budget]
    metrics, seconds, peak = run_json(command)
    processor = cpu_seconds() - before
    row = {
        "measure": one.measure,
        "figure": metrics["test"][one.measure],
        "test": {
            name: value for name, value in metrics["test"].items() if name not in ("confusion", "per_class")
        },
        "decision": metrics["decision"],
        "with_copies": (metrics["test_with_copies"] or {}).get(one.measure),
        "members": {
            member["name"]: {
                "weight": member["weight"],
                "seconds": member["seconds"],
                "complete": member["complete"],
                "out_of_fold": member["out_of_fold"][one.measure],
            }
            for member in metrics["members"]
        },
        "time": budget,
        "seconds": {
            **metrics["seconds"],
            "process": round(seconds, 1),
            "processor": round(processor, 1),
        },
        "peak_MiB": round(peak),
    }
    if one.name == PELLETS:
        found, _, _ = run_json(["evaluate", str(run), str(pellets(folders.work, 1000, fresh=True))])
        row["fresh"] = found["test"][one.measure]
    if with_peer:
        row["last_mean"] = against_last_mean(one.measure, source, run, metrics["classes"])
    shutil.rmtree(run)
    return row


def against_last_mean(measure: str, source: Path, run: Path, classes: list[str]) -> dict[str, Any]:
    """Fit the last mean on what the run trained on; return the paired difference on its test part."""
    root = source if source.is_dir() else source.parent
    parts = {row["path"]: row for row in _table(run / "split.csv")}
    test = [row for row in _table(run / "predictions.csv") if row["split"] == "test"]
    train = [row for row in parts.values() if row["split"] != "test"]
    number = {name: place for place, name in enumerate(classes)}
    truth = np.array([number[row["label"]] for row in test])
    ours = np.array([[float(row[f"probability_{name}"]) for name in classes] for row in test])
    theirs = last_mean.answers(
        [root / row["path"] for row in train],
        np.array([number[row["label"]] for row in train]),
        [root / row["path"] for row in test],
    )
    compared = measure if measure in INFLUENCES else "balanced_accuracy"
    groups = [parts[row["path"]]["group"] or row["path"] for row in test]
    difference = paired_difference(
        truth, ours, theirs, measure=compared, groups=np.unique(groups, return_inverse=True)[1]
    )
    value, _ = INFLUENCES[compared](check_part(truth, theirs))
    return {"measure": compared, "value": value, "difference": difference.to_dict()}


def _table(file: Path) -> Iterator[dict[str, str]]:
    with file.open(newline="") as lines:
        yield from csv.DictReader(lines)


def few(one: PictureSet, count: int, seed: int, folders: Folders) -> dict[str, Any]:
    """Train on so many pictures of each class, drawn anew for each seed; the test part stays."""
    pictures = read_pictures(lay_out(one, folders))
    draw, table = random.Random(seed), folders.work / f"{one.name}-{count}-{seed}.csv"  # noqa: S311 - no secret
    open_part = np.flatnonzero(pictures.parts != "test")
    chosen = [
        index
        for k in range(len(pictures.classes))
        for index in draw.sample(open_part[pictures.labels[open_part] == k].tolist(), count)
    ]
    with table.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("path", "label", "split"))
        for part, indices in (("train", chosen), ("test", np.flatnonzero(pictures.parts == "test"))):
            writer.writerows(
                (Path(pictures.file(i)).resolve(), pictures.classes[pictures.labels[i]], part)
                for i in indices
            )
    return trained(one, seed, folders, PER_CLASS_TIME, table)


def shuffled(seed: int, folders: Folders) -> dict[str, Any]:
    """Train on pellets with their labels shuffled within each part."""
    source, target = pellets(folders.work, 0), folders.work / f"shuffled-{seed}"
    shutil.rmtree(target, ignore_errors=True)
    draw = random.Random(seed)  # noqa: S311 - a benchmark, not a secret
    for part in ("train", "validation", "test"):
        files = sorted((source / part).glob("*/*.png"))
        labels = [file.parent.name for file in files]
        draw.shuffle(labels)
        for number, (file, label) in enumerate(zip(files, labels, strict=True)):
            (target / part / label).mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target / part / label / f"{number:04d}.png")
    run = folders.work / "run"
    shutil.rmtree(run, ignore_errors=True)
    metrics, seconds, peak = run_json(["train", str(target), "--out", str(run), "--seed", str(seed)])
    shutil.rmtree(run)
    shutil.rmtree(target)
    return {
        "decision": metrics["decision"],
        "figure": metrics["test"]["accuracy"],
        "seconds": {"process": round(seconds, 1)},
        "peak_MiB": round(peak),
    }


if __name__ == "__main__":
    main()
