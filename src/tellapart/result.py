"""What a call from Python gives back: something that shows itself."""

from __future__ import annotations

import copy
import html
from dataclasses import dataclass
from typing import Any

HEIGHT = 640  # px of the report in a notebook: a screen's worth, with a scroll bar of its own


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """A document and how it is shown.

    Attributes
    ----------
    words
        The answer in one sentence, and the figures: what a terminal shows.
    page
        The report, one HTML page that needs nothing else: what a notebook shows.
    document
        What the command of the same name prints with ``--json``.
    """

    words: str
    page: str
    document: dict[str, Any]

    def __repr__(self) -> str:
        return self.words

    def _repr_html_(self) -> str:
        # A frame, because the page brings its own styles, which must not reach the notebook's; sandboxed, because
        # names of files and classes come from strangers.
        return (
            f'<iframe title="tellapart" sandbox width="100%" height="{HEIGHT}" style="border: 0" '
            f'srcdoc="{html.escape(self.page)}"></iframe>'
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the document, a copy of one's own."""
        return copy.deepcopy(self.document)
