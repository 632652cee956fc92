"""Three ways on the same pictures: ``python -m benchmarks.questions.side_by_side``.

As described (from results/rows.jsonl, see `benchmarks.questions.run`; not trained again here), the mended program
(benchmarks/questions/fixed), and ``tellapart train``; seeds 0, 1 and 2. Finished rows are kept in
results/side_by_side.jsonl and not run again, one runs at a time. docs/questions/side-by-side.md is written anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.questions import outcomes, sets, sides
from benchmarks.questions.rows import SEEDS
from benchmarks.rows import Rows, cpu_seconds, run_json
from tellapart.errors import TellapartError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RESULTS = HERE / "results" / "side_by_side.jsonl"
PAGE = "side-by-side.md"
MEASURES = ("accuracy", "balanced_accuracy", "average_precision", "log_loss")
FRESH = ("pellets", "quarter")
"""Sets of which fresh pictures can be drawn."""


@dataclass(frozen=True)
class Wanted:
    """A row to be made: `waits` says what it still lacks, empty where it can run."""

    key: str
    make: Callable[[], dict[str, Any]]
    waits: str = ""


def main(arguments: list[str] | None = None) -> int:
    """Run what is not finished, and write the page."""
    options = _options(arguments)
    rows = Rows(options.results)
    for line in plan(options, rows):
        print(line)
    if options.plan_only:
        return 0
    for one in wanted(options):
        if not one.waits:
            rows.get(one.key, one.make)
    page = write(outcomes.read(options.described), rows, options.docs)
    print(f"table: {page}", file=sys.stderr)
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", action="append", help="part of a row's key, such as pellets/fixed; more than one allowed"
    )
    for letter, recipe in (("a", "plastic_pieces"), ("b", "quarter_positive")):
        given = HERE / "fixed" / f"{recipe}.py"
        parser.add_argument(
            f"--fixed-{letter}", dest=recipe, type=Path, default=given, help=f"fixed.py of {recipe}"
        )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--time", default="10m", help="of tellapart train (default 10m, its own)")
    parser.add_argument("--cats-dogs", type=Path, help="the real pictures; without them their rows wait")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of a fixed.py")
    parser.add_argument("--row-minutes", type=float, default=300.0, help="a fixed.py may run so long")
    parser.add_argument("--plan-only", action="store_true", help="say what would be run")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="pictures, runs and logs")
    parser.add_argument("--described", type=Path, default=HERE / "results" / "rows.jsonl")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs" / "questions")
    return parser.parse_args(arguments)


def plan(options: argparse.Namespace, rows: Rows) -> Iterator[str]:
    """Say of every row whether it is finished, would be run, or waits for something."""
    known = outcomes.read(options.described)
    for name in sides.SETS:
        found = {one.seed for one in sides.described(known, name)}
        for seed in options.seeds:
            state = "finished" if seed in found else "missing: python -m benchmarks.questions.run"
            if _chosen(f"{name}/described/seed {seed}", options):
                yield f"{name}/described/seed {seed}: {state}"
    for one in wanted(options):
        yield f"{one.key}: {'finished' if one.key in rows.done else one.waits or 'to be run'}"


def wanted(options: argparse.Namespace) -> Iterator[Wanted]:
    """Yield the rows that are asked for, the most telling first."""
    everything = [Wanted(sides.ATTAINABLE, lambda: attainable(options))]
    for seed in options.seeds:
        for name in sides.SETS:
            everything += [_fixed(name, seed, options), _tellapart(name, seed, options)]
    yield from (one for one in everything if _chosen(one.key, options))


def _chosen(key: str, options: argparse.Namespace) -> bool:
    return not options.only or any(part in key for part in options.only)


def _waits(name: str, options: argparse.Namespace) -> str:
    lacking = name == "cats_dogs" and options.cats_dogs is None and not (options.work / name).exists()
    return "waits for --cats-dogs DIR" if lacking else ""


def _fixed(name: str, seed: int, options: argparse.Namespace) -> Wanted:
    program: Path = getattr(options, sides.SETS[name])
    letter = "a" if sides.SETS[name] == "plastic_pieces" else "b"
    if not program.is_file():
        waits = f"waits for the mended program: --fixed-{letter} FILE"
        return Wanted(f"{name}/fixed/seed {seed}", dict, waits)
    digest = hashlib.sha256(program.read_bytes()).hexdigest()[:12]
    return Wanted(
        f"{name}/fixed/seed {seed}/{digest}",
        lambda: run_fixed(name, seed, program, options),
        _waits(name, options),
    )


def _tellapart(name: str, seed: int, options: argparse.Namespace) -> Wanted:
    return Wanted(
        f"{name}/tellapart/seed {seed}",
        lambda: run_tellapart(name, seed, options),
        _waits(name, options),
    )


def run_fixed(name: str, seed: int, program: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run the mended program with a seed and score its network."""
    from benchmarks.questions import fixed_program

    pictures = sets.prepare(name, options.work, options.cats_dogs)
    parts = {"test": pictures / "test"} if (pictures / "test").is_dir() else {}
    if name in FRESH:
        parts["fresh"] = _fresh(name, options)
    before, began = cpu_seconds(), time.monotonic()
    found = fixed_program.run(
        program,
        pictures,
        seed,
        parts,
        sets.POSITIVE[name],
        answer=options.work / "fixed" / f"{name}-{seed}.json",
        threads=options.threads,
        limit_seconds=60 * options.row_minutes,
    )
    return {
        "set": name,
        "way": "fixed",
        "seed": seed,
        "parts": found["parts"],
        "epochs": found["epochs"],
        "size_px": found["size"],
        "threads": options.threads,
        "seconds": round(time.monotonic() - began, 1),
        "core_seconds": round(cpu_seconds() - before, 1),
        "watching_seconds": found["watching_seconds"],
    }


