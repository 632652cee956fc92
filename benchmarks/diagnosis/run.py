"""`tellapart diagnose` on scripts that fail, their twins and traps: `python -m benchmarks.diagnosis.run`.

Every script of cases/ and traps/ is diagnosed once in a process of its own. Finished rows are kept in rows.jsonl and
not made again (unless the script changed, or with --again); README.md is written anew from them. judge.py shows,
without Tell Apart, that the scripts are what they are said to be, and mended.py in the same way what fixed.py is worth.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks.diagnosis import mended
from benchmarks.diagnosis.scripts import Script, picture_folder, scripts
from benchmarks.rows import TELLAPART, Rows
from tellapart.diagnose.reading import CLEARLY

HERE = Path(__file__).parent

BUDGET = "2m"
LIMIT = 600.0  # seconds; --time may be passed by a fifth and a minute, a busy machine adds to it
SAMPLE = (
    ("keras_constant_start", "faulty"),
    ("keras_three_grades", "healthy"),
    ("torch_trainer_copy", "faulty"),
    ("torch_running_totals", "faulty"),
    ("torch_weave_steps", "healthy"),
    ("torch_mixed_before", "trap"),
)
"""Both libraries, a fault of the network, of its training and of a figure; what CI has two minutes for."""
READING = """
import json, sys, time
from pathlib import Path
from tellapart.diagnose.reading import read_program, suspect

text = Path(sys.argv[1]).read_text()
began = time.perf_counter()
found = suspect(read_program(text, Path(sys.argv[1]).name))
seconds = time.perf_counter() - began
print(json.dumps({"codes": [[s.code, float(s.certainty)] for s in found], "seconds": seconds}))
"""
Row = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What was said of a script, by the command or by reading alone."""

    script: Script
    verdict: str
    causes: list[Row]
    seconds: float

    @property
    def right_first(self) -> bool:
        """Say whether the first cause of a failing script is right; codes that only matter together count."""
        if self.verdict != "fails" or not self.causes:
            return False
        first = self.causes[0]
        return bool({first["code"], *first["together"]} & set(self.script.case["codes"]))


def main() -> None:
    """Diagnose what is not diagnosed yet and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="*", help="names of cases and traps")
    parser.add_argument(
        "--sample",
        action="store_true",
        help="only the few that CI asks, nothing kept; 1 if one is answered wrongly",
    )
    parser.add_argument("--again", action="store_true", help="make the chosen rows again")
    default = Path.home() / ".cache" / "tellapart-benchmarks" / "diagnosis"
    parser.add_argument("--work", type=Path, default=default, help="where pictures are kept")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.sample:
        raise SystemExit(1 if wrong_in_sample(options.work) else 0)
    rows, everything = Rows(HERE / "rows.jsonl"), scripts()
    chosen = [script for script in everything if fnmatch.fnmatch(script.name, options.only)]
    for script in chosen:
        if options.again:
            rows.done.pop(script.key, None)  # the file keeps the old line; the last one of a key counts
        rows.get(script.key, lambda script=script: diagnosed(script, options.work) | read(script))
        (HERE / "README.md").write_text(document(rows, everything))


def wrong_in_sample(work: Path) -> list[str]:
    """Diagnose the sample, say each answer, and return the scripts that were answered wrongly."""
    wrong = []
    for script in scripts():
        if (script.name, script.role) not in SAMPLE:
            continue
        answer = told(script, diagnosed(script, work))
        right = answer.right_first if script.role == "faulty" else answer.verdict == "healthy"
        codes = ", ".join(cause["code"] for cause in answer.causes)
        said = f"{script.name} ({script.role}): {answer.verdict} {codes}".rstrip()
        print(f"{'right' if right else 'WRONG'}  {said}, {answer.seconds:.0f} s", flush=True)
        wrong += [] if right else [script.name]
    return wrong


def environment(folder: Path | None = None) -> dict[str, str]:
    """Return the environment of the diagnosed: Keras on PyTorch; the folder for scripts that look there."""
    found = {**os.environ, "KERAS_BACKEND": "torch", "MPLBACKEND": "Agg"}
    return found | ({"PICTURES": str(folder)} if folder else {})


def diagnosed(script: Script, work: Path) -> Row:
    """Return what the command says of a script; whatever goes wrong with it is a row too."""
    folder = picture_folder(script.case["pictures"], work).resolve()
    out = mended.answer_folder(work, script)
    shutil.rmtree(out, ignore_errors=True)
    arguments = ["diagnose", str(script.file), "--pictures", str(folder), "--time", BUDGET, "--json"]
    arguments += ["--out", str(out)]
    began = time.perf_counter()
    code, output, errors = finished([*TELLAPART, *arguments], environment(folder), LIMIT)
    seconds = round(time.perf_counter() - began, 1)
    try:
        answer = json.loads(output)
        causes = [short(cause) for cause in answer["causes"]]
        remarks = [remark["code"] for remark in answer.get("remarks", [])]
        return {"verdict": answer["verdict"], "causes": causes, "remarks": remarks, "seconds": seconds}
    except (ValueError, KeyError, TypeError, AttributeError):
        said = (errors or output)[-800:]
        return {
            "verdict": "crashed",
            "causes": [],
            "remarks": [],
            "seconds": seconds,
            "code": code,
            "said": said,
        }


def finished(command: list[str], surroundings: dict[str, str], limit: float) -> tuple[int, str, str]:
    """Run a command to its end, or end it and all its children at the limit."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=surroundings,
        start_new_session=True,
        text=True,
        errors="replace",
    )
    try:
        output, errors = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
        errors += "\nended at the limit"
    return process.returncode, output, errors


