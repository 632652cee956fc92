"""The picture sets of the questions, written into the work folder; nothing of them is ever committed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from tellapart.errors import PicturesError

COMMON = {"quarter": "common", "cats_dogs": "dogs"}
RARE = {"quarter": "rare", "cats_dogs": "cats"}

POSITIVE = {"pellets": "stuck", **RARE}
"""Class 1 of each set: the class that is looked for."""

SET_SEED, FRESH_SEED = 0, 1001
"""Fresh pictures come from another seed: none of them was ever in a training set."""

FRESH_PER_CLASS = {"pellets": 200, "quarter": 100}
"""400 fresh pictures of each: 200 and 200, or 100 rare and 300 common."""

COMMON_PER_RARE = 3
"""75 % to 25 %, as described."""


def prepare(name: str, work: Path, cats_dogs: Path | None) -> Path:
    """Return the folder of a set, writing it first where it is not there.

    Parameters
    ----------
    name
        ``pellets``, ``pellets-fresh``, ``quarter``, ``quarter-fresh`` or ``cats_dogs``.
    work
        Where sets are kept.
    cats_dogs
        The real pictures, with ``cats`` and ``dogs`` in it or in its parts.
    """
    folder = work / name
    if not folder.exists():
        unfinished = work / f"{name}.part"
        shutil.rmtree(unfinished, ignore_errors=True)
        if name == "cats_dogs":
            if cats_dogs is None:
                raise PicturesError(
                    "Rows on cats and dogs need the pictures.",
                    found="no --cats-dogs",
                    where="the command line",
                    advice="--cats-dogs DIR, or leave B-cats out with --only",
                )
            thin(cats_dogs, unfinished, RARE[name], COMMON[name])
        else:
            _demo(name, unfinished)
        unfinished.rename(folder)
    return folder / "train" if name == "pellets-fresh" else folder


def _demo(name: str, folder: Path) -> None:
    kind = name.partition("-")[0]
    options = ["--seed", str(SET_SEED)]
    if name.endswith("-fresh"):
        options = ["--seed", str(FRESH_SEED), "--per-class", str(FRESH_PER_CLASS[kind])]
    program = Path(sys.executable).with_name("tellapart")
    subprocess.run([str(program), "demo", kind, str(folder), *options], check=True, stdout=sys.stderr)


def thin(source: Path, folder: Path, rare: str, common: str, seed: int = 0) -> None:
    """Link the pictures of two classes, all parts together, with `rare` thinned to a third of `common`.

    Parameters
    ----------
    source
        A folder with ``rare`` and ``common`` folders in it, or in its parts.
    folder
        Where to write ``rare/`` and ``common/``.
    seed
        Of the choice.
    """
    found = {
        name: sorted(source.glob(f"{name}/*")) + sorted(source.glob(f"*/{name}/*")) for name in (rare, common)
    }
    wanted = round(len(found[common]) / COMMON_PER_RARE)
    if not found[common] or len(found[rare]) < wanted:
        raise PicturesError(
            f"A third as many {rare} as {common} are needed.",
            found=f"{len(found[rare])} {rare}, {len(found[common])} {common}",
            where=str(source),
            advice=f"give a folder with {rare}/ and {common}/, or with parts that hold them",
        )
    chosen = np.random.default_rng(seed).permutation(len(found[rare]))[:wanted]
    kept = {rare: [found[rare][i] for i in sorted(chosen)], common: found[common]}
    for name, files in kept.items():
        (folder / name).mkdir(parents=True)
        for file in files:
            # The part comes into the name: two parts may use the same one.
            link = folder / name / f"{file.parent.parent.name}-{file.name}"
            try:
                link.symlink_to(file.resolve())
            except OSError:  # no links on this file system
                shutil.copyfile(file, link)