def run_tellapart(name: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Run the main job with a seed; its sealed test, and the fresh pictures through `tellapart evaluate`."""
    pictures = sets.prepare(name, options.work, options.cats_dogs)
    run = options.work / "run"
    shutil.rmtree(run, ignore_errors=True)
    before = cpu_seconds()
    command = ["train", str(pictures), "--out", str(run), "--seed", str(seed), "--time", options.time]
    metrics, seconds, _ = run_json([*command, "--positive", sets.POSITIVE[name]])
    spent = cpu_seconds() - before
    parts = {"test": _measures(metrics)}
    if name in FRESH:
        found, _, _ = run_json(["evaluate", str(run), str(_fresh(name, options))])
        parts["fresh"] = _measures(found)
    shutil.rmtree(run)
    return {
        "set": name,
        "way": "tellapart",
        "seed": seed,
        "parts": parts,
        "epochs": {},
        "size_px": 0,
        "time": options.time,
        "decision": metrics["decision"],
        "seconds": round(seconds, 1),
        "core_seconds": round(spent, 1),
    }


def attainable(options: argparse.Namespace) -> dict[str, Any]:
    """Keep what the best possible classifier reaches on the drawn heads; the demo computes it from their cues."""
    document = json.loads((_fresh("quarter", options) / "attainable.json").read_text())
    return {
        "large_sample": document["large_sample"],
        "fresh": document["written"],
        "about": document["about"],
    }


def _fresh(name: str, options: argparse.Namespace) -> Path:
    return sets.prepare(f"{name}-fresh", options.work, None)


def _measures(metrics: dict[str, Any]) -> dict[str, Any]:
    test = metrics["test"]
    found = {name: test[name] for name in MEASURES}
    return found | {"precision": test["per_class"][metrics["positive"]]["precision"]}


def write(found: list[outcomes.Outcome], rows: Rows, folder: Path) -> Path:
    """Write the page from the rows there are."""
    lines = [
        "# Three ways on the same pictures\n",
        "Written by `python -m benchmarks.questions.side_by_side`; do not edit. Means over seeds, in brackets the 95 %",
        "interval over seeds (Student's t), after it the 95 % interval over pictures (the mean of the seeds' own).",
        "Nothing a program prints is used: networks are scored by us, on whole parts. *Fresh*: 400 pictures drawn from",
        "another seed. *Its own unseen pictures*: the validation part that the program splits off; for",
        "`tellapart train` the sealed test. The clock is that of a machine that did other work too; *cores*: its",
        "processors' time.\n",
    ]
    for name in sides.SETS:
        table = sides.table(sides.together(found, rows.done.values(), name), name, rows.done)
        lines += [f"## {name}\n", *(table or ["Not measured yet.\n"])]
    machines = sorted({row["machine"] for row in rows.done.values()})
    lines += [f"Machine: {'; '.join(machines)}."] if machines else []
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / PAGE
    page.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return page


if __name__ == "__main__":
    try:
        sys.exit(main())
    except TellapartError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
