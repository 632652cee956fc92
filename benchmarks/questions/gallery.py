"""Solar cells, from the command to the report: ``python -m benchmarks.questions.gallery``.

Fetches the package elpv-dataset from PyPI into the work folder, lays its pictures out as class folders, runs
``tellapart train`` and writes docs/questions/solar-cells.md. Only figures are kept, in results/solar-cells.json: the
pictures are CC BY-NC-SA 4.0 and stay in the work folder. A finished run is not made again.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.questions import gallery_list, solar_cells
from benchmarks.rows import machine, run_json, today
from tellapart.errors import PicturesError, TellapartError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PACKAGE = "elpv-dataset==1.0.0.post1"
LABELS, PICTURE = "elpv_dataset/data/labels.csv", re.compile(r"images/cell\d{4}\.png")
LIMIT = 0.5
"""A cell whose probability of a defect is above this is called defective."""

MEASURES = ("balanced_accuracy", "roc_auc", "average_precision", "accuracy")


@dataclass(frozen=True)
class Cell:
    """A picture of a cell: its name in the package, and how probable those who looked at it hold a defect."""

    path: str
    probability: float

    @property
    def label(self) -> str:
        """The class folder."""
        return solar_cells.DEFECTIVE if self.probability > LIMIT else solar_cells.FUNCTIONAL


def main(arguments: list[str] | None = None) -> int:
    """Fetch, train and write what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--time", default="10m", help="of tellapart train")
    parser.add_argument("--most", type=int, help="at most so many pictures of each class, for a trial")
    parser.add_argument(
        "--pictures-only", action="store_true", help="lay the class folders out, train nothing"
    )
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument("--result", type=Path, default=HERE / "results" / "solar-cells.json")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs" / "questions")
    options = parser.parse_args(arguments)
    if options.pictures_only or not options.result.exists():
        pictures, cells = prepare(options.work, options.most)
        print(f"pictures: {pictures}", file=sys.stderr)
        if options.pictures_only:
            return 0
        kept = trained(pictures, cells, options.work / "solar-run", options.time)
        options.result.parent.mkdir(parents=True, exist_ok=True)
        options.result.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    options.docs.mkdir(parents=True, exist_ok=True)
    page = options.docs / "solar-cells.md"
    page.write_text(
        solar_cells.page(json.loads(options.result.read_text(encoding="utf-8"))), encoding="utf-8"
    )
    print(f"page: {page}, list: {gallery_list.write(options.docs)}", file=sys.stderr)
    return 0


def prepare(work: Path, most: int | None) -> tuple[Path, list[Cell]]:
    """Return the folder of class folders, written if it is not there, and the cells in it."""
    work.mkdir(parents=True, exist_ok=True)
    wheels = sorted(work.glob("elpv_dataset-*.whl"))
    if not wheels:
        command = [sys.executable, "-m", "pip", "download", PACKAGE, "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "--dest", str(work)], check=True, stdout=sys.stderr)
        wheels = sorted(work.glob("elpv_dataset-*.whl"))
    folder = work / ("solar-cells" if most is None else f"solar-cells-{most}")
    with zipfile.ZipFile(wheels[-1]) as package:
        cells = chosen(read_labels(package.read(LABELS).decode("utf-8")), most)
        if not folder.exists():
            unfinished = work / f"{folder.name}.part"
            shutil.rmtree(unfinished, ignore_errors=True)
            for cell in cells:
                target = unfinished / cell.label / Path(cell.path).name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(package.read(f"{Path(LABELS).parent.as_posix()}/{cell.path}"))
            unfinished.rename(folder)
    return folder, cells


def read_labels(text: str) -> list[Cell]:
    """Read the table of the package: name, probability of a defect, kind of module, in columns of blanks.

    Raises
    ------
    PicturesError
        A line is not of that form.
    """
    cells = []
    for line in filter(None, text.splitlines()):
        words = line.split()
        if len(words) != 3 or not PICTURE.fullmatch(words[0]):
            raise PicturesError(
                "Lines should be images/cellNNNN.png, a probability and a kind.",
                found=line,
                where=LABELS,
                advice=f"this reads {PACKAGE}",
            )
        cells.append(Cell(words[0], float(words[1])))
    return cells


def chosen(cells: list[Cell], most: int | None) -> list[Cell]:
    """Return the first `most` of each class, or all."""
    counted = dict.fromkeys((solar_cells.DEFECTIVE, solar_cells.FUNCTIONAL), 0)
    kept = []
    for cell in cells:
        counted[cell.label] += 1
        if most is None or counted[cell.label] <= most:
            kept.append(cell)
    return kept


def trained(pictures: Path, cells: list[Cell], run: Path, time: str) -> dict[str, Any]:
    """Run the main job and return the figures of the page; the same command again goes on with a stopped run."""
    command = ["train", str(pictures), "--out", str(run), "--positive", solar_cells.DEFECTIVE, "--time", time]
    metrics, seconds, peak = run_json(command)
    test = metrics["test"]
    audit = json.loads((run / "audit.json").read_text(encoding="utf-8"))
    return {
        "date": today(),
        "machine": machine(),
        "package": PACKAGE,
        "time": time,
        "classes": {name: sum(cell.label == name for cell in cells) for name in metrics["classes"]},
        "decision": metrics["decision"],
        "test": {"n": test["n"], "per_class": test["per_class"]} | {name: test[name] for name in MEASURES},
        "threshold": metrics["threshold"],
        "members": [{"name": one["name"], "weight": one["weight"]} for one in metrics["members"]],
        "findings": [
            {"code": one["code"], "severity": one["severity"], "title": one["title"]}
            for one in audit["findings"]
        ],
        "by_probability": by_probability(run / "predictions.csv", cells),
        "seconds": round(seconds, 1),
        "peak_MiB": round(peak),
    }


def by_probability(table: Path, cells: list[Cell]) -> dict[str, Mapping[str, int]]:
    """Count test pictures and errors by how sure those who labelled were: probability -> pictures, errors."""
    known = {Path(cell.path).name: cell.probability for cell in cells}
    found: dict[str, dict[str, int]] = {}
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["split"] == "test":
                counts = found.setdefault(
                    f"{known[Path(row['path']).name]:.2f}", {"pictures": 0, "errors": 0}
                )
                counts["pictures"] += 1
                counts["errors"] += row["predicted"] != row["label"]
    return dict(sorted(found.items()))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except TellapartError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
