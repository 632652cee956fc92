"""One worker against two, and memory over the list: `python -m benchmarks.scale.workers`.

Workers are Ray nodes on loopback, each pinned to a core of its own; head, client and this process run beside them. A
row is kept in workers.jsonl and not made again; workers.md is written anew from them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rows import TELLAPART, Rows, cpu_seconds, run_json
from benchmarks.scale import alone
from benchmarks.scale.run import draw, law

HERE = Path(__file__).parent

CLUSTER = """
    import os, socket, sys, time
    from ray.cluster_utils import Cluster

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    node = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "object_store_memory": 200 * 2**20}
    node |= {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}
    cluster = Cluster()
    for core in range(int(sys.argv[1])):
        os.sched_setaffinity(0, {core})  # what is started now stays there
        cluster.add_node(**node, **({} if core else {"ray_client_server_port": port}))
    while True:  # the client server comes up after its node
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.2)
    print(port, flush=True)
    sys.stdin.read()
    cluster.shutdown()
"""
SURROUNDINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_worker_niceness": "0",
    "GRPC_ENABLE_FORK_SUPPORT": "0",
}
"""See docs/how-to/cluster.md."""
WORKERS = (1, 2)
FEW, MANY = 256, 8_192  # pictures: the difference of two commands has no start in it
LISTS = (2_000, 32_000, 200_000)
DRAWN = 2_000  # of different content; longer lists name each of them often
FOLDS, STEPS, SIDE, BATCH_PICTURES = 4, 150, 96, 800
SHARED_STEPS, SHARED_SIDE = 60, 224  # what is long is shared: of larger pictures
SET, MODEL = "drawn", "model"


def main() -> None:
    """Run what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=HERE / "work", help="scratch folder")
    parser.add_argument("--most", type=int, default=max(LISTS), help="pictures of the longest list")
    options = parser.parse_args()
    work = options.work.resolve()
    rows = Rows(HERE / "workers.jsonl")
    prepare(work)
    for workers in WORKERS:
        rows.get(f"predict, {workers}", partial(predicted_on, workers, work))
        rows.get(f"folds, {workers}", partial(folds_on, workers, work))
        rows.get(f"shared, {workers}", partial(shared_on, workers, work))
        rows.get(f"tasks, {workers}", partial(handed_out_to, workers, work))
    rows.get("alone", lambda: alone.bookkeeping(names(work, options.most), work / "alone.csv"))
    rows.get("decode", lambda: alone.decoding(work))
    for count in LISTS:
        if count <= options.most:
            rows.get(f"list of {count}", partial(listed, count, work))
    (HERE / "workers.md").write_text(table(rows))


def prepare(work: Path) -> None:
    """Draw the pictures and train the model that predicts."""
    if not (work / SET).exists():
        draw(work / f"{SET}.part", DRAWN)
        (work / f"{SET}.part").rename(work / SET)
    if not (work / MODEL).exists():
        run_json(
            ["train", str(work / SET), "--members", "probe", "--time", "20m", "--out", str(work / MODEL)]
        )


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Start so many nodes of one core, and yield their address."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CLUSTER), str(workers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | SURROUNDINGS,
    ) as started:
        try:
            yield f"ray://127.0.0.1:{started.stdout.readline().strip() if started.stdout else ''}"
        finally:
            started.communicate("", timeout=120)


def names(work: Path, count: int) -> str:
    """Return a list of pictures, one a line."""
    files = sorted(str(one) for one in (work / SET).rglob("*.jpg"))
    return "".join(f"{files[number % len(files)]}\n" for number in range(count))


def predicted_on(workers: int, work: Path) -> dict[str, Any]:
    """Predict few and many on a cluster; the seconds of the difference."""
    with cluster(workers) as address:
        seconds = [predict(work, count, "--on", address)[0] for count in (FEW, FEW, MANY)]
    rest = seconds[2] - seconds[1]  # the first command of all warms the workers up
    return {"pictures": MANY - FEW, "seconds": round(rest, 2), "start_seconds": round(seconds[1], 1)}


def predict(work: Path, count: int, *more: str) -> tuple[float, float, float]:
    """Predict a list of pictures; return seconds, processor seconds and peak memory in MiB."""
    out = work / "answers.csv"
    for one in work.glob("answers.csv*"):
        shutil.rmtree(one) if one.is_dir() else one.unlink()
    began, before = time.perf_counter(), cpu_seconds()
    process = subprocess.Popen(
        [*TELLAPART, "predict", str(work / MODEL), "-", "--out", str(out), *more],
        stdin=subprocess.PIPE,
        env=os.environ | SURROUNDINGS,
        text=True,
    )
    if process.stdin:
        process.stdin.write(names(work, count))
        process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit("predict failed")
    return time.perf_counter() - began, cpu_seconds() - before, usage.ru_maxrss / 1024


def folds_on(workers: int, work: Path) -> dict[str, Any]:
    """Train small nets of some folds beside each other; the seconds from the first to the last result."""
    from tellapart.members.detail_round import train_round
    from tellapart.scale.opening import TRAINING, open_executor, parse_on

    rounds, labels = _rounds(work, SIDE, STEPS)
    os.environ.update(SURROUNDINGS)
    with cluster(workers) as address, open_executor(parse_on(address), TRAINING, print) as executor:
        shared = executor.share(labels)

        def seconds(chosen: Sequence[Any]) -> float:
            began = time.perf_counter()
            tasks = [executor.submit(train_round, one, shared) for one in chosen]
            for task in executor.completed(tasks):
                task.result()
            return time.perf_counter() - began

        seconds(rounds[:workers])  # every worker imports what it needs
        return {"folds": FOLDS, "steps": STEPS, "side_px": SIDE, "seconds": round(seconds(rounds), 2)}


