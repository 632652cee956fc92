"""A page that answers a question: the question, the answer first, then sections, each with the command behind it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUN = "python -m benchmarks.questions.run"
SIDE_BY_SIDE = "python -m benchmarks.questions.side_by_side"
DIAGNOSED = "python -m benchmarks.diagnosis.founding.run"
ANSWERS = "python -m benchmarks.questions.answers"
OWN = "`tellapart train`'s own classifiers"


@dataclass(frozen=True)
class Section:
    """One question of a reader. No lines: it has not been measured yet."""

    title: str
    lines: Sequence[str]
    commands: Sequence[str]

    def text(self) -> str:
        """Return the Markdown."""
        commands = ", ".join(f"`{one}`" for one in self.commands)
        if not self.lines:
            return f"## {self.title}\n\nnot measured yet: {commands}\n"
        return "\n".join([f"## {self.title}\n", *self.lines, f"Reproduced by {commands}.\n"])


@dataclass(frozen=True)
class Page:
    """A question in our words, its answer, the evidence."""

    title: str
    question: Sequence[str]
    answer: Sequence[str]
    sections: Sequence[Section]

    def text(self) -> str:
        """Return the Markdown."""
        answer = self.answer or ["not measured yet: see the commands below."]
        lines = [
            f"# {self.title}\n",
            f"Written by `{ANSWERS}` from committed rows; do not edit. [All answers](README.md)\n",
            "**The question.** " + " ".join(self.question) + "\n",
            "**The answer.** " + " ".join(answer) + "\n",
            *(section.text() for section in self.sections),
            "Intervals in brackets are 95 % over seeds (Student's t), differences are paired by seed; fewer than two "
            "seeds have none. Every table and curve: [reproduction](reproduction.md), "
            "[side by side](side-by-side.md).",
        ]
        return "\n".join(lines) + "\n"


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table, with an empty line after it."""
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def bullets(sentences: Sequence[str]) -> list[str]:
    """Return a list, with an empty line after it."""
    return [*(f"- {one}" for one in sentences), ""]


def study(results: Path, name: str) -> list[str]:
    """Return what a committed study.json answers; nothing where there is none."""
    file = results / f"study-{name}.json"
    if not file.is_file():
        return []
    document = json.loads(file.read_text(encoding="utf-8"))
    rows = [
        (_plain(arm["words"]), f"{arm['fitted_pictures']}", _estimate(arm["balanced_accuracy"]))
        for arm in document["arms"]
    ]
    lines = [f"> {_plain(document['sentence'])}", ""]
    lines += markdown(("way", "pictures trained on", "balanced accuracy"), rows) if rows else []
    trained = f"{document['trainings_of_each']} trainings of each way, {_plain(document['model']['words'])}"
    return [
        *lines,
        *bullets([*map(_plain, document["notes"]), f"{trained}; {document['seconds'] / 60:.0f} min"]),
    ]


def studies(
    results: Path, question: str, title: str, pictures: str, asked: Sequence[tuple[str, str, str]]
) -> list[Section]:
    """Return a section for each that a question of `tellapart study` is asked of.

    Parameters
    ----------
    asked
        Name in the committed file's, words, and the script; without one it is the main job's own members.
    """
    return [
        Section(
            f"{title} Asked of {words}",
            study(results, f"{question}-{name}"),
            (study_command(question, pictures, script, f"{question}-{name}"),),
        )
        for name, words, script in asked
    ]


def study_command(question: str, pictures: str, script: str, name: str) -> str:
    """Return the command whose output is the committed study."""
    how = f"--model {script} --time 45m" if script else "--time 10m"
    return (
        f"tellapart study {question} {pictures} {how} --json > benchmarks/questions/results/study-{name}.json"
    )


def diagnosed(file: Path, program: str) -> list[str]:
    """Return what `tellapart diagnose` says of a founding program, from committed rows; nothing without them."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    found = [row for row in map(json.loads, lines) if row["file"] == program]
    said = [
        f"`tellapart diagnose {program}` with --time {row['time']}, after {row['seconds'] / 60:.0f} min: "
        f"*{_plain(row['summary'])}*"
        for row in found
    ]
    return bullets(said) if said else []


def _estimate(kept: dict[str, Any]) -> str:
    if kept["value"] is None:
        return "–"
    if kept["low"] is None:
        return f"{kept['value']:.3f}"
    return f"{kept['value']:.3f} ({kept['low']:.3f} to {kept['high']:.3f}, n = {kept['n']})"


def _plain(words: str) -> str:
    """Keep words on one line and out of the way of the table's own signs."""
    return " ".join(words.split()).replace("|", "\\|").replace("<", "&lt;")
