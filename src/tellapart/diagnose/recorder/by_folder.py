"""Labels of pictures for which the script shows none: those of the folder their files lie in.

A loop over single files tells a model the picture and keeps the answer to itself. Which file a picture is shows in its
thumbnail; which label a folder stands for, in the pictures of it that were trained on.

Legend: N pictures, M files; thumbnails (N, S, S) as `tellapart.diagnose.recorder.fingerprint.thumbnails` makes them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tellapart.diagnose.gathered.labelling import single

from .fingerprint import THUMBNAIL, thumbnails
from .stream import Stream

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif")
MOST_FILES = 4000
LARGE_PX = 8 * THUMBNAIL
"""JPEG files may be decoded smaller, down to this side."""
SAME_FILE = 0.95
"""Least correlation of a picture with its own file; resizing and rounding leave more than .98."""
NEARER = 0.5
"""The file of another folder has to be twice as far away, or the folder is not certain."""
AGREE, FEWEST = 0.9, 3
"""A folder stands for a label where so many of its training pictures, and at least three, have it."""


def label_by_folder(
    streams: Iterable[Stream], pictures: Path, deadline: float, *, count: bool = False
) -> None:
    """Give the pictures of streams without any label those of their folders, as far as they can be told.

    Parameters
    ----------
    streams
        Of one model.
    pictures
        The folder with the class folders, or their parts, in it.
    deadline
        On `time.monotonic`'s clock: no file is read after it.
    count
        Whether to count the labels of each folder's training pictures in any case; otherwise only where a stream has
        no labels.
    """
    all_streams = list(streams)
    unlabelled = [one for one in all_streams if one.pool and not one.pool_labels]
    trained = [one for one in all_streams if one.trained and one.pool_labels]
    if not (unlabelled or count) or not trained:
        return
    files, folders = _read(pictures, deadline)
    if not len(files):
        return
    known: dict[str, np.ndarray] = {}
    for one in trained:
        looks = [look for look in one.pool if look in one.pool_labels]
        where = folder_of(_thumbnails(one, looks), files, folders)
        labels = [one.pool_labels[look] for look in looks]
        one.folders = _counts(where, labels)
        known |= _meanings(where, labels)
    for one in unlabelled:
        looks = list(one.pool)
        for look, folder in zip(looks, folder_of(_thumbnails(one, looks), files, folders), strict=True):
            if folder in known:
                one.pool_labels[look] = known[folder]


def _thumbnails(stream: Stream, looks: Sequence[int]) -> np.ndarray:
    return np.concatenate([thumbnails(stream.pool[look][None]) for look in looks])


def _read(pictures: Path, deadline: float) -> tuple[np.ndarray, list[str]]:
    """Return the thumbnails (M, S, S) of the picture files below a folder, and the name of each one's folder."""
    paths = [
        Path(root, name)
        for root, _, names in os.walk(pictures)
        for name in sorted(names)
        if name.lower().endswith(ENDINGS)
    ]
    found, folders = [], []
    # In any order: where the time ends early, what was read is of all folders alike.
    for at in np.random.default_rng(0).permutation(len(paths))[:MOST_FILES].tolist():
        if time.monotonic() > deadline:
            break
        try:
            with Image.open(paths[at]) as image:
                image.draft("RGB", (LARGE_PX, LARGE_PX))
                found.append(thumbnails(np.asarray(image.convert("RGB"))[None])[0])
        except (OSError, ValueError, Image.DecompressionBombError):
            continue  # unreadable: the script cannot have shown it
        folders.append(paths[at].parent.name)
    return np.array(found), folders


def folder_of(pictures: np.ndarray, files: np.ndarray, folders: Sequence[str]) -> list[str]:
    """Return the name of the folder that holds the file of each picture, (N,); "" where that is not certain.

    Parameters
    ----------
    pictures : (N, S, S)
    files : (M, S, S)
    folders : (M,)
    """
    alike = _directions(pictures) @ _directions(files).T
    names = np.array(folders)
    nearest = alike.argmax(axis=1)
    most, own = alike[np.arange(len(alike)), nearest], names[nearest]
    others = np.where(names[None] != own[:, None], alike, -1.0).max(axis=1)
    sure = (most >= SAME_FILE) & (1 - most <= NEARER * (1 - others))
    return [str(name) if certain else "" for name, certain in zip(own, sure, strict=True)]


def _directions(pictures: np.ndarray) -> np.ndarray:
    """Return (N, S * S) rows of length 1; zeros for constant pictures."""
    rows = pictures.reshape(len(pictures), -1).astype(np.float32)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


def _counts(folders: Sequence[str], labels: Sequence[np.ndarray]) -> dict[str, dict[str, int]]:
    """Return folder -> label -> pictures, of those whose folder is certain; no counts where labels are no numbers."""
    values = single(np.stack(labels)) if len({np.shape(one) for one in labels}) == 1 else None
    found: dict[str, dict[str, int]] = {}
    for name, value in zip(folders, () if values is None else values.tolist(), strict=False):
        if name:
            own = found.setdefault(name, {})
            own[f"{value:g}"] = own.get(f"{value:g}", 0) + 1
    return found


def _meanings(folders: Sequence[str], labels: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Return the label that each folder stands for, where nearly all of its pictures agree."""
    found = {}
    for folder in {*folders} - {""}:
        own = [np.asarray(label) for name, label in zip(folders, labels, strict=True) if name == folder]
        values, counts = np.unique(np.stack([one.reshape(-1) for one in own]), axis=0, return_counts=True)
        if len(own) >= FEWEST and counts.max() >= AGREE * len(own):
            found[folder] = values[counts.argmax()].reshape(own[0].shape)
    return found
