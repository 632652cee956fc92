"""What is fixed.py worth? `python -m benchmarks.diagnosis.mended [--only PATTERN]`, after `benchmarks.diagnosis.run`.

Every fixed.py that was handed back is run as judge.py runs the scripts themselves: nothing of Tell Apart is used,
three seeds, fresh pictures. Results are kept in mended.jsonl under a checksum of the program; run.py puts them into
README.md.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.diagnosis.scripts import HERE, Script, scripts
from benchmarks.rows import Rows

ROWS = HERE / "mended.jsonl"


def answer_folder(work: Path, script: Script) -> Path:
    """Return where the command writes its answer."""
    return work / "answers" / f"{script.name}-{script.role}"


def main() -> None:
    """Judge what is not judged yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="*", help="names of cases")
    parser.add_argument(
        "--work", type=Path, default=Path.home() / ".cache" / "tellapart-benchmarks" / "diagnosis"
    )
    options = parser.parse_args()
    from benchmarks.diagnosis import judge

    rows = Rows(ROWS)
    judge.load()
    for script in scripts():
        fixed = answer_folder(options.work, script) / "fixed.py"
        if script.role != "faulty" or not fnmatch.fnmatch(script.name, options.only) or not fixed.is_file():
            continue
        key = f"{script.key}/{hashlib.sha256(fixed.read_bytes()).hexdigest()[:12]}"
        rows.get(key, lambda script=script, fixed=fixed: scored(script, fixed, options.work))


def scored(script: Script, fixed: Path, work: Path) -> dict[str, Any]:
    """Run a mended program and say whether it trains well, asked in each of the ways it may want its pictures."""
    best: dict[str, Any] = {"well": False, "score": -1.0}
    for way in _ways(script):
        one = replace(script, file=fixed, role="mended", case={**script.case, "predict_mended": way})
        found = _judged(one, work)
        if found["well"] or found["score"] > best["score"]:
            best = found
        if best["well"]:
            break
    return {"script": script.name, **best}


def _ways(script: Script) -> list[str]:
    """As either twin predicts; then with pixels of 0 to 255: the scaling in front of a network may be what is gone."""
    ways = [script.case.get(f"predict_{role}", script.case["predict"]) for role in ("healthy", "faulty")]
    return list(dict.fromkeys([*ways, *(re.sub(r"\bx / 255(\.0)?", "x", way) for way in ways)]))


def _judged(one: Script, work: Path) -> dict[str, Any]:
    from benchmarks.diagnosis import judge

    row = judge.run(one, work)
    well = one.case.get("well", judge.WELL)
    figures = [judge.wrong(one, result) for result in row["results"] if "error" not in result]
    misled = one.case["shows"] == "figure" and all(figures)
    return {"score": _score(row), "well": _score(row) >= well and not misled, **row}


def _score(row: dict[str, Any]) -> float:
    values = [result.get("balanced_accuracy", 0.0) for result in row["results"]]
    return sum(values) / len(values)


def lines(everything: list[Script], failing: list[str]) -> list[str]:
    """Return the line of the table, nothing where no program was judged.

    Parameters
    ----------
    failing
        Names of the scripts that were said to fail; others have no fixed.py.
    """
    known = {row["script"]: row for row in Rows(ROWS).done.values()}
    faulty = [one.name for one in everything if one.role == "faulty"]
    handed = [name for name in faulty if name in known and name in failing]
    if not handed:
        return []
    well = sum(known[name]["well"] for name in handed)
    return [
        f"| fixed.py trains well ([mended.jsonl](mended.jsonl)) | {well} of {len(faulty)} faulty scripts "
        f"({100 * well / len(faulty):.0f} %), {len(handed)} handed back | |"
    ]


if __name__ == "__main__":
    main()
