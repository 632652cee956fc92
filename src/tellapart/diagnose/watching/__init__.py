"""From a recording to suspicions: what the run itself shows. One module a group of causes, one rule a cause.

`reported` and `compare` hold what a script showed its author against what is true.
"""

from __future__ import annotations

from .comparing import Discrepancy, compare
from .look import Seen, look
from .registry import RULES, RuledOut
from .reported import Reported, reported

__all__ = ["RULES", "Discrepancy", "Reported", "RuledOut", "Seen", "compare", "look", "reported"]
