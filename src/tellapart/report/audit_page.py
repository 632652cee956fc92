"""The report of ``tellapart audit`` alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tellapart.report.page import render_page
from tellapart.report.reading.findings import SEVERITIES, read_audit
from tellapart.report.summary import Audit
from tellapart.report.text import clean, visible


def render_audit(audit: Mapping[str, Any], pairs: Sequence[Mapping[str, Any]], name: str) -> str:
    """Render an audit as one HTML page that needs nothing else.

    Parameters
    ----------
    audit
        As in audit.json.
    pairs
        Pictures side by side that prove findings, as ``pairs`` of gallery.json; may be empty.
    name
        Of the pictures' folder.
    """
    found = read_audit(clean(dict(audit)), clean(list(pairs))) or Audit(None, (), ())
    return render_page("audit.html.j2", audit=found, name=visible(name), sentence=_sentence(found))


def audit_in_words(audit: Mapping[str, Any]) -> str:
    """Return an audit, as in audit.json, as text: the answer in one sentence, then a line for each finding."""
    found = read_audit(clean(dict(audit))) or Audit(None, (), ())
    lines = [f"  {one.severity:<4}  {one.title}  [{one.code}]" for one in found.findings]
    return "\n".join([_sentence(found), *lines])


def _sentence(audit: Audit) -> str:
    """Answer in one sentence."""
    among = "these pictures" if audit.pictures is None else f"these {audit.pictures:,} pictures"
    if not audit.findings:
        return f"Nothing was found in {among} that speaks against training on them."
    severities = [finding.severity for finding in audit.findings]
    stops, warnings, notes = (severities.count(severity) for severity in SEVERITIES)
    if stops:
        return f"Do not train on {among} yet: {_things(stops)} would make the result worthless."
    if warnings:
        return f"Training on {among} can go wrong: {_things(warnings)} should be looked at first."
    return f"Nothing speaks against training on {among}; {_things(notes)} may be worth knowing."


def _things(n: int) -> str:
    return "one thing" if n == 1 else f"{n} things"
