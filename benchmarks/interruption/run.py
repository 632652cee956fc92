"""Kill a training at random moments and resume it: `python -m benchmarks.interruption.run`.

Each kill is `kill -9` of a run that began anew or goes on from the kill before; at the end the same command must give
the figures of a run that nobody interrupted, and no file may ever be half written.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from benchmarks.rows import TELLAPART, machine, today

HERE = Path(__file__).parent

KILLS = 25


def main() -> None:
    """Kill, resume, compare, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=HERE / "work", help="scratch folder")
    options = parser.parse_args()
    shutil.rmtree(options.work, ignore_errors=True)
    source = options.work / "pellets"
    demo = [*TELLAPART, "demo", "pellets", str(source), "--per-class", "40"]
    subprocess.run(demo, check=True)
    whole, seconds = finish(source, options.work / "whole")
    lines = [
        "# Interruption",
        "",
        "`python -m benchmarks.interruption.run`: pellets with 40 training pictures a class, both members. Each run is",
        "killed with `kill -9` at random moments and started again with the same command until it is done; a kill",
        f"counts only if it met a working run, and there are at least {KILLS}.",
        "",
        f"Written {today()} on {machine()}. Uninterrupted: {seconds:.0f} s.",
        "",
        "| run | killed after, s | files whole after each kill | same figures in the end |",
        "|---|---|---|---|",
    ]
    kills, number = 0, 0
    while kills < KILLS:
        draw, run = random.Random(number), options.work / f"run-{number}"  # noqa: S311 - no secret
        moments, sound = [], []
        while kill(source, run, moment := draw.uniform(1, seconds / 2)):
            moments.append(moment)
            sound.append(whole_files(run))
        same = figures(finish(source, run)[0]) == figures(whole)
        shown = ", ".join(f"{moment:.1f}" for moment in moments)
        lines.append(f"| {number} | {shown} | {sum(sound)} of {len(sound)} | {'yes' if same else '**no**'} |")
        print(lines[-1], flush=True)
        kills, number = kills + len(moments), number + 1
    (HERE / "README.md").write_text("\n".join([*lines, ""]))
    shutil.rmtree(options.work)


def command(source: Path, run: Path) -> list[str]:
    """Return the training."""
    return [*TELLAPART, "train", str(source), "--out", str(run), "--json"]


def finish(source: Path, run: Path) -> tuple[dict[str, Any], float]:
    """Let a run come to its end; return its figures and seconds."""
    began = time.perf_counter()
    done = subprocess.run(command(source, run), check=True, capture_output=True, text=True)
    return json.loads(done.stdout), time.perf_counter() - began


def kill(source: Path, run: Path, moment: float) -> bool:
    """Start or resume, kill after `moment` seconds; return whether it was still at work."""
    process = subprocess.Popen(command(source, run), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def whole_files(run: Path) -> bool:
    """Return whether every document in the run folder can be read."""
    try:
        for file in run.glob("*.json"):
            json.loads(file.read_text())
    except ValueError:
        return False
    return True


def figures(metrics: dict[str, Any]) -> dict[str, Any]:
    """Return everything but what the clock says."""
    timeless = {key: value for key, value in metrics.items() if key != "seconds"}
    timeless["members"] = [{k: v for k, v in one.items() if k != "seconds"} for one in metrics["members"]]
    return timeless


if __name__ == "__main__":
    main()
