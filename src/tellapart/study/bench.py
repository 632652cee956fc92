"""The bench: the training pictures of a study, what belongs together, the clock. The sealed part stays sealed.

n training pictures, N all pictures, D features.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tellapart.audit import leak
from tellapart.backbones.features import Backbone, lite0
from tellapart.errors import PicturesError
from tellapart.inspection import inspect, key_of
from tellapart.members.member import Progress
from tellapart.options import check_class
from tellapart.pictures.address import Location
from tellapart.pictures.collection import Pictures
from tellapart.pictures.read import check_enough, read_pictures
from tellapart.pictures.store import STORE_FILES, PictureStore, decode_all
from tellapart.plan import probe_area
from tellapart.run_folder import RunFolder
from tellapart.scale.executor import Executor, Here
from tellapart.split import cross_validate, deal, drop, seal
from tellapart.study.options import StudyOptions

PICTURES_A_SECOND = 6
"""Of the time given: decoding, features and the search for copies take about 40 ms a picture on two cores, and should
take a quarter of it."""
FEWEST = 300  # pictures that are looked at whatever the time
RESERVE_SECONDS = 3.0  # for the figures and the page


@dataclass(frozen=True, eq=False)
class Bench:
    """What every arm is trained and scored on.

    Attributes
    ----------
    pictures, store
        The n training pictures.
    groups
        (n,) int: what stays together, declared or found (copies, series).
    features_nD
        Of the backbone at its usual size, `area_px`.
    left_out
        Training pictures that are not studied, for want of time.
    work
        Where finished work is kept.
    deadline
        On the monotonic clock.
    executor
        Where trainings run.
    """

    pictures: Pictures
    store: PictureStore
    groups: np.ndarray
    features_nD: np.ndarray
    backbone: Backbone
    area_px: int
    positive: int
    left_out: int
    seed: int
    work: Path
    began: float
    deadline: float
    progress: Progress
    executor: Executor = field(default_factory=Here)

    @property
    def labels(self) -> np.ndarray:
        """(n,) int."""
        return self.pictures.labels

    @property
    def classes(self) -> int:
        """K, the number of classes."""
        return len(self.pictures.classes)

    @property
    def shares(self) -> np.ndarray:
        """(K,) share of each class."""
        return np.bincount(self.labels, minlength=self.classes) / len(self.labels)

    @property
    def longest_px(self) -> int:
        """Median longest side of the pictures as stored."""
        return int(np.median(self.store.shapes.max(1)))

    def seconds_left(self) -> float:
        """Until the answer has to be written."""
        return self.deadline - RESERVE_SECONDS - time.monotonic()

    def at_most(self, count: int) -> Bench:
        """Return a bench of about `count` pictures, drawn by class and group; the same where there are fewer."""
        if count >= len(self.labels):
            return self
        keep = _draw(self.labels, self.groups, count, self.seed)
        return replace(
            self,
            pictures=self.pictures.select(keep),
            store=self.store.select(keep),
            groups=self.groups[keep],
            features_nD=self.features_nD[keep],
            left_out=self.left_out + len(self.labels) - len(keep),
        )

    def rounds(self, folds: int, repeats: int) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        """Yield (repeat, fold, indices to fit on, indices to score); groups whole."""
        parts = np.full(len(self.labels), "train")
        scarcest = int(np.bincount(self.labels).min())
        count = max(2, min(folds, scarcest))
        tables = cross_validate(
            self.labels, parts, self.groups, folds=count, repeats=repeats, seed=self.seed + 7
        )
        for repeat, table in enumerate(tables):
            for fold in range(int(table.max()) + 1):
                yield repeat, fold, np.flatnonzero(table != fold), np.flatnonzero(table == fold)


def set_up(
    source: Location, options: StudyOptions, folder: RunFolder, progress: Progress, began: float
) -> Bench:
    """Read, decode, inspect and seal; what was done before for the same pictures is used again.

    Raises
    ------
    TellapartError
        The pictures or an option cannot be used.
    """
    everything = read_pictures(source, groups_file=options.groups_file)
    check_class(options.positive, everything.classes)
    most = max(FEWEST, int(PICTURES_A_SECOND * options.time_seconds))
    pictures = _first_draw(everything, most, options.seed)
    progress.stage("read", len(pictures))
    store, pictures = decode_all(pictures, folder.work, advance=progress.advance)
    check_enough(pictures, str(pictures.root))
    backbone = lite0()
    folder.start_over_unless(key_of(pictures, store, backbone), keep=STORE_FILES)
    seen = inspect(pictures, store, backbone, folder.work, options.seed, progress)
    groups = seen.kinship.groups
    known = len(pictures) + len(pictures.left_out) < len(
        everything
    )  # the draw was of the training part alone
    train = np.arange(len(pictures)) if known else _training_part(pictures, groups, options.seed)
    chosen = pictures.select(train)
    _check_classes(chosen, pictures.root)
    counts = np.bincount(chosen.labels, minlength=len(chosen.classes))
    positive = int(counts.argmin()) if options.positive is None else chosen.classes.index(options.positive)
    return Bench(
        pictures=chosen,
        store=store.select(train),
        groups=np.unique(groups[train], return_inverse=True)[1],
        features_nD=seen.features_ND[train],
        backbone=backbone,
        area_px=probe_area(store.facts, backbone.area_px),
        positive=positive,
        left_out=_trained(everything) - len(train) if known else 0,
        seed=options.seed,
        work=folder.work,
        began=began,
        deadline=began + options.time_seconds,
        progress=progress,
    )


def _first_draw(pictures: Pictures, most: int, seed: int) -> Pictures:
    """Leave pictures of large sets out before they are decoded: of the training part, as far as it is known yet."""
    if len(pictures) <= most:
        return pictures
    parts, _ = seal(pictures, pictures.group_numbers(), seed)
    train = np.flatnonzero(parts == "train")
    drawn = pictures.select(train)
    keep = _draw(drawn.labels, drawn.group_numbers(), most, seed)
    return drawn.select(keep)


def _trained(pictures: Pictures) -> int:
    return int(np.sum(np.isin(pictures.parts, ("", "train"))))


def _training_part(pictures: Pictures, groups: np.ndarray, seed: int) -> np.ndarray:
    """Return the indices of the pictures `train` would train on with the same seed."""
    parts, _ = seal(pictures, groups, seed)
    parts = drop(parts, pictures.labels, leak(pictures, groups).drop)
    return np.flatnonzero(parts == "train")


def _draw(labels: np.ndarray, groups: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return the indices of about `count` pictures with the classes' own shares, groups whole."""
    hands = 100
    dealt = deal(labels, groups, hands, seed)
    taken = max(1, round(count / len(labels) * (int(dealt.max()) + 1)))
    return np.flatnonzero(dealt < taken)


def _check_classes(pictures: Pictures, root: Location) -> None:
    for name, count in pictures.counts().items():
        if count < 4:
            raise PicturesError(
                "A study compares trainings on folds: every class needs at least four training pictures.",
                found=f"class {name!r} has {count}",
                where=str(root),
                advice="add pictures of this class, or take the class away",
            )
