"""A `Diagnosis` -> report.html: one page for a reader whose training fails; a pure rendering that adds nothing.

The frame, the style sheet, the charts and the way in which numbers are written are those of `tellapart.report`. What
comes from strangers (code, names, messages) is made visible in `view` and escaped when it is written.
"""

from __future__ import annotations

from .rendering import render

__all__ = ["render"]