def short(cause: Row) -> Row:
    """Return what the table needs of a cause."""
    together = cause.get("together") or []
    return {"code": cause["code"], "proved": bool(cause.get("proved")), "together": list(together)}


def read(script: Script) -> Row:
    """Return what reading alone says, with the seconds of reading without the imports."""
    command = [sys.executable, "-c", READING, str(script.file)]
    _, output, errors = finished(command, environment(), LIMIT)
    try:
        return {"reading": json.loads(output)}
    except ValueError:
        return {"reading": {"codes": [], "seconds": 0.0, "said": errors[-800:]}}


def told(script: Script, row: Row) -> Answer:
    """Return the answer of the command."""
    return Answer(script, row["verdict"], row["causes"], row["seconds"])


def told_by_reading(script: Script, row: Row) -> Answer:
    """Return the answer of reading alone: no experiment, so that nothing is proved."""
    found = [
        {"code": code, "proved": False, "together": []} for code, sure in row["codes"] if sure >= CLEARLY
    ]
    crashed = "crashed" if "said" in row else "healthy"
    return Answer(script, "fails" if found else crashed, found, row["seconds"])


def document(rows: Rows, everything: list[Script]) -> str:
    """Return README.md."""
    done = [(script, rows.done[script.key]) for script in everything if script.key in rows.done]
    answers = [told(script, row) for script, row in done]
    readings = [told_by_reading(script, row["reading"]) for script, row in done]
    number = {role: sum(script.role == role for script, _ in done) for role in ("faulty", "healthy", "trap")}
    codes = {script.case["codes"][0] for script, _ in done if script.role == "faulty"}
    return "\n".join(
        [
            "# Why a training fails",
            "",
            f"`python -m benchmarks.diagnosis.run`, measured {rows.made()}. {number['faulty']} scripts that fail, of",
            f"{len(codes)} different causes; {number['healthy']} twins (the smallest change that makes them right) and",
            f"{number['trap']} traps (they look wrong and train well). `tellapart diagnose SCRIPT --pictures DIR",
            f"--time {BUDGET}`, and reading alone (`fails` from a certainty of {CLEARLY} on); all of it took",
            f"{sum(answer.seconds for answer in answers) / 60:.0f} minutes. Who wrote the scripts did not know the",
            "rules; [judged.md](judged.md) shows without Tell Apart that they are what they are said to be. Rules were",
            "mended afterwards where they failed on some of these scripts: expect less on scripts never seen.",
            "",
            *summary(answers, readings),
            *mended.lines(everything, [script.name for script, row in done if row["verdict"] == "fails"]),
            "",
            "| script | kind | right | verdict | causes (**proved**) | s | reading alone |",
            "|---|---|---|---|---|---|---|",
            *(line(answer, row) for answer, (_, row) in zip(answers, done, strict=True)),
            "",
        ]
    )


def summary(answers: list[Answer], readings: list[Answer]) -> list[str]:
    """Return the table of both ways over all scripts."""
    columns = [figures(answers), figures(readings)]
    lines = ["| | diagnose | reading alone |", "|---|---|---|"]
    return lines + [f"| {name} | {columns[0][name]} | {columns[1][name]} |" for name in columns[0]]


def figures(answers: list[Answer]) -> dict[str, str]:
    """Return the figures of one way."""
    faulty = [answer for answer in answers if answer.script.role == "faulty"]
    sound = [answer for answer in answers if answer.script.role != "faulty"]
    right = [answer for answer in faulty if answer.right_first]
    alarms = [answer for answer in sound if answer.verdict == "fails"]
    proved = sum(answer.causes[0]["proved"] for answer in right)
    seconds = [answer.seconds for answer in answers] or [0.0]
    return {
        "right cause first": share(len(right), len(faulty)),
        "called `fails` at all": share(sum(a.verdict == "fails" for a in faulty), len(faulty)),
        "causes named per failing script": f"{mean([len(a.causes) for a in faulty] or [0]):.2f}",
        "false alarms on twins and traps": share(len(alarms), len(sound)),
        "first right causes that are proved": share(proved, len(right)),
        "crashed": share(sum(a.verdict == "crashed" for a in answers), len(answers)),
        "seconds, median and largest": f"{median(seconds):.3g}, {max(seconds):.3g}",
    }


def share(part: int, whole: int) -> str:
    """Return a share in words."""
    return f"{part} of {whole} ({100 * part / whole:.0f} %)" if whole else "–"


def line(answer: Answer, row: Row) -> str:
    """Return the row of a script."""
    script = answer.script
    causes = ", ".join(f"**{c['code']}**" if c["proved"] else c["code"] for c in answer.causes)
    reading = ", ".join(f"{code} {sure:.2f}" for code, sure in row["reading"]["codes"][:2])
    if script.role == "faulty":
        right, wanted = "yes" if answer.right_first else "**no**", f": {', '.join(script.case['codes'])}"
    else:
        right, wanted = "**no**" if answer.verdict in {"fails", "crashed"} else "yes", ""
    said = f"{script.name} | {script.role}{wanted} | {right} | {answer.verdict}"
    return f"| {said} | {causes} | {answer.seconds:.0f} | {reading} |"


if __name__ == "__main__":
    main()
