"""Do the heatmaps mark what decides? `python -m benchmarks.explain.run`.

Pointing game on pictures of the class `stuck` of `demo pellets` that no one has seen: a hit is a map of that class
whose maximum lies in the box around the two pieces that touch, or within `TOLERANCE_PX` of it. Beside it: how far the
probability of the predicted class falls where the marked tenth is covered, and where as much is covered at random.
One run of the detail nets and one of the probe; both ways to make maps, occlusion on the first pictures only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rows import TELLAPART, Rows, run_json
from tellapart.deploy.explain.check import cover_many, summarise
from tellapart.deploy.explain.explainer import Explainer
from tellapart.deploy.predictor import Predictor
from tellapart.evaluate.intervals import proportion
from tellapart.pictures.demo.pellets import SIZE_PX, draw_one

HERE = Path(__file__).parent
PICTURES = 100
TOLERANCE_PX = 4.0
"""Half a cell of the detail nets' last map: as far as a maximum can be off by the grid alone."""
PER_CLASS = 60
RUNS = {"detail nets": ["--members", "probe,detail"], "probe": ["--members", "probe"]}
"""Of the two members the detail nets win on this set."""
OCCLUDED = 12
"""Of the pictures, by occlusion: a map of the probe takes 80 forward passes."""
AREA = SIZE_PX**2
METHODS = ("gradients", "occlusion")


def main() -> None:
    """Run what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=HERE / "work", help="scratch folder")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    rows = Rows(HERE / "rows.jsonl")
    pictures = options.work / "pellets"
    if not pictures.exists():
        subprocess.run(
            [*TELLAPART, "demo", "pellets", str(pictures), "--per-class", str(PER_CLASS)], check=True
        )
    for name, extra in RUNS.items():
        run = options.work / name.replace(" ", "-")
        rows.get(f"train/{name}", lambda run=run, extra=extra: train(pictures, run, extra))
    for method in METHODS:
        for name in RUNS:
            run = options.work / name.replace(" ", "-")
            rows.get(f"{name}/{method}", lambda run=run, method=method: play(run, method))
    (HERE / "README.md").write_text(table(rows))


def train(pictures: Path, run: Path, extra: list[str]) -> dict[str, Any]:
    """Train, unless `run` is there; the row says what was chosen."""
    if not (run / "metrics.json").exists():
        run_json(["train", str(pictures), "--out", str(run), "--time", "6m", *extra])
    metrics = json.loads((run / "metrics.json").read_text())
    return {
        "chosen": [one["name"] for one in metrics["members"] if one["chosen"]],
        "accuracy": metrics["test"]["accuracy"],
    }


def play(run: Path, method: str) -> dict[str, Any]:
    """Play the pointing game and cover the marked tenth of the same pictures."""
    explainer = Explainer(Predictor(run / "model.onnx"), occlusion_only=method == "occlusion")
    count = PICTURES if method == "gradients" else OCCLUDED
    drawn = [draw_one(0, "fresh", "stuck", index) for index in range(count)]
    began = time.process_time()
    maps = [explainer.heatmap(image, "stuck") for image, _ in drawn]
    seconds = (time.process_time() - began) / count
    hits = 0
    for heat, (_, truth) in zip(maps, drawn, strict=True):
        assert truth.contact_box is not None  # noqa: S101 - of the class `stuck`
        y, x = np.unravel_index(int(heat.argmax()), heat.shape)
        left, top, right, bottom = truth.contact_box
        hits += bool(
            left - TOLERANCE_PX <= x <= right + TOLERANCE_PX
            and top - TOLERANCE_PX <= y <= bottom + TOLERANCE_PX
        )
    area = [
        (b[2] - b[0] + 2 * TOLERANCE_PX) * (b[3] - b[1] + 2 * TOLERANCE_PX)
        for _, t in drawn
        if (b := t.contact_box)
    ]
    found = summarise(cover_many(explainer, (image for image, _ in drawn), seed=0))
    return {
        "method": explainer.method,
        "hits": proportion(hits, count).to_dict(),
        "by_luck": round(float(np.mean(area)) / AREA, 4),
        "processor_seconds_a_picture": round(seconds, 3),
        **{key: found[key] for key in ("marked", "random", "difference")},
    }


def table(rows: Rows) -> str:
    """Return README.md."""
    luck = next(row["by_luck"] for row in rows.done.values() if "by_luck" in row)
    lines = [
        "# Explanations",
        "",
        f"`python -m benchmarks.explain.run`. `demo pellets --per-class {PER_CLASS}`, `train --time 6m`; then",
        f"{PICTURES} fresh pictures of the class `stuck` (by occlusion {OCCLUDED}). Hit: the maximum of the map of",
        f"that class lies in the box of the two pieces that touch, or within {TOLERANCE_PX:g} px of it; a random",
        f"point does in {luck:.1%}. Falls: of the probability of the predicted class, where the marked tenth of",
        "the picture is covered, and the same shape elsewhere at random (4 draws a picture). With 95 % intervals.",
        "",
        f"Measured {rows.made()}.",
        "",
        "| chosen (test accuracy) | maps by | hits | marked: fall | random: fall | difference | processor s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in RUNS:
        trained = rows.done[f"train/{name}"]
        said = f"{', '.join(trained['chosen'])} ({_words(trained['accuracy'])})"
        for method in METHODS:
            row = rows.done[f"{name}/{method}"]
            falls = " | ".join(_words(row[key]) for key in ("marked", "random", "difference"))
            seconds = row["processor_seconds_a_picture"]
            lines.append(f"| {said} | {row['method']} | {_words(row['hits'])} | {falls} | {seconds:.2f} |")
    return "\n".join([*lines, ""])


def _words(estimate: dict[str, Any]) -> str:
    return f"{estimate['value']:.2f} ({estimate['low']:.2f} to {estimate['high']:.2f}, n = {estimate['n']})"


if __name__ == "__main__":
    main()
