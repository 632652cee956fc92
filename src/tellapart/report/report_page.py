"""report.html: the sections of a run's report, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tellapart.report.page import render_page
from tellapart.report.reading.run import read_summary
from tellapart.report.summary import Summary


@dataclass(frozen=True)
class Section:
    """A section: its anchor (and template), its title, and whether the run has anything for it."""

    anchor: str
    title: str
    is_there: Callable[[Summary], Any]


SECTIONS = (
    Section("figures", "How good is it?", lambda s: s.test.n),
    Section("belief", "Why this decision", lambda s: s.reasons),
    Section("audit", "What the audit found", lambda s: s.audit),
    Section("errors", "Where it errs", lambda s: s.test.per_class or s.test.confusion),
    Section("gallery", "The worst mistakes", lambda s: s.gallery),
    Section("explanations", "Where it looks", lambda s: s.explanations),
    Section("threshold", "Where the line is drawn", lambda s: s.trade_off or s.threshold),
    Section("probabilities", "Do the probabilities hold?", lambda s: s.reliability),
    Section("unsure", "When it is not sure", lambda s: s.not_sure),
    Section("members", "What was trained", lambda s: s.members),
    Section("learning", "How it learned", lambda s: s.curves),
    Section("plan", "The plan and its reasons", lambda s: s.plan.settings or s.plan.fingerprint),
    Section("time", "Where the time went", lambda s: s.stages),
    Section("files", "Pictures and parts", lambda s: s.parts or s.pictures_used),
    Section("again", "Use it, make it again", lambda _: True),
)


def render_report(folder: Path) -> str:
    """Render the report of a run folder as one HTML page that needs nothing else.

    Parameters
    ----------
    folder
        A finished run folder; only ``metrics.json`` must be there, sections without a file are left out.

    Returns
    -------
    str
        The same files give the same page.

    Raises
    ------
    RunFolderError
        As `tellapart.report.reading.run.read_summary`.
    """
    summary = read_summary(folder)
    sections = [section for section in SECTIONS if section.is_there(summary)]
    return render_page("report.html.j2", s=summary, sections=sections)
