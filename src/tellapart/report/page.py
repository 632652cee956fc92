"""HTML pages: the templates' environment, and a policy under which a page can load and run nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from tellapart.report import numbers, text, wording
from tellapart.report.charts import chart, learning, reliability, small, trade_off


@cache
def environment() -> Environment:
    """Return the environment of the templates; everything that is printed is escaped."""
    made = Environment(
        loader=PackageLoader("tellapart.report"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "shorten": text.shorten,
        "level": numbers.level,
        "p_value": numbers.p_value,
        "duration": numbers.duration,
        "number": "{:,}".format,
    }
    made.globals |= {
        "box": chart,
        "wording": wording,
        "draw_glyph": small.draw_glyph,
        "draw_learning": learning.draw_learning,
        "draw_reliability": reliability.draw_reliability,
        "draw_thousand": small.draw_thousand,
        "draw_trade_off": trade_off.draw_trade_off,
    }
    return made


def render_page(template: str, *, styles: Sequence[str] = ("page.css",), **content: Any) -> str:
    """Render a page with its style sheets and content security policy inside."""
    env = environment()
    style = "".join(env.get_template(name).render() for name in styles)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # Nothing may be loaded and nothing may run; the style is named by its hash, so that not
    # even a style attribute that slipped through escaping would be obeyed.
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    # The style sheet is the package's own file: nothing of a stranger is in it.
    return env.get_template(template).render(style=Markup(style), policy=policy, **content)  # noqa: S704
