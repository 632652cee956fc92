"""A finding: what is wrong, how grave, with which numbers, in which files, and what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tellapart.evaluate.estimate import Estimate

Severity = Literal["stop", "warn", "note"]

SEVERITIES: tuple[Severity, ...] = ("stop", "warn", "note")
"""``stop``: a score on these pictures says little; ``warn``: look at it; ``note``: good to know."""

CODES = (
    "files.unreadable",
    "files.constant",
    "files.mixed_modes",
    "files.mixed_sizes",
    "files.turned",
    "files.wrong_extension",
    "copies.exact",
    "copies.near",
    "copies.across_splits",
    "copies.conflicting_labels",
    "groups.suspected",
    "groups.across_splits",
    "classes.imbalance",
    "classes.too_few",
    "labels.suspect",
    "shortcut.size",
    "shortcut.brightness",
    "shortcut.border",
    "shortcut.metadata",
    "split.shift",
)
"""Each has a page in docs/reference/findings. Of findings alike in severity the later code is named later."""

MOST_FILES = 50
"""Groups of files written out per finding; more are counted in the evidence (a page nobody scrolls to the end of)."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with the pictures.

    Attributes
    ----------
    code
        One of `CODES`.
    severity
        One of `SEVERITIES`.
    title
        One sentence in plain words, with the most important number.
    evidence
        Numbers; what is estimated is an `Estimate`.
    files
        Groups of relative paths that belong together as evidence (the copies of one picture; one suspect label).
    advice
        What to do.
    """

    code: str
    severity: Severity
    title: str
    evidence: Mapping[str, Any]
    files: tuple[tuple[str, ...], ...]
    advice: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as audit.json writes them."""
        return {
            "code": self.code,
            "severity": self.severity,
            "title": self.title,
            "evidence": _plain(self.evidence),
            "files": [list(group) for group in self.files],
            "advice": self.advice,
        }


def finding(
    code: str,
    severity: Severity,
    title: str,
    *,
    advice: str,
    evidence: Mapping[str, Any] | None = None,
    files: Sequence[Sequence[str]] = (),
) -> Finding:
    """Make a finding, with the files cut to `MOST_FILES` groups and the rest counted as ``more_files``."""
    if code not in CODES:
        raise ValueError(f"unknown finding {code!r}")
    kept = tuple(tuple(group) for group in files[:MOST_FILES])
    numbers = dict(evidence or {})
    if len(files) > MOST_FILES:
        numbers["more_files"] = len(files) - MOST_FILES
    return Finding(code, severity, title, numbers, kept, advice)


def by_gravity(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Sort findings, the gravest first."""
    return tuple(sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), CODES.index(f.code))))


def _plain(value: Any) -> Any:
    if isinstance(value, Estimate):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if hasattr(value, "item"):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
