"""How time and memory grow with the set: `python -m benchmarks.scale.run`.

Drawn pictures, 500 to 32,000, trained on with default options and time enough to finish. Finished rows are kept in
rows.jsonl and not run again; README.md is written anew from them.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.rows import Rows, cpu_seconds, run_json

HERE = Path(__file__).parent

SIZES = (500, 2_000, 8_000, 32_000)
SIDE = 96
MEMBERS = "probe"
STAGES = ("read", "audit", "train", "evaluate", "total")


def main() -> None:
    """Run what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=HERE / "work", help="scratch folder")
    parser.add_argument("--most", type=int, default=max(SIZES), help="pictures of the largest set")
    options = parser.parse_args()
    rows = Rows(HERE / "rows.jsonl")
    for count in SIZES:
        if count <= options.most:
            rows.get(f"{count}", trainer(count, options.work))
    (HERE / "README.md").write_text(table(rows))


def trainer(count: int, work: Path) -> Callable[[], dict[str, Any]]:
    """Return what makes one row."""

    def make() -> dict[str, Any]:
        source, run = work / f"drawn-{count}", work / "run"
        shutil.rmtree(run, ignore_errors=True)
        draw(source, count)
        before = cpu_seconds()
        arguments = ["train", str(source), "--out", str(run), "--members", MEMBERS, "--time", "2h"]
        metrics, seconds, peak = run_json(arguments)
        shutil.rmtree(run)
        shutil.rmtree(source)
        return {
            "seconds": round(seconds, 1),
            "processor_seconds": round(cpu_seconds() - before, 1),
            "stages": metrics["seconds"],
            "peak_MiB": round(peak),
            "balanced_accuracy": metrics["test"]["balanced_accuracy"],
        }

    return make


def draw(folder: Path, count: int) -> None:
    """Draw discs and squares on coloured ground, a fifth of them half hidden."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE]
    for number in range(count):
        ground = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        pixels = np.asarray(Image.fromarray(ground).resize((SIDE, SIDE), Image.Resampling.BICUBIC)).copy()
        middle, radius = rng.uniform(30, 66, 2), rng.uniform(10, 24)
        away = np.abs(np.stack([y - middle[0], x - middle[1]]))
        kind = number % 2
        inside = (np.hypot(*away) if kind else away.max(0)) < radius
        if rng.random() < 0.2:
            inside &= x > middle[1]
        pixels[inside] = rng.integers(0, 256, 3)
        target = folder / ("disc" if kind else "square")
        target.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(target / f"{rng.integers(10**12)}.jpg", quality=85)


def table(rows: Rows) -> str:
    """Return README.md."""
    lines = [
        "# Scale",
        "",
        f"`python -m benchmarks.scale.run`: drawn pictures of {SIDE} px, `--members {MEMBERS}`, from the command to",
        "the finished report. Milliseconds a picture that stay level mean that time grows linearly.",
        "",
        f"Measured {rows.made()}.",
        "",
        "| pictures | s | ms a picture | processor s | "
        + " | ".join(f"{stage}, s" for stage in STAGES)
        + " | peak MiB | balanced accuracy |",
        "|---|---|---|---|" + "---|" * len(STAGES) + "---|---|",
    ]
    for count in SIZES:
        row = rows.done.get(str(count))
        if row is not None:
            stages = " | ".join(f"{row['stages'].get(stage, 0):.1f}" for stage in STAGES)
            figure = row["balanced_accuracy"]
            lines.append(
                f"| {count:,} | {row['seconds']:.0f} | {1000 * row['seconds'] / count:.1f} "
                f"| {row['processor_seconds']:.0f} | {stages} | {row['peak_MiB']} "
                f"| {figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f}) |"
            )
    done = [row | {"pictures": int(key)} for key, row in rows.done.items()]
    lines += ["", law(done)] if len(done) > 1 else []
    return "\n".join([*lines, ""])


def law(rows: list[dict[str, Any]]) -> str:
    """Return how processor time grows with pictures, in words: the slope on logarithmic axes, by least squares."""
    pictures, seconds = (np.log([row[name] for row in rows]) for name in ("pictures", "processor_seconds"))
    slope, _ = np.polyfit(pictures, seconds, 1)
    return f"Processor seconds grow as the {slope:.2f}th power of the number of pictures."


if __name__ == "__main__":
    main()
