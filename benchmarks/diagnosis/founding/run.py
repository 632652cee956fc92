"""`tellapart diagnose` on the two founding trainings: `python -m benchmarks.diagnosis.founding.run [--time 15m]`.

Each as a program and as code pasted from a question, on the demo sets. Rows are kept in rows.jsonl, one for each time
that was given, and not made again; README.md is written anew from them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

from benchmarks.rows import TELLAPART, Rows

HERE = Path(__file__).parent
INTERRUPTED = 130  # exit status after Ctrl-C
SETS = {"plastic_pieces": "pellets", "quarter_positive": "quarter"}


def main() -> None:
    """Diagnose what is not diagnosed yet and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--time", default="15m", help="for each")
    parser.add_argument("--only", default="", help="part of a file's name")
    parser.add_argument(
        "--work", type=Path, default=Path.home() / ".cache" / "tellapart-benchmarks" / "founding"
    )
    options = parser.parse_args()
    rows = Rows(HERE / "rows.jsonl")
    for name, pictures in SETS.items():
        folder = options.work / pictures
        for file in (HERE / f"{name}.py", HERE / f"{name}.txt"):
            if options.only not in file.name:
                continue
            key = f"{file.name}/{options.time}/{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
            if key not in rows.done and not folder.exists():
                subprocess.run([*TELLAPART, "demo", pictures, str(folder)], check=True)
            out = options.work / f"{file.name}-{options.time}"
            rows.get(
                key, lambda file=file, folder=folder, out=out: diagnosed(file, folder, out, options.time)
            )
    (HERE / "README.md").write_text(document(rows))


def diagnosed(file: Path, pictures: Path, out: Path, time_given: str) -> dict[str, Any]:
    """Return what is said of a program, or of code on standard input, and when the first sentence came."""
    pasted = file.suffix == ".txt"
    command = [*TELLAPART, "diagnose", "-" if pasted else str(file), "--pictures", str(pictures)]
    command += ["--time", time_given, "--json", "--out", str(out)]
    began = time.monotonic()
    with file.open() as text, (out.parent / f"{out.name}.log").open("w") as log:
        process = subprocess.Popen(
            command,
            stdin=text if pasted else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "KERAS_BACKEND": "torch"},
        )
        first = ("", 0.0)
        for line in process.stderr or ():
            log.write(line)
            log.flush()
            if not first[0] and not line.startswith("Assumed") and line.strip():
                first = (line.strip(), round(time.monotonic() - began, 1))
        output = process.stdout.read() if process.stdout else ""
    seconds = round(time.monotonic() - began, 1)
    if process.wait() == INTERRUPTED:
        raise KeyboardInterrupt
    answer = (
        json.loads(output) if process.returncode == 0 else {"verdict": "crashed", "summary": "", "causes": []}
    )
    return {
        "file": file.name,
        "time": time_given,
        "first": first[0],
        "first_seconds": first[1],
        "seconds": seconds,
        "verdict": answer["verdict"],
        "summary": answer["summary"],
        "causes": [
            {"code": one["code"], "proved": one["proved"], "together": one.get("together") or []}
            for one in answer["causes"]
        ],
        "remarks": [one["code"] for one in answer.get("remarks", [])],
        "remeasured": answer.get("remeasured"),
    }


def document(rows: Rows) -> str:
    """Return README.md."""
    lines = [
        "# The founding trainings, diagnosed",
        "",
        f"`python -m benchmarks.diagnosis.founding.run`, measured {rows.made()}. The programs as described, and their",
        "description pasted as a fragment, on `tellapart demo pellets` and `tellapart demo quarter`.",
        "",
        "| what | --time | first sentence (after s) | verdict | causes (**proved**) | remarks | s |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows.done.values():
        causes = ", ".join(f"**{one['code']}**" if one["proved"] else one["code"] for one in row["causes"])
        said = f"{row['first']} ({row['first_seconds']:.0f})"
        lines.append(
            f"| {row['file']} | {row['time']} | {said} | {row['verdict']}: {row['summary']} | {causes} | "
            f"{', '.join(row['remarks'])} | {row['seconds']:.0f} |"
        )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
