"""A run folder of `tellapart train` -> a diagnosis: may it be trusted, and what holds it back. Nothing is run."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tellapart.errors import RunFolderError
from tellapart.evaluate.estimate import Estimate
from tellapart.report.reading.files import read_files
from tellapart.report.reading.run import read_summary
from tellapart.report.summary import Finding, Summary
from tellapart.report.text import visible

from .answer import Diagnosis, Entry, Verdict
from .causes.catalogue import CAUSES
from .read_files import Point, RunRead

STATE = "run.json"
LEADS: Mapping[str, tuple[Verdict, str]] = {
    "trustworthy": (Verdict.healthy, "The run can be trusted."),
    "no better than chance": (Verdict.fails, "The run is no better than chance."),
    "leaking": (Verdict.fails, "The parts that were given share pictures: this cannot be called a test."),
    "shortcut": (Verdict.unknown, "Whether the run looks at the object at all cannot be told."),
    "too few to tell": (Verdict.unknown, "There are too few test pictures to tell."),
}
"""What each decision means for the verdict; its definitions know no shortcut, so that is not called failing."""
CAUSE_OF = {
    "labels.suspect": "label.noise",
    "copies.conflicting_labels": "label.noise",
    "classes.too_few": "data.too_few_pictures",
    "copies.across_splits": "split.leak",
    "groups.across_splits": "split.leak",
    "files.unreadable": "data.unreadable_pictures",
}
"""Findings of the audit that are a cause of failing trainings, too."""
CONFIDENCE = {"stop": 0.7, "warn": 0.5}
MOST_FACTS = 4
SURE_Z = 2.576
"""Of a difference between two figures, two-sided at .01; 95 % intervals reach 1.96 standard errors."""


def diagnose_run(folder: Path) -> Diagnosis:
    """Say what a run's own files show.

    Parameters
    ----------
    folder
        A finished run folder.

    Raises
    ------
    RunFolderError
        It is no run folder, not finished, damaged or of another schema.
    """
    command = _command(folder)
    summary = read_summary(folder)
    if summary.decision not in LEADS:
        raise RunFolderError(
            "metrics.json should hold a decision.",
            found=repr(summary.decision),
            where=str(folder / "metrics.json"),
            advice="the file is damaged; train again",
        )
    verdict, lead = LEADS[summary.decision]
    members = read_files(folder).metrics.get("members")
    points = tuple(_points(summary, members if isinstance(members, list) else []))
    entries = tuple(_entries(summary))
    causes = entries if verdict is Verdict.fails else ()
    if summary.decision == "leaking":
        causes = tuple(one for one in entries if one.code == "split.leak")
    return Diagnosis(
        verdict=verdict,
        summary=_summary(summary, lead, points, entries),
        causes=causes,
        remarks=tuple(one for one in entries if one not in causes),
        assumptions=(
            "the files of the folder are those that the run wrote: its pictures were not looked at again",
        ),
        limits=tuple(_limits(summary)),
        next_steps=tuple(_next(folder, summary, points, entries, command)),
        level=_balanced(summary),
        chance=1 / len(summary.classes) if summary.classes else None,
        run=RunRead(summary, points),
    )


def _command(folder: Path) -> dict[str, Any]:
    """Return the command that made a finished run."""
    file = folder / STATE
    if not file.is_file():
        raise RunFolderError(
            "A folder to diagnose should be a run of `tellapart train`, with run.json in it.",
            found=_found(folder),
            where=str(folder),
            advice="for pictures: tellapart train PICTURES --out RUN; for a training of your own, name its script",
        )
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        command, state = dict(found["command"]), str(found["state"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise RunFolderError(
            "run.json is damaged.",
            found=f"{type(error).__name__}: {error}",
            where=str(file),
            advice="train again into another folder",
        ) from error
    if state != "finished":
        done = [name for name in ("plan.json", "split.csv", "metrics.json") if (folder / name).is_file()]
        raise RunFolderError(
            "A run can be diagnosed when it is finished.",
            found=f"an unfinished run ({', '.join(done) or 'no file yet'})",
            where=str(folder),
            advice=f"the same command goes on from there: tellapart train {_pictures(command)} --out "
            f"{shlex.quote(visible(str(folder)))} …",
        )
    return command


def _found(folder: Path) -> str:
    if (folder / "diagnosis.json").is_file():
        return "the report of a diagnosis"
    names = sorted(visible(one.name) for one in folder.iterdir())
    return f"a folder with {', '.join(map(repr, names[:3]))} in it" if names else "an empty folder"


def _pictures(command: Mapping[str, Any]) -> str:
    """Return the pictures as they are written in a command; from Python they may have had no folder."""
    given = str(command.get("pictures", ""))
    return shlex.quote(visible(given)) if given.startswith(("/", ".")) else "PICTURES"


def _balanced(summary: Summary) -> Estimate | None:
    figure = summary.test.figures.get("balanced_accuracy")
    return figure.estimate if figure is not None and figure.is_defined else None


def _entries(summary: Summary) -> Iterator[Entry]:
    """Yield what the run's audit found that is a cause of failing trainings."""
    named: set[str] = set()
    findings = () if summary.audit is None else summary.audit.findings
    for one in findings:
        code = CAUSE_OF.get(one.code)
        if code is None or code in named or one.severity not in CONFIDENCE:
            continue
        named.add(code)
        yield _entry(
            code, f"{one.title}. {_facts(one)}".strip(), CONFIDENCE[one.severity], one.advice, "audit.json"
        )
    if summary.decision == "too few to tell" and "split.validation_too_small" not in named:
        words = " ".join(summary.reasons[:1])
        yield _entry("split.validation_too_small", words, 0.9, "", "metrics.json")


