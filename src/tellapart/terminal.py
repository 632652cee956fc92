"""What the command line shows: progress and words for people, one JSON document for programs."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tellapart.visible import visible, visible_lines

if TYPE_CHECKING:
    from tellapart.progress import Progress

MOST_EXAMPLES = 3  # sets of files, and files of a set, that are named on the screen


@contextlib.contextmanager
def shown_progress() -> Iterator[Progress]:
    """Show progress live on a terminal, else nothing."""
    from tellapart.progress import Live, Quiet

    if sys.stderr.isatty():
        with Live() as live:
            yield live
    else:
        yield Quiet()


def say(text: str, *, err: bool = False) -> None:
    """Print for people: no name of a stranger writes over a terminal's lines."""
    typer.echo(visible_lines(text), err=err)


def print_json(document: Any) -> None:
    """Write a document for programs to standard output, on one line."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n")


def print_findings(document: dict[str, Any], *, only: str = "") -> None:
    """Print the findings of an audit, the gravest first."""
    found = [one for one in document["findings"] if only in ("", one["severity"])]
    for one in found:
        say(f"\n{one['severity'].upper()}  {one['title']}  [{one['code']}]", err=True)
        for files in one["files"][:MOST_EXAMPLES]:
            say(f"      {', '.join(map(visible, files[:MOST_EXAMPLES]))}", err=True)
        say(f"      {one['advice']}", err=True)
    if not found and not only:
        say(f"Nothing was found in {document['pictures']} pictures that speaks against them.", err=True)


def print_result(metrics: dict[str, Any], run: Path, *, as_json: bool) -> None:
    """Print what `train` found: what speaks against the pictures, the figures, where the report lies."""
    if as_json:
        print_json(metrics)
    else:
        print_findings(json.loads((run / "audit.json").read_text(encoding="utf-8")), only="stop")
        print_figures(metrics)
        say(f"Report: {run / 'report.html'}", err=True)


def print_figures(metrics: dict[str, Any]) -> None:
    """Print the figures of a run, or of an evaluation, in words."""
    from tellapart.report import figures_in_words

    say("\n" + figures_in_words(metrics), err=True)


def print_plan(plan: dict[str, Any], *, as_json: bool) -> None:
    """Print the settings with their reasons, what is left out, and the time quoted."""
    if as_json:
        print_json(plan)
        return
    for setting in plan["settings"]:
        say(f"{setting['name']:<22} {setting['value']}\n{'':<22}   {setting['reason']}")
    for cut in plan["left_out"]:
        say(f"left out: {cut['what']} ({cut['why']})")
    quoted = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in plan["quoted_seconds"].items())
    say(f"time: {quoted}")
