"""A folder of links to pictures, as plain text: made wherever a run needs it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Links:
    """What lies where.

    Attributes
    ----------
    name
        Of the folder.
    targets
        (path below the folder, file that it stands for).
    """

    name: str
    targets: tuple[tuple[str, str], ...]

    def lay_out(self, within: Path) -> Path:
        """Make the folder in another, and return it."""
        root = within / self.name
        for path, target in self.targets:
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(target)
        return root
