"""Do the cases fail, and do their twins and the traps not? `python -m benchmarks.diagnosis.judge [--only PATTERN]`.

Nothing of Tell Apart is used: a script runs as it is, its network is taken from its globals and scored on fresh
pictures with scikit-learn, three seeds each. Results are kept in judged.jsonl, under a checksum of the script and its
description, and not made again; judged.md is written anew from them. Where two causes matter only together, the
scripts with one of them mended must fail too.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import json
import math
import multiprocessing
import os
import random
import re
import runpy
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

os.environ.update(KERAS_BACKEND="torch", MPLBACKEND="Agg", PYTHONDONTWRITEBYTECODE="1")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy: a fork must not inherit a pool of threads

import numpy as np
from PIL import Image

from benchmarks.diagnosis import pictures
from benchmarks.diagnosis.scripts import HALVES, Script, picture_folder, scripts
from benchmarks.rows import Rows, machine, today

HERE = Path(__file__).parent

SEEDS = (0, 1, 2)
LIMIT = 1200.0  # seconds for one run; the slowest takes 20, more where it waits for other work
Z = 1.96
WELL = 0.85  # balanced accuracy of a training that works, unless the case says otherwise
SLIP = 0.05  # how far below that a single seed may fall
GAP = 0.1  # what a faulty script must lose against its twin
NEAR = 0.15  # how far above chance a training that learns nothing may end
Result = dict[str, Any]


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of n."""
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * math.sqrt(max(share * (1 - share), 0) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return middle - half, middle + half


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed every generator and make the script's own seeding do nothing."""
    import keras
    import torch

    make = np.random.default_rng
    keras.utils.set_random_seed(seed)  # Python, NumPy and PyTorch
    with contextlib.ExitStack() as stack:
        for owner, name in (
            (random, "seed"),
            (np.random, "seed"),
            (torch, "manual_seed"),
            (torch.random, "manual_seed"),
            (keras.utils, "set_random_seed"),
        ):
            stack.enter_context(mock.patch.object(owner, name, return_value=None))
        stack.enter_context(mock.patch.object(np.random, "default_rng", side_effect=lambda *_: make(seed)))
        yield


def resize(x: np.ndarray, side: int) -> np.ndarray:
    """Return the pictures at another size, as PIL shrinks them by default."""
    return np.stack([np.asarray(Image.fromarray(one).resize((side, side))) for one in x])


def chw(x: np.ndarray) -> Any:
    """Return a float tensor NCHW."""
    import torch

    return torch.as_tensor(np.ascontiguousarray(x.transpose(0, 3, 1, 2))).float()


def labels_of(outputs: Any) -> np.ndarray:
    """Return classes from outputs: integers as they are, the largest of k, or one output above a half."""
    outputs = np.asarray(outputs.detach() if hasattr(outputs, "detach") else outputs)
    if outputs.ndim == 2 and outputs.shape[1] > 1:
        return outputs.argmax(1)
    outputs = outputs.reshape(-1)
    return outputs.astype(int) if outputs.dtype.kind in "biu" else (outputs > 0.5).astype(int)


def scored(script: Script, names: dict[str, Any], printed: str) -> Result:
    """Return the balanced accuracy on fresh pictures, the figure that was printed and the right one."""
    import sklearn.metrics as measures
    import torch

    case = script.case
    x, y = pictures.fresh(case["pictures"], 0)
    model = names.get("model")
    if isinstance(model, torch.nn.Module):
        model.eval()
    scope = {**names, "np": np, "torch": torch, "resize": resize, "chw": chw, "labels_of": labels_of}
    scope |= {"Image": Image, "measures": measures, "x": x, "y": y}
    with torch.no_grad():
        found = labels_of(eval(case.get(f"predict_{script.role}", case["predict"]), scope))  # noqa: S307 - ours
        scope["found"] = found
        figure = case["figure"]
        told = [float(value) for value in re.findall(figure["pattern"], printed)]
        truth = eval(figure.get("truth", "measures.accuracy_score(y, found)"), scope)  # noqa: S307 - ours
    return {
        "balanced_accuracy": float(measures.balanced_accuracy_score(y, found)),
        "told": told[-1] * figure.get("scale", 1) if told else None,
        "truth": float(truth),
    }


def child(
    script: Script,
    seed: int,
    folder: str,
    answer: Path,
    score: Callable[[Script, dict[str, Any], str], Result] = scored,
) -> None:
    """Run the script in this process, as a program of its own, and write what came out.

    Parameters
    ----------
    score
        Takes the script, its globals when it has ended and what it printed; gives what is written.
    """
    began, began_working = time.perf_counter(), time.process_time()
    output = answer.with_suffix(".txt")
    sink = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    os.environ["PICTURES"] = folder
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        if "place" in script.case:  # a folder written into the script
            Path(script.case["place"]).parent.mkdir(parents=True, exist_ok=True)
            Path(script.case["place"]).symlink_to(folder)
        sys.argv = [str(script.file), folder]
        try:
            with seeded(seed):
                names = runpy.run_path(str(script.file), run_name="__main__")
            sys.stdout.flush()
            seconds, working = time.perf_counter() - began, time.process_time() - began_working
            result = score(script, names, output.read_text(errors="replace"))
            result |= {"seconds": round(seconds, 1), "processor_seconds": round(working, 1)}
        except BaseException:
            result = {"error": traceback.format_exc()[-1500:]}
        answer.write_text(json.dumps(result))
        os.chdir("/")


def run(script: Script, work: Path) -> Result:
    """Run a script with every seed, each in a fork that finds the libraries loaded."""
    folder = str(picture_folder(script.case["pictures"], work).resolve())
    fork = multiprocessing.get_context("fork")
    results = []
    for seed in SEEDS:
        answer = work / "answer.json"
        answer.unlink(missing_ok=True)
        process = fork.Process(target=child, args=(script, seed, folder, answer))
        process.start()
        process.join(LIMIT)
        if process.is_alive():
            process.kill()
            process.join()
        results.append(json.loads(answer.read_text()) if answer.exists() else {"error": "no answer in time"})
    return {"results": results}


def mean(row: Result, name: str = "balanced_accuracy") -> float:
    """Return the mean over the seeds; nan if a run ended in an error or told nothing."""
    values = [result.get(name) for result in row["results"]]
    return math.nan if None in values else float(np.mean(values))


def wrong(script: Script, result: Result) -> bool:
    """Say whether the figure that was told is wrong by more than chance.

    A figure on other pictures is compared with that on the fresh ones, both with their intervals; one recomputed on
    the same predictions has only one.
    """
    figure = script.case["figure"]
    if result.get("told") is None:
        return True
    told, truth = result["told"], result["truth"]
    n = figure.get(f"n_{script.role}", figure["n"])
    if "truth" in figure:  # same predictions
        low, high = wilson(truth, n)
        return not low - 0.002 <= told <= high + 0.002
    if not 0 <= told <= 1:
        return True
    known = pictures.KINDS[script.case["pictures"]]
    low, high = wilson(truth, 2 * sum(known.counts))
    told_low, told_high = wilson(told, n)
    return told_low > high or told_high < low


def objections(script: Script, row: Result, twin: Result | None) -> list[str]:
    """Return why a script is not what it is meant to be."""
    if any("error" in result for result in row["results"]):
        return ["ended in an error"]
    case, score = script.case, mean(row)
    wrongs = sum(wrong(script, result) for result in row["results"])
    if not script.must_fail:
        well, lowest = case.get("well", WELL), min(result["balanced_accuracy"] for result in row["results"])
        fine = score >= well and lowest >= well - SLIP
        found = [] if fine else [f"trains to {score:.2f}, at least {lowest:.2f}"]
        return found + ([f"figure wrong with {wrongs} seeds"] if wrongs else [])
    if case["shows"] == "figure":
        return [] if wrongs == len(SEEDS) else [f"figure wrong with {wrongs} seeds only"]
    chance = 1 / len(pictures.KINDS[case["pictures"]].classes)
    found = []
    if twin is None or not mean(twin) - score >= GAP:
        found.append("not below its twin")
    if case.get("near_chance") and score > chance + NEAR:
        found.append(f"not near chance: {score:.2f}")
    return found


def main() -> None:
    """Judge what is not judged yet and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="*", help="names of cases and traps")
    parser.add_argument(
        "--work", type=Path, default=Path.home() / ".cache" / "tellapart-benchmarks" / "diagnosis"
    )
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    rows, everything = Rows(HERE / "judged.jsonl"), scripts(halves=True)
    chosen = [script for script in everything if fnmatch.fnmatch(script.name, options.only)]
    if any(script.key not in rows.done for script in chosen):
        load()
    for script in chosen:
        rows.get(script.key, lambda script=script: run(script, options.work))
    text, bad = table(rows, everything)
    (HERE / "judged.md").write_text(text)
    print("\n".join(bad) if bad else "all as they are meant to be")
    raise SystemExit(bool(bad))


def load() -> None:
    """Import what the scripts need once, on one thread, so that every fork has it."""
    import keras  # noqa: F401
    import sklearn.metrics
    import sklearn.model_selection  # noqa: F401
    import torch

    torch.set_num_threads(1)


def table(rows: Rows, everything: list[Script]) -> tuple[str, list[str]]:
    """Return judged.md and the objections."""
    lines, bad = [], []
    judged = {(script.name, script.role): rows.done.get(script.key) for script in everything}
    for script in everything:
        row = judged[script.name, script.role]
        if row is None:
            continue
        against = objections(script, row, judged.get((script.name, "healthy")))
        bad += [f"{script.name}/{script.role}: {why}" for why in against]
        lines.append(line(script, row, against))
    head = [
        "# Cases, twins and traps, judged without Tell Apart",
        "",
        f"`python -m benchmarks.diagnosis.judge`, {today()}, {machine()}. {len(SEEDS)} seeds; balanced accuracy of the",
        "trained network on fresh pictures; the figure the script tells against the right one (on the same",
        "predictions, or on the fresh pictures). Seconds are those of the processor; in brackets by the clock of a",
        "busy machine, where only these were kept.",
        "",
        "| script | kind | causes | balanced accuracy | told | right | longest s | as meant |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *lines, ""]), bad


def line(script: Script, row: Result, against: list[str]) -> str:
    """Return a row of the table."""
    codes = script.case.get("codes", [])
    mended = {role: codes[place] for place, role in enumerate(HALVES) if role == script.role}
    causes = ", ".join(code for code in codes if script.must_fail and code not in mended.values())
    each = ", ".join(f"{result.get('balanced_accuracy', math.nan):.2f}" for result in row["results"])
    longest = longest_seconds(row)
    told, truth = (f"{mean(row, name):.2f}" for name in ("told", "truth"))
    words = "; ".join(against) or "yes"
    return f"| {script.name} | {script.role} | {causes} | {each} | {told} | {truth} | {longest} | {words} |"


def longest_seconds(row: Result) -> str:
    """Return the processor seconds of the longest run, or in brackets those on the clock."""
    if all("processor_seconds" in result for result in row["results"]):
        return f"{max(result['processor_seconds'] for result in row['results']):.1f}"
    return f"({max(result.get('seconds', math.nan) for result in row['results']):.1f})"


if __name__ == "__main__":
    main()
