"""``python -m tellapart.diagnose.recorder ORDER``: run the order in that JSON file, in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from .recorder import Recorder


def main(order_file: str) -> None:
    """Run one order."""
    order = json.loads(Path(order_file).read_text(encoding="utf-8"))
    Recorder(order["work"]).run(order)


if __name__ == "__main__":
    main(sys.argv[1])
