"""What runs on a node of the cluster, around each task."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from tellapart.scale.processor import sharing_the_processor

os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # a task's arguments may load torch: see processor.py


def run(function: Callable[..., Any], *arguments: Any) -> tuple[Any, int]:
    """Return what the function returns, and how many steps it did."""
    steps: list[int] = []
    with sharing_the_processor():
        found = function(*arguments, advance=steps.append)
    return found, sum(steps)
