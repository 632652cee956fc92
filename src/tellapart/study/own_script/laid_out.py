"""Folders of pictures that a script is given in place of the user's: fewer pictures, or some of them several times.

N pictures.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from tellapart.diagnose.links import Links
from tellapart.pictures.address import for_script
from tellapart.pictures.collection import Pictures
from tellapart.study.arm import Arm, training_set


def trained_on(pictures: Pictures) -> np.ndarray:
    """Return the indices of the pictures that may be left out or repeated: the training part; without parts all."""
    return np.flatnonzero(pictures.parts == "train") if pictures.has_parts else np.arange(len(pictures))


def chosen_for(arm: Arm, pictures: Pictures, seed: int) -> np.ndarray:
    """Return the indices of an arm's training pictures, with repetitions; groups are taken or left together."""
    fit, groups = trained_on(pictures), pictures.group_numbers()
    return training_set(arm, fit, pictures.labels, groups, len(pictures.classes), seed)[0]


def links_to(pictures: Pictures, chosen: np.ndarray) -> Links:
    """Return links to the chosen training pictures, and to all of the other parts, laid out as the user's folder is.

    Parameters
    ----------
    pictures
        All of them.
    chosen
        Indices of training pictures; one that occurs again is there again, under another name.

    Returns
    -------
    Links
        A folder of the same name as the user's.
    """
    held = np.setdiff1d(np.arange(len(pictures)), trained_on(pictures))
    found: dict[str, str] = {}
    for index in (*held.tolist(), *chosen.tolist()):
        found[_free(Path(pictures.paths[index]), found)] = str(for_script(pictures.file(index)).resolve())
    return Links(for_script(pictures.root).resolve().name or "pictures", tuple(found.items()))


def _free(place: Path, taken: Collection[str]) -> str:
    number, found = 1, place
    while str(found) in taken:
        number += 1
        found = place.with_name(f"{place.stem}~{number}{place.suffix}")
    return str(found)