def _entry(code: str, words: str, confidence: float, fix: str, file: str) -> Entry:
    cause = CAUSES[code]
    return Entry(code, cause.title, words, file, None, "", confidence, False, (), fix or cause.fix)


def _facts(one: Finding) -> str:
    return "; ".join(f"{name.replace('_', ' ')}: {fact}" for name, fact in one.evidence[:MOST_FACTS])


def _points(summary: Summary, members: Sequence[Any]) -> Iterator[Point]:
    """Yield what holds the run back and is no cause of failing trainings, the gravest first."""
    findings = () if summary.audit is None else summary.audit.findings
    for one in findings:
        if one.severity in CONFIDENCE and one.code not in CAUSE_OF:
            yield Point(one.code, one.title, _facts(one), one.advice, "audit.json")
    if summary.fit_for_use.met is False:
        yield Point(
            "run.aim_not_met",
            "The aim that was named is not met",
            summary.fit_for_use.words,
            "Name an aim that it can meet, or give it more pictures.",
            "metrics.json",
        )
    yield from _worse_on_test(summary)
    for what, why in summary.plan.left_out:
        yield Point(
            "run.left_out", f"The time did not allow: {what}", why, "Give it more time (--time).", "plan.json"
        )
    for block in members:
        if isinstance(block, dict) and block.get("complete") is False:
            name = visible(str(block.get("name")))
            words = visible(str(block.get("words", "")))
            advice = "Where the reason is time, give it more (--time); otherwise nothing."
            yield Point(
                "run.member_not_used", f"{name} was not trained to the end", words, advice, "metrics.json"
            )


def _worse_on_test(summary: Summary) -> Iterator[Point]:
    """Yield it where the sealed part is clearly harder than the folds were."""
    test, folds = _balanced(summary), None
    if summary.out_of_fold is not None:
        folds = summary.out_of_fold.figures.get("balanced_accuracy")
    if test is None or folds is None or not folds.is_defined:
        return
    error = math.hypot(test.high - test.low, folds.estimate.high - folds.estimate.low) / (2 * 1.96)
    if error > 0 and (folds.estimate.value - test.value) / error > SURE_Z:
        yield Point(
            "run.worse_on_test",
            "The test pictures are harder than those of training",
            f"Balanced accuracy: out of fold {folds.estimate}, on the test part {test}.",
            "Look whether the parts come from the same source (tellapart audit), and go by the test part.",
            "metrics.json",
        )


def _summary(summary: Summary, lead: str, points: Sequence[Point], entries: Sequence[Entry]) -> str:
    held = [one.title for one in entries] + [one.title for one in points]
    more = "" if not held else f" What holds it back, or should be looked at: {'; '.join(held[:3])}."
    fit = f" {summary.fit_for_use.words}" if summary.fit_for_use.met is False else ""
    return f"{lead} {summary.sentence}{fit}{more}"


def _limits(summary: Summary) -> Iterator[str]:
    yield "Pictures that were not in the folder: another camera, place or time may look different"
    if summary.audit is None:
        yield "What is wrong with the pictures: audit.json is missing"
    elif summary.audit.unchecked:
        yield f"The audit did not look for: {', '.join(summary.audit.unchecked)}"


def _next(
    folder: Path,
    summary: Summary,
    points: Sequence[Point],
    entries: Sequence[Entry],
    command: Mapping[str, Any],
) -> Iterator[str]:
    run, pictures = shlex.quote(visible(str(folder))), _pictures(command)
    codes = {one.code for one in points}
    if entries or any(not code.startswith("run.") for code in codes):
        yield f"tellapart audit {pictures} --out DIR"
    if "run.left_out" in codes or "run.member_not_used" in codes:
        seconds = command.get("time_seconds")
        time = f"{2 * seconds:.0f}s" if isinstance(seconds, (int, float)) else "20m"
        yield f"tellapart train {pictures} --out OTHER_RUN --time {time}"
    if summary.decision == "trustworthy":
        yield f"tellapart evaluate {run} OTHER_PICTURES"
    yield f"tellapart report {run}"
