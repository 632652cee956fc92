"""The scripts of the benchmark, and the folders of pictures they are run on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.diagnosis import pictures

HERE = Path(__file__).parent
HALVES = ("first_mended", "second_mended")  # only the first or second cause of a pair is mended


@dataclass(frozen=True)
class Script:
    """A script, what it is for (faulty, healthy, trap or one of HALVES) and its description."""

    name: str
    file: Path
    role: str
    case: dict[str, Any]

    @property
    def must_fail(self) -> bool:
        """Say whether the script is meant to fail."""
        return self.role not in {"healthy", "trap"}

    @property
    def key(self) -> str:
        """Name, and a checksum of all that decides the result."""
        told = self.file.read_bytes() + json.dumps(self.case, sort_keys=True).encode()
        told += (HERE / "pictures.py").read_bytes()
        return f"{self.name}/{self.role}/{hashlib.sha256(told).hexdigest()[:12]}"


def scripts(halves: bool = False) -> list[Script]:
    """Return all scripts of the benchmark: faulty ones with their twins, then traps.

    With `halves` also those in which only one of two causes that matter together is mended: they must fail still.
    """
    found = []
    for folder in sorted((HERE / "cases").iterdir()):
        case = json.loads((folder / "case.json").read_text())
        roles = ["faulty", "healthy"]
        roles += [role for role in HALVES if halves and (folder / f"{role}.py").exists()]
        found += [Script(folder.name, folder / f"{role}.py", role, case) for role in roles]
    traps = json.loads((HERE / "traps" / "traps.json").read_text())
    return found + [
        Script(name, HERE / "traps" / f"{name}.py", "trap", traps[name]) for name in sorted(traps)
    ]


def picture_folder(kind: str, work: Path, seed: int = 0) -> Path:
    """Return the folder of a kind, drawn if it is not there."""
    return pictures.write(kind, work / f"{kind}-{seed}", seed)
