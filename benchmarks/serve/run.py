"""Requests a second of `tellapart serve`: `python -m benchmarks.serve.run [--soak 20m]`.

Needs wrk (https://github.com/wg/wrk; apt-get install wrk). Load and service share the machine, over the loopback.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.rows import TELLAPART, machine, today
from benchmarks.serve.service import Service, serving
from benchmarks.serve.soak import soak
from tellapart.options import parse_duration

HERE = Path(__file__).parent

CLIENTS = (1, 8, 64)
PICTURES = 64
SOAK_CLIENTS = 8


def main() -> None:
    """Measure, and write the table, or the memory over time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="a finished run; one on pellets is trained else")
    parser.add_argument("--pictures", type=Path, help="pictures to send; those of pellets else")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each measurement")
    parser.add_argument("--soak", metavar="20m", help="watch the memory for so long instead")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="scratch folder")
    parser.add_argument("--out", type=Path, default=HERE, help="where the tables are written")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is needed: apt-get install wrk")
    source = options.pictures or pellets(options.work)
    run = options.run or trained(options.work)
    files = sorted(str(one) for one in source.rglob("*") if one.suffix in (".png", ".jpg"))
    files = files[:: max(1, len(files) // PICTURES)][:PICTURES]
    if options.soak:
        write_soak(run, files, parse_duration(options.soak), options.out)
    else:
        write_table(run, files, options.seconds, options.out / "README.md")


def write_table(run: Path, files: list[str], seconds: float, out: Path) -> None:
    """Measure the service with and without batches, and the model without it."""
    command = [sys.executable, "-m", "benchmarks.serve.alone", str(run), str(seconds), *files]
    alone = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    lines = [
        "# Serving",
        "",
        f"`python -m benchmarks.serve.run`: {len(files)} pictures, {kib(files):.0f} KiB each, in turns, one a request;",
        f"wrk over the loopback on the same machine, {seconds:g} s each, connections kept.",
        "",
        f"Written {today()} on {machine()}.",
        "",
        "| without the service, the same threads | pictures a second |",
        "|---|---|",
        f"| onnxruntime, prepared pictures, one after the other | {alone['one']:.0f} |",
        f"| onnxruntime, prepared pictures, batches of 16 | {alone['batch']:.0f} |",
        f"| files decoded, prepared and answered as `predict` does | {alone['files']:.0f} |",
        "",
        "| service | clients | requests a second | of onnxruntime one by one | p50, ms | p99, ms | refused | broken |",
        "|---|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for name, batches in (("as it is", True), ("every picture computed alone", False)):
        with serving(run, batches=batches) as service:
            measure(service, files, 8, 3)  # warm
            for clients in CLIENTS:
                found = measure(service, files, clients, seconds)
                rate = found["requests"] / found["seconds"]
                lines.append(
                    f"| {name} | {clients} | {rate:.0f} | {rate / alone['one']:.2f} | {found['p50_ms']:.1f} "
                    f"| {found['p99_ms']:.1f} | {found['refused']} | {found['broken']} |"
                )
                print(lines[-1], flush=True)
    out.write_text("\n".join([*lines, ""]))


def write_soak(run: Path, files: list[str], seconds: float, out: Path) -> None:
    """Watch the memory under load."""
    with serving(run) as service:
        command = load(service, files, SOAK_CLIENTS, seconds)
        found = soak(service, command, files, seconds, out / "soak.csv")
    words = (
        f"{SOAK_CLIENTS} clients for {found['seconds'] / 60:.0f} min: {found['first_mib']} MiB in the second tenth of "
        f"the time, {found['last_mib']} MiB in the last; {found['mib_an_hour']:+} MiB an hour"
    )
    (out / "soak.md").write_text(
        "\n".join(
            [
                "# Memory of the service over time",
                "",
                "`python -m benchmarks.serve.run --soak 20m`: under load, and every 10 s a heatmap, a broken",
                "picture, a body that is too large and an empty one. Memory: [soak.csv](soak.csv).",
                "",
                f"Written {today()} on {machine()}. {words}.",
                "",
            ]
        )
    )
    print(words)


def load(service: Service, files: list[str], clients: int, seconds: float) -> list[str]:
    """Return the command of the load."""
    script, url = str(HERE / "pictures.lua"), f"{service.url}/v1/predict"
    shape = ["-t1", f"-c{clients}", f"-d{round(seconds)}s", "--timeout", "30s"]
    return ["wrk", *shape, "-s", script, url, "--", *files]


def measure(service: Service, files: list[str], clients: int, seconds: float) -> dict[str, Any]:
    """Load the service; return what wrk says."""
    command = load(service, files, clients, seconds)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def kib(files: list[str]) -> float:
    """Return the mean size."""
    return sum(Path(one).stat().st_size for one in files) / len(files) / 1024


def pellets(work: Path) -> Path:
    """Draw the pictures, unless they are there."""
    subprocess.run([*TELLAPART, "demo", "pellets", str(work / "pellets")], check=True)
    return work / "pellets"


def trained(work: Path) -> Path:
    """Train a run on pellets, unless it is there."""
    train = [*TELLAPART, "train", str(pellets(work)), "--out", str(work / "run")]
    subprocess.run(train, check=True)
    return work / "run"


if __name__ == "__main__":
    main()
