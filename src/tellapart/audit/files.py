"""Findings about the files themselves: broken, blank, of mixed kinds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import numpy as np

from tellapart.audit.finding import Finding, finding
from tellapart.audit.looks import Looks
from tellapart.pictures.collection import Pictures
from tellapart.pictures.decode import Facts

FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".gif": "GIF",
}
"""What the usual suffixes promise; others are not judged."""

JPEG_KIN = {"MPO"}  # what several cameras write as .jpg: a JPEG with a second picture behind it


def find_in_files(pictures: Pictures, looks: Looks, facts: Sequence[Facts]) -> Iterator[Finding]:
    """Yield what is wrong with the files of N `pictures` and with those left out."""
    if pictures.left_out:
        left = len(pictures.left_out)
        reasons = Counter(one.reason for one in pictures.left_out)
        yield finding(
            "files.unreadable",
            "warn",
            f"{left} file{'s' * (left > 1)} cannot be read and {'are' if left > 1 else 'is'} left out",
            advice="Open them in a picture viewer; copy or save them again, or take them away.",
            evidence={"left_out": left, "used": len(pictures), "reasons": dict(reasons.most_common(5))},
            files=[(one.path,) for one in pictures.left_out],
        )
    yield from _flat(pictures, looks)
    yield from _modes(pictures, facts)
    yield from _sizes(looks)
    yield from _turned(pictures, facts)
    yield from _extensions(pictures, facts)


def _flat(pictures: Pictures, looks: Looks) -> Iterator[Finding]:
    at = np.flatnonzero(looks.flat)
    if not len(at):
        return
    labels = Counter(pictures.classes[label] for label in pictures.labels[at])
    yield finding(
        "files.constant",
        "warn",
        f"{len(at)} picture{'s' * (len(at) > 1)} of one flat colour, on which nothing can be seen",
        advice="Take them away: they teach nothing, and in a test part they are answered by chance.",
        evidence={"flat": len(at), "by_class": dict(labels)},
        files=[(pictures.paths[i],) for i in at],
    )


def _modes(pictures: Pictures, facts: Sequence[Facts]) -> Iterator[Finding]:
    modes = Counter(fact.mode for fact in facts)
    if len(modes) < 2:
        return
    rare = modes.most_common()[1:]
    yield finding(
        "files.mixed_modes",
        "note",
        f"The pictures have {len(modes)} colour modes ({', '.join(f'{n} {mode}' for mode, n in modes.most_common())})",
        advice="All are read as 8-bit colour, so nothing breaks; but ask why they differ (another source?).",
        evidence={
            "modes": dict(modes),
            "modes_by_class": _by_class(pictures, [fact.mode for fact in facts]),
            "formats": dict(Counter(fact.format for fact in facts)),
            "more_than_8_bit": sum(fact.mode.startswith("I") or fact.mode == "F" for fact in facts),
            "animations": sum(fact.frames > 1 for fact in facts),
        },
        files=[(pictures.paths[i],) for i, fact in enumerate(facts) if fact.mode in dict(rare)],
    )


def _by_class(pictures: Pictures, values: Sequence[str]) -> dict[str, dict[str, int]]:
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for label, value in zip(pictures.labels, values, strict=True):
        table[pictures.classes[label]][value] += 1
    return {name: dict(counts) for name, counts in sorted(table.items())}


def _sizes(looks: Looks) -> Iterator[Finding]:
    distinct = np.unique(looks.sizes_N2, axis=0)
    if len(distinct) < 2:
        return
    height, width = looks.sizes_N2.T
    aspect = width / height
    yield finding(
        "files.mixed_sizes",
        "note",
        f"The pictures have {len(distinct)} sizes, from {height.min()} to {height.max()} px high and "
        f"from {width.min()} to {width.max()} px wide",
        advice="Sizes may differ; what matters is whether they tell the class (see shortcut.size).",
        evidence={
            "sizes": len(distinct),
            "height": _range(height),
            "width": _range(width),
            "width_to_height": _range(aspect),
        },
    )


def _range(values: np.ndarray) -> dict[str, float]:
    return {
        "least": round(float(values.min()), 3),
        "median": round(float(np.median(values)), 3),
        "most": round(float(values.max()), 3),
    }


def _turned(pictures: Pictures, facts: Sequence[Facts]) -> Iterator[Finding]:
    at = [i for i, fact in enumerate(facts) if fact.turned]
    if at:
        yield finding(
            "files.turned",
            "note",
            f"{len(at)} pictures lie on their side in the file and are turned upright by their EXIF tag",
            advice="Nothing to do here; but other programs may ignore the tag and see them on their side.",
            evidence={"turned": len(at)},
            files=[(pictures.paths[i],) for i in at],
        )


def _extensions(pictures: Pictures, facts: Sequence[Facts]) -> Iterator[Finding]:
    wrong = []
    for path, fact in zip(pictures.paths, facts, strict=True):
        promised = FORMATS.get(PurePosixPath(path).suffix.lower())
        if promised and promised != fact.format and not (promised == "JPEG" and fact.format in JPEG_KIN):
            wrong.append((path, fact.format))
    if wrong:
        yield finding(
            "files.wrong_extension",
            "note",
            f"{len(wrong)} files are of another format than their name says",
            advice="They are read all the same; other programs may stumble. Rename them.",
            evidence={"wrong": len(wrong), "formats": dict(Counter(form for _, form in wrong))},
            files=[(path,) for path, _ in wrong],
        )
