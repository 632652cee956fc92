"""A copy of the script's folder: what it may need, and nothing that is large."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LARGEST_FILE = 5 * 2**20
MOST_BYTES, MOST_FILES = 100 * 2**20, 2000
"""What is larger, or comes later, is linked: it can be read where it is, and a write never goes through."""
IRRELEVANT = frozenset(
    [".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".ipynb_checkpoints", ".tox"]
)
MANY_IN_FOLDER = 200
"""A folder with more entries than this holds data."""


def copy_folder(source: Path, target: Path) -> None:
    """Copy `source` to `target` (new); large files and folders of many files become links to the originals."""
    left_bytes, left_files = MOST_BYTES, MOST_FILES
    waiting = [(source, target)]
    while waiting:
        folder, new = waiting.pop(0)
        new.mkdir(parents=True)
        for entry in sorted(os.scandir(folder), key=lambda one: one.name):
            to = new / entry.name
            if entry.name in IRRELEVANT:
                continue
            if entry.is_dir():
                if entry.is_symlink() or _is_data(entry.path):
                    to.symlink_to(Path(entry.path).resolve())
                else:
                    waiting.append((Path(entry.path), to))
                continue
            size = entry.stat().st_size if entry.is_file() else LARGEST_FILE + 1
            if size > LARGEST_FILE or size > left_bytes or not left_files:
                to.symlink_to(entry.path)
                continue
            shutil.copy2(entry.path, to)
            left_bytes, left_files = left_bytes - size, left_files - 1


def _is_data(folder: str) -> bool:
    with os.scandir(folder) as entries:
        for n, _ in enumerate(entries):
            if n >= MANY_IN_FOLDER:
                return True
    return False
