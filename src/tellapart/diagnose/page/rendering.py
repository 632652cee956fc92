"""report.html of a diagnosis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tellapart.diagnose.answer import Diagnosis
from tellapart.report.page import render_page

from .view import View, view


@dataclass(frozen=True)
class Section:
    """A section: its anchor, its title, and whether there is anything for it."""

    anchor: str
    title: str
    is_there: Callable[[View], Any]


SECTIONS = (
    Section("causes", "What is wrong", lambda v: v.causes),
    Section("history", "The curves", lambda v: v.read.figures),
    Section("change", "The whole change", lambda v: v.patch),
    Section("learning", "How it learned", lambda v: v.learned),
    Section("figures", "Figures that the script shows", lambda v: v.held),
    Section("remarks", "By the way", lambda v: v.remarks),
    Section("run", "The run", lambda v: v.read.points or v.read.members),
    Section("limits", "What this cannot know", lambda v: v.read.limits),
    Section("next", "What to do next", lambda v: v.read.next_steps),
    Section("out", "What it is not", lambda v: v.out),
    Section("how", "How this was found", lambda _: True),
)


def render(found: Diagnosis, name: str, *, chance: float | None = None) -> str:
    """Render a diagnosis as one HTML page that needs nothing else.

    Parameters
    ----------
    name
        Of the script, history or run.
    chance
        Balanced accuracy of guessing, one by the number of classes; None: no line is drawn for it.

    Returns
    -------
    str
        The same diagnosis gives the same page.
    """
    shown = view(found, name, chance)
    sections = [section for section in SECTIONS if section.is_there(shown)]
    title = {"history": "What it may be", "run": "What the audit found"}.get(shown.read.kind)
    sections = [replace(one, title=title) if title and one.anchor == "remarks" else one for one in sections]
    styles = ("page.css", "diagnosis.css")
    return render_page("diagnosis.html.j2", styles=styles, d=shown, sections=sections)
