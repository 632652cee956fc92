"""Reproduce the two founding trainings: ``python -m benchmarks.questions.run``.

Each finished row is kept in results/rows.jsonl and not run again; interrupt and start again as you like. Pictures
are written into work/ (never committed). When rows are finished, docs/questions is written anew.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.questions import outcomes, sets, tables
from benchmarks.questions.rows import COMMON, SEEDS, Row, all_rows
from tellapart.errors import TellapartError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
GRACE = 1.5
"""A training ends itself after the epoch that its time limit allows; this many times the limit, it is ended."""

KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(2**32),
    "MALLOC_TOP_PAD_": str(2**29),
    "MALLOC_TRIM_THRESHOLD_": "-1",
}
"""glibc gives every large array back and fetches it anew, page by page: 15 to 24 % of a step at 256 px."""


def main(arguments: list[str] | None = None) -> int:
    """Run what is not finished, and write the tables."""
    options = _options(arguments)
    finished = {one.row.key for one in outcomes.read(options.results)}
    chosen = [row for row in all_rows(tuple(options.seeds)) if _wanted(row, options)]
    chosen = [_shortened(row, options.epochs) for row in chosen]
    waiting = [row for row in chosen if row.key not in finished]
    print_plan(chosen, finished, options.jobs)
    if options.plan_only:
        return 0
    failed = run_all(waiting, options) if waiting else 0
    found = outcomes.read(options.results)
    if found:
        print(f"tables: {tables.write(found, options.docs)}", file=sys.stderr)
    return 1 if failed else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    groups = list(dict.fromkeys(row.group for row in all_rows()))
    parser.add_argument(
        "--only", action="append", choices=groups, help="groups of rows, more than one allowed"
    )
    parser.add_argument("--variant", action="append", help="variants by name, more than one allowed")
    parser.add_argument("--size", action="append", type=int, help="px, more than one allowed")
    parser.add_argument("--epochs", type=int, help="at most so many")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--cats-dogs", type=Path, help="the real pictures; without them B-cats is left out")
    parser.add_argument(
        "--row-minutes", type=float, default=180.0, help="a row ends after so many (default 180)"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        help="rows at a time (default: cores); a row at 400 px takes 12 GB of memory",
    )
    parser.add_argument(
        "--plan-only", action="store_true", help="say what would be run and how long it takes"
    )
    parser.add_argument("--work", type=Path, default=HERE / "work", help="pictures and logs")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "rows.jsonl")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs" / "questions")
    return parser.parse_args(arguments)


def _wanted(row: Row, options: argparse.Namespace) -> bool:
    return (
        (not options.only or row.group in options.only)
        and (not options.variant or row.variant in options.variant)
        and (not options.size or row.size in options.size)
        and (row.pictures != "cats_dogs" or options.cats_dogs is not None)
    )


def _shortened(row: Row, epochs: int | None) -> Row:
    return row if epochs is None else replace(row, epochs=min(epochs, row.epochs))


def print_plan(rows: list[Row], finished: set[str], jobs: int) -> None:
    """Print every row with what it costs, and the whole on `jobs` cores."""
    total = 0.0
    by_group: dict[str, float] = {}
    for row in rows:
        done = row.key in finished
        cost = 0.0 if done else row.cpu_seconds()
        total += cost
        by_group[row.group] = by_group.get(row.group, 0.0) + cost
        print(f"{row.group:14} {'finished' if done else f'{cost / 60:5.0f} min'}  {row.key}")
    print("\nOn one core, by the timings in rows.py:")
    for group, seconds in by_group.items():
        print(f"  {group:14} {seconds / 3600:5.1f} h")
    print(
        f"  {'all':14} {total / 3600:5.1f} h; {jobs} rows at a time, a core each: {total / jobs / 3600:.1f} h"
    )


def run_all(rows: list[Row], options: argparse.Namespace) -> int:
    """Run rows, `--jobs` at a time; returns how many failed."""
    options.work.mkdir(parents=True, exist_ok=True)
    for name in dict.fromkeys(row.pictures for row in rows):
        sets.prepare(name, options.work, options.cats_dogs)
        if name == "pellets":
            sets.prepare("pellets-fresh", options.work, None)
    failed = 0
    begun = time.monotonic()
    stop = threading.Event()
    with ThreadPoolExecutor(options.jobs) as pool:
        running = {pool.submit(run_row, row, options, stop): row for row in rows}
        try:
            for number, job in enumerate(as_completed(running), start=1):
                outcome = job.result()
                failed += outcome is None
                if outcome is not None:
                    outcomes.append(options.results, outcome)
                words = "failed" if outcome is None else f"{outcome.about['clock_seconds'] / 60:.1f} min"
                passed = (time.monotonic() - begun) / 3600
                print(
                    f"{number} of {len(rows)}, {passed:.2f} h: {running[job].key}: {words}", file=sys.stderr
                )
        except BaseException:  # an interruption too: the trainings are processes of their own
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return failed


def command_of(row: Row, options: argparse.Namespace, out: Path) -> list[str]:
    """Return the arguments of ``python -m tellapart.recipes`` for a row."""
    given = [row.recipe, str(sets.prepare(row.pictures, options.work, options.cats_dogs))]
    given += ["--size", str(row.size), "--epochs", str(row.epochs), "--seed", str(row.seed)]
    given += [sets.COMMON[row.pictures] if one == COMMON else one for one in row.options]
    if row.recipe == "plastic_pieces":
        given += ["--whole-epochs"] if row.whole else []
        given += ["--fresh", str(sets.prepare("pellets-fresh", options.work, None))]
    return [*given, "--time", f"{options.row_minutes * 60:.0f}", "--out", str(out)]


def run_row(row: Row, options: argparse.Namespace, stop: threading.Event) -> outcomes.Outcome | None:
    """Train in a process of its own; returns None where it failed, with its words in the log beside its curves."""
    if stop.is_set():
        return None
    out = options.work / "rows" / row.key.replace(", ", "/").replace(" ", "_")
    out.mkdir(parents=True, exist_ok=True)
    given = command_of(row, options, out)
    threads = str(max(1, (os.cpu_count() or 1) // options.jobs))
    environment = os.environ | KEEP_MEMORY | {"OMP_NUM_THREADS": threads, "KERAS_BACKEND": "torch"}
    begun = time.monotonic()
    with (out / "log.txt").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tellapart.recipes", *given], stdout=log, stderr=log, env=environment
        )
        cpu_seconds = _wait(process, begun + GRACE * 60 * options.row_minutes + 120, stop)
    if process.returncode != 0:
        print(f"{row.key}: status {process.returncode}, see {out / 'log.txt'}", file=sys.stderr)
        return None
    about = {
        "command": _readable(given, options.work),
        "clock_seconds": time.monotonic() - begun,
        "cpu_seconds": cpu_seconds,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {options.jobs} rows at a time, each on {threads}",
    }
    document = json.loads((out / "result.json").read_text(encoding="utf-8"))
    return outcomes.from_document(row, document, about)


def _wait(process: subprocess.Popen[bytes], until: float, stop: threading.Event) -> float:
    """Wait for a process, or end it at `until` or when all is to stop; returns its CPU seconds."""
    while True:
        found, status, usage = os.wait4(process.pid, os.WNOHANG)
        if found:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_utime + usage.ru_stime
        if stop.is_set() or time.monotonic() > until:
            os.kill(process.pid, 9)
        time.sleep(0.2)


def _readable(given: list[str], work: Path) -> str:
    """Return the command as one would type it beside the sets, without what concerns this run alone."""
    kept = given[: given.index("--time")]
    words = [one.replace(f"{work}/", "") for one in kept]
    return shlex.join(["python", "-m", "tellapart.recipes", *words])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except TellapartError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
