"""Seconds from the command to the finished report: `python -m benchmarks.speed.run --data DIR`.

Each case is run `RUNS` times in a process of its own; beside it, in the same run, two floors: decoding all pictures
once, and one pass of the pretrained network over them by ONNX Runtime alone. Quote the ratio: the seconds depend on
the machine and on what else runs on it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.rows import TELLAPART, Rows, cpu_seconds, run_json

HERE = Path(__file__).parent

RUNS = 3
CASES = (
    ("pellets", None, "300 s"),
    ("hymenoptera", "hymenoptera", "90 s"),
    ("cats_dogs", "cats_dogs", "3 floors"),
)
PREDICTED = "cats_dogs"
BATCH = 16
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
            rows.get(f"{name}/{number}", partial(time_training, folder, options))
        rows.get(f"predict/{number}", lambda: time_predicting(options))
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
        "forward": round(time_forward(metrics["pictures"]["used"]), 2),
        "peak_MiB": round(peak),
        "pictures": metrics["pictures"]["used"],
    }


def time_forward(count: int) -> float:
    """Seconds of one pass of the pretrained network over so many pictures at its own size, on all cores."""
    from tellapart.backbones.features import lite0, session

    backbone = lite0()
    side = round(backbone.area_px**0.5)
    opened = session(backbone.model)
    return time_model(lambda images: opened.run(None, {"images": images}), (side, side), count)


def time_model(run: Callable[[np.ndarray], Any], size: tuple[int, int], count: int) -> float:
    """Seconds of a model on so many pictures of this height and width, px, in batches."""
    images = np.random.default_rng(0).integers(0, 256, (BATCH, *size, 3), dtype=np.uint8)
    run(images)  # the first run prepares
    began = time.perf_counter()
    for start in range(0, count, BATCH):
        run(images[: count - start])
    return time.perf_counter() - began


def time_predicting(options: argparse.Namespace) -> dict[str, Any]:
    """Time `predict` on a set, less its start, beside the model alone on as many pictures of the same size."""
    from tellapart.deploy.predictor import Predictor

    source, run = options.data / PREDICTED, options.work / "predicting"
    if not run.exists():
        run_json(["train", str(source), "--members", "probe", "--out", str(run)])
    files = sorted(str(one) for one in source.rglob("*") if one.suffix.lower() in (".jpg", ".jpeg", ".png"))
    seconds = [predicted(run, files[:few]) for few in (BATCH, len(files))]
    model = Predictor(run / "model.onnx")
    ((name, view),) = model.views.items()
    alone = time_model(
        lambda images: model.run({name: images}), (view.height, view.width), len(files) - BATCH
    )
    rest = seconds[1] - seconds[0]
    return {"pictures": len(files) - BATCH, "seconds": round(rest, 2), "alone": round(alone, 2)}


def predicted(run: Path, files: list[str]) -> float:
    """Seconds of `predict` on files."""
    began = time.perf_counter()
    subprocess.run(
        [*TELLAPART, "predict", str(run), "-"],
        input="\n".join(files),
        text=True,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


def time_decoding(source: Path) -> float:
    """Seconds to decode every picture once."""
    from tellapart.pictures.read import read_pictures
    from tellapart.pictures.stream import decode_stream

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
        "to the finished report, default options. The floor is the least that any tool must do: decoding every picture",
        "once, and one pass of the pretrained network over them by ONNX Runtime alone, at 224 px.",
        "",
        f"Measured {rows.made()}.",
        "",
        "| set | pictures | limit, s | s | processor s | "
        + " | ".join(f"{s}, s" for s in STAGES)
        + " | decoding, s | forward, s | over the floor | peak MiB |",
        "|---|---|---|---|---|" + "---|" * len(STAGES) + "---|---|---|---|",
    ]
    for name, _, limit in CASES:
        found = [row for key, row in rows.done.items() if key.startswith(f"{name}/")]
        if not found:
            continue
        stages = " | ".join(f"{median(row['stages'].get(stage, 0) for row in found):.1f}" for stage in STAGES)
        middle = {
            key: median(row[key] for row in found)
            for key in ("seconds", "processor_seconds", "decoding", "peak_MiB")
        }
        forward = [row["forward"] for row in found if "forward" in row]  # older rows have none
        floor = (
            f"{median(forward):.2f} | {middle['seconds'] / (middle['decoding'] + median(forward)):.1f}"
            if forward
            else "– | –"
        )
        lines.append(
            f"| {name} | {found[0]['pictures']} | {limit} | {middle['seconds']:.0f} "
            f"| {middle['processor_seconds']:.0f} | {stages} | {middle['decoding']:.2f} "
            f"| {floor} | {middle['peak_MiB']:.0f} |"
        )
    predicted_rows = [row for key, row in rows.done.items() if key.startswith("predict/")]
    if predicted_rows:
        share = median(row["alone"] / row["seconds"] for row in predicted_rows)
        lines += [
            "",
            f"`tellapart predict` on {predicted_rows[0]['pictures']:,} pictures of {PREDICTED}, decoding and all, less",
            f"its start: {share:.2f} of the speed of its model alone on pictures that lie ready (goal .8).",
        ]
    shown = median(row["seconds"] for key, row in rows.done.items() if key.startswith("help/"))
    lines += ["", f"`tellapart --help`: {shown:.2f} s (limit .5 s).", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
