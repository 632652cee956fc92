"""The picture sets of the benchmark, and how each is laid out: as it came, or split as the peers had it."""

from __future__ import annotations

import csv
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.questions import gallery
from benchmarks.rows import TELLAPART


@dataclass(frozen=True)
class PictureSet:
    """One set.

    Attributes
    ----------
    name
        In rows and tables.
    measure, goal
        What is compared, and what was aimed for (none: nothing).
    folder
        Below --data; empty: drawn or fetched.
    known
        Figures published or measured elsewhere.
    peers
        The name under which the peers scored the same test pictures; empty: they did not.
    split
        The peers' split, a table of file and part below --peers/splits; empty: the set's own.
    time
        Of `train`.
    """

    name: str
    measure: str
    goal: float | None = None
    folder: str = ""
    known: str = ""
    peers: str = ""
    split: str = ""
    time: str = "10m"


PELLETS, ELPV = "pellets", "elpv"
SETS = (
    PictureSet(PELLETS, "accuracy", 0.98, known="founding CNN: coin toss"),
    PictureSet(
        "nuclei_touching", "roc_auc", 0.975, "nuclei_touching", "hand-made rule .914", "nuclei_touching"
    ),
    PictureSet(
        "breastmnist", "roc_auc", 0.93, "breastmnist", "ResNet-18 .901, Google AutoML .919", "breastmnist"
    ),
    PictureSet(
        "hymenoptera",
        "accuracy",
        0.94,
        "hymenoptera",
        "PyTorch tutorial .935 tuned, .948 frozen",
        "hymenoptera",
    ),
    PictureSet("cats_dogs", "accuracy", 0.99, "cats_dogs", peers="cats_dogs"),
    PictureSet("pollen_bees by group", "accuracy", 0.965, "pollen_bees/all"),
    PictureSet(
        "pollen_bees, peers' split", "accuracy", None, "pollen_bees", "", "pollen_bees", "pollen_bees.csv"
    ),
    PictureSet("xsdd", "macro_f1", 0.992, "xsdd/all", "RepVGG+SA .9325"),
    PictureSet(ELPV, "accuracy", 0.885, known="CNN on a GPU .8842, SVM .8244 (Deitsch 2019)", time="20m"),
    PictureSet("elpv, peers' split", "accuracy", None, peers="elpv", split="elpv.csv"),
    PictureSet("magnetic_tile", "macro_f1", None, "magnetic_tile/all"),
    PictureSet("covid_xray", "macro_f1", None, "covid_xray/all"),
    PictureSet("casting", "accuracy", None, "casting", "98 to 99.8 %, with copies across parts"),
    PictureSet("pneumoniamnist", "accuracy", None, "pneumoniamnist"),
)


@dataclass(frozen=True)
class Folders:
    """Where things are: the real sets, the peers' figures and splits, and a scratch folder."""

    data: Path
    peers: Path | None
    work: Path


def lay_out(one: PictureSet, folders: Folders) -> Path:
    """Return PICTURES of a set, written to the work folder where it has to be."""
    if one.name == PELLETS:
        return pellets(folders.work, 0)
    pictures = (
        gallery.prepare(folders.work, None)[0] if one.name.startswith(ELPV) else folders.data / one.folder
    )
    if not one.split:
        return pictures
    assert folders.peers is not None  # noqa: S101 - such sets are asked for with --peers only
    return _split_as(folders.peers / "splits" / one.split, pictures, folders.work)


def _split_as(split: Path, pictures: Path, work: Path) -> Path:
    """Write a table of the pictures that a peers' split names, by number or by path."""
    table = work / f"{split.stem}-split.csv"
    by_name = {file.stem.removeprefix("cell"): file for file in pictures.glob("*/*.png")}
    with split.open(newline="") as lines, table.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("path", "label", "split"))
        for row in csv.DictReader(lines):
            file = by_name.get(row["file"]) or pictures / row["file"]
            writer.writerow((file.resolve(), file.parent.name, row["part"]))
    return table


def pellets(work: Path, seed: int, *, fresh: bool = False) -> Path:
    """Return the pellets set of a seed; `fresh`: 200 pictures a class that no training has seen."""
    target = work / f"pellets-{seed}"
    count = ["--per-class", "200"] if fresh else []
    if not (target / "train").exists():
        subprocess.run([*TELLAPART, "demo", "pellets", str(target), "--seed", str(seed), *count], check=True)
    if not fresh:
        return target
    flat = work / f"fresh-{seed}"
    if not flat.exists():
        shutil.copytree(target / "train", flat)
    return flat