def shared_on(workers: int, work: Path) -> dict[str, Any]:
    """Train the net of one fold on all workers together; the seconds of its own steps, without Ray Train's start."""
    from tellapart.members.detail_round import train_round
    from tellapart.scale.opening import TRAINING, open_executor, parse_on

    rounds, labels = _rounds(work, SHARED_SIDE, SHARED_STEPS)
    os.environ.update(SURROUNDINGS)
    with cluster(workers) as address, open_executor(parse_on(address), TRAINING, print) as executor:
        began = time.perf_counter()
        _, seconds = executor.submit(train_round, rounds[0], executor.share(labels), workers=workers).result()
        whole = time.perf_counter() - began
    return {
        "steps": SHARED_STEPS,
        "side_px": SHARED_SIDE,
        "seconds": round(seconds, 2),
        "start_seconds": round(whole - seconds, 1),
    }


def handed_out_to(workers: int, work: Path) -> dict[str, Any]:
    """Hand out tasks that do nothing to a cluster."""
    os.environ.update(SURROUNDINGS)
    with cluster(workers) as address:
        return alone.handing_out(address, names(work, alone.PART))


def _rounds(work: Path, side: int, steps: int) -> tuple[list[Any], np.ndarray]:
    from tellapart.members.canvases import Canvases
    from tellapart.members.detail_net import Schedule
    from tellapart.members.detail_round import Round
    from tellapart.members.policy import POLICIES

    rng = np.random.default_rng(0)
    file = work / "canvases.u8"
    file.write_bytes(rng.integers(0, 256, BATCH_PICTURES * side * side * 3, dtype=np.uint8).tobytes())
    labels = np.arange(BATCH_PICTURES) % 2
    schedule = Schedule(steps, POLICIES["none"], (1.0, 1.0))
    everything = np.arange(BATCH_PICTURES)
    return [
        Round(
            Canvases(file, side, side),
            everything[everything % FOLDS != fold],
            everything[everything % FOLDS == fold],
            everything[:0],
            schedule,
            fold,
            1,
            fold + 1,
            "timed",
        )
        for fold in range(FOLDS)
    ], labels


def listed(count: int, work: Path) -> dict[str, Any]:
    """Predict a long list here: the memory should not grow with it."""
    seconds, processor, peak = predict(work, count)
    return {
        "pictures": count,
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor, 1),
        "peak_MiB": round(peak),
    }


def table(rows: Rows) -> str:
    """Return workers.md."""
    lines = [
        "# Workers",
        "",
        f"`python -m benchmarks.scale.workers`, measured {rows.made()}.",
        "Workers are Ray nodes on loopback, each pinned to",
        "one core; the head, the client and the command itself run on the same cores. Efficiency: the seconds on",
        "one worker over the seconds on two, halved.",
        "",
        "| what | 1 worker, s | 2 workers, s | efficiency |",
        "|---|---|---|---|",
    ]
    for what, words in (("predict", _predict_words), ("folds", _fold_words), ("shared", _shared_words)):
        found = [rows.done.get(f"{what}, {workers}") for workers in WORKERS]
        if all(found):
            one, two = (row["seconds"] for row in found if row)
            lines.append(f"| {words(found[0] or {})} | {one:.1f} | {two:.1f} | {one / two / 2:.2f} |")
    lines += ["", "Lists, without a cluster; the clock is that of a machine that did other work at times."]
    lines += [
        "",
        "| pictures | s | processor s | processor ms a picture | peak MiB |",
        "|---|---|---|---|---|",
    ]
    lists = [row for key, row in rows.done.items() if key.startswith("list of")]
    lines += [
        f"| {row['pictures']:,} | {row['seconds']:.0f} | {row['processor_seconds']:.0f} "
        f"| {1000 * row['processor_seconds'] / row['pictures']:.1f} | {row['peak_MiB']} |"
        for row in lists
    ]
    if len(lists) > 1:
        lines += ["", law(lists)]
    if "alone" in rows.done:
        lines += ["", *_alone_words(rows.done["alone"])]
    for workers in WORKERS:
        if handed := rows.done.get(f"tasks, {workers}"):
            lines.append(
                f"- {handed['tasks_a_second']} tasks a second that only give {handed['rows_each']} rows back, "
                f"to {workers} worker{'s' * (workers > 1)}"
            )
    for size, one in rows.done.get("decode", {}).get("decoded", {}).items():
        lines.append(
            f"- {one['ms']:.0f} ms of one core to decode a JPEG of {size} px ({one['kB']:,} kB), on any worker"
        )
    return "\n".join([*lines, ""])


def _predict_words(row: dict[str, Any]) -> str:
    return f"predict, {row['pictures']:,} pictures"


def _fold_words(row: dict[str, Any]) -> str:
    return f"{row['folds']} folds of a small net, {row['steps']} steps of 16 pictures of {row['side_px']} px each"


def _shared_words(row: dict[str, Any]) -> str:
    return f"one fold, {row['steps']} steps of 16 pictures of {row['side_px']} px, shared by all workers"


def _alone_words(row: dict[str, Any]) -> list[str]:
    each = row["microseconds"]
    return [
        f"What no worker takes off the command itself, over {row['pictures']:,} pictures:",
        "",
        *(
            f"- {words}: {each[name]:.0f} µs of processor time a picture"
            for name, words in (
                ("list", "listing"),
                ("journal", "asking for size and time, keeping the row"),
                ("table", "writing the table"),
            )
        ),
        f"- {row['journal_bytes']} bytes of the journal a picture",
    ]


if __name__ == "__main__":
    main()
