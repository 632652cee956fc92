"""Seconds from the command to the finished report: `python -m benchmarks.speed.run --data DIR`.

Each case is run `RUNS` times in a process of its own; beside it, in the same run, the floor: decoding all pictures
once. Quote the ratio: the seconds depend on the machine and on what else runs on it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.rows import TELLAPART, Rows, cpu_seconds, machine, run_json, today

HERE = Path(__file__).parent

RUNS = 3
CASES = (("pellets", None, 300.0), ("hymenoptera", "hymenoptera", 90.0))
STAGES = ("read", "audit", "plan", "train", "evaluate", "total")


def main() -> None:
    """Run what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the picture sets")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="scratch folder")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    rows = Rows(HERE / "rows.jsonl")
    for number in range(RUNS):
        for name, folder, _ in CASES:
            rows.get(f"{name}/{number}", lambda folder=folder: time_training(folder, options))
        rows.get(f"help/{number}", time_help)
    (HERE / "README.md").write_text(table(rows))


def time_training(folder: str | None, options: argparse.Namespace) -> dict[str, Any]:
    """Time one training to its report, and the decoding of its pictures alone."""
    source = options.work / "pellets" if folder is None else options.data / folder
    if folder is None and not source.exists():
        subprocess.run([*TELLAPART, "demo", "pellets", str(source)], check=True)
    run = options.work / "run"
    shutil.rmtree(run, ignore_errors=True)
    before = cpu_seconds()
    metrics, seconds, peak = run_json(["train", str(source), "--out", str(run)])
    shutil.rmtree(run)
    return {
        "seconds": round(seconds, 1),
        "processor_seconds": round(cpu_seconds() - before, 1),
        "stages": metrics["seconds"],
        "decoding": round(time_decoding(source), 2),
        "peak_MiB": round(peak),
        "pictures": metrics["pictures"]["used"],
    }


def time_decoding(source: Path) -> float:
    """Seconds to decode every picture once."""
    from tellapart.pictures.read import read_pictures
    from tellapart.pictures.store import decode_stream

    pictures = read_pictures(source)
    began = time.perf_counter()
    for _ in decode_stream([pictures.file(i) for i in range(len(pictures))]):
        pass
    return time.perf_counter() - began


def time_help() -> dict[str, Any]:
    """Time `tellapart --help`."""
    began = time.perf_counter()
    subprocess.run([*TELLAPART, "--help"], check=True, stdout=subprocess.DEVNULL)
    return {"seconds": round(time.perf_counter() - began, 3)}


def table(rows: Rows) -> str:
    """Return README.md."""
    lines = [
        "# Speed",
        "",
        f"`python -m benchmarks.speed.run --data DIR` (or `make bench`). Median of {RUNS} runs, from the command",
        "to the finished report, default options. Decoding: reading every picture once, the least any trainer must do.",
        "",
        f"Written {today()} on {machine()}.",
        "",
        "| set | pictures | limit, s | s | processor s | "
        + " | ".join(f"{s}, s" for s in STAGES)
        + " | decoding, s | peak MiB |",
        "|---|---|---|---|---|" + "---|" * len(STAGES) + "---|---|",
    ]
    for name, _, limit in CASES:
        found = [row for key, row in rows.done.items() if key.startswith(f"{name}/")]
        stages = " | ".join(f"{median(row['stages'].get(stage, 0) for row in found):.1f}" for stage in STAGES)
        middle = {
            key: median(row[key] for row in found)
            for key in ("seconds", "processor_seconds", "decoding", "peak_MiB")
        }
        lines.append(
            f"| {name} | {found[0]['pictures']} | {limit:.0f} | {middle['seconds']:.0f} "
            f"| {middle['processor_seconds']:.0f} | {stages} | {middle['decoding']:.2f} | {middle['peak_MiB']:.0f} |"
        )
    shown = median(row["seconds"] for key, row in rows.done.items() if key.startswith("help/"))
    lines += ["", f"`tellapart --help`: {shown:.2f} s (limit .5 s).", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
