"""plan.json, and the seconds that were quoted in it against those that were taken."""

from __future__ import annotations

from typing import Any

from tellapart.report.numbers import as_number, plain
from tellapart.report.reading.values import mapping, sequence, text
from tellapart.report.summary import Plan, Setting, Stage


def read_plan(document: dict[str, Any]) -> Plan:
    """Read the fingerprint, the settings with their reasons, and what was left out."""
    return Plan(
        fingerprint=tuple(
            (text(name).replace("_", " "), plain(value))
            for name, value in mapping(document.get("fingerprint")).items()
        ),
        settings=tuple(
            Setting(text(block.get("name")), plain(block.get("value")), text(block.get("reason")))
            for block in map(mapping, sequence(document.get("settings")))
        ),
        left_out=read_left_out(document.get("left_out"), "what"),
    )


def read_left_out(value: Any, what: str) -> tuple[tuple[str, str], ...]:
    """Read a list of things that were left out, each with its ``why``."""
    return tuple((text(block.get(what)), text(block.get("why"))) for block in map(mapping, sequence(value)))


def read_stages(seconds: Any, quoted: Any) -> tuple[Stage, ...]:
    """Put taken and quoted seconds side by side, in the order in which they were taken; total last."""
    taken, promised = mapping(seconds), mapping(quoted)
    names = sorted({**taken, **promised}, key=lambda name: name == "total")
    return tuple(
        Stage(text(name), as_number(taken.get(name)), as_number(promised.get(name))) for name in names
    )
