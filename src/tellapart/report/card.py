"""MODEL_CARD.md: the same summary for whoever is handed the model, as Hugging Face expects a card."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from tellapart.report import wording
from tellapart.report.numbers import duration, level, p_value
from tellapart.report.reading.run import read_summary
from tellapart.report.text import markdown, shorten, visible


class _Markdown(str):
    """Text that is Markdown already."""


def render_model_card(folder: Path) -> str:
    """Render the model card of a run folder.

    Raises
    ------
    RunFolderError
        As `tellapart.report.reading.run.read_summary`.
    """
    return _environment().get_template("model_card.md.j2").render(s=read_summary(folder))


@cache
def _environment() -> Environment:
    # Not HTML: autoescape is off, and `_escaped` escapes for Markdown whatever is printed.
    made = Environment(
        loader=PackageLoader("tellapart.report"),
        autoescape=False,  # noqa: S701
        finalize=_escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "shorten": shorten,
        "code": _code,
        "duration": duration,
        "level": level,
        "p_value": p_value,
        "number": "{:,}".format,
    }
    made.globals |= {"wording": wording}
    return made


def _escaped(value: Any) -> Any:
    return value if isinstance(value, _Markdown) else markdown(str(value))


def _code(text: str) -> _Markdown:
    """Fence a block of code; the fence is longer than any row of backticks in the text."""
    longest = max((len(row) for row in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return _Markdown(f"{fence}\n{visible(text)}\n{fence}")
