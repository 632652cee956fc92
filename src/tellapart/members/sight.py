"""How the probe looks at a picture: through one network or two, at the picture alone or at its mirror images, too.

Each look costs time whenever the model answers, and is taken only where the folds show that it helps.

Enlarged pictures show a network trained on crops what is small in them. Out-of-fold log loss at the usual side and at
1.5 times of it: chest X-rays .346, .309; drawn heads .178, .149; flaws of steel strip .021, .012; but solar cells .316,
.328, and ants and bees .111, .118 (not taken).

A second network, of another size, sees other things. Out-of-fold log loss with the first, and with both side by side:
ants and bees .111, .087; pollen on bees .137, .119; breast ultrasound .433, .423. Measured by
benchmarks/accuracy/looks.

The mean over a picture and its mirror images no longer knows left from right: noise where the label does not depend on
it, and the label itself where it does. Out-of-fold log loss with none, one and three mirror images: pollen on bees
.137, .107, .103; breast ultrasound .433, .427, .441 (not taken). Copies of the pictures in the mirror, added to the
training of the head instead, did half as much on pollen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tellapart.backbones.features import Backbone, lite2
from tellapart.backbones.graph import Graph
from tellapart.members.extraction import extract_on, view_of
from tellapart.members.member import Job
from tellapart.pictures.features import Features, JoinedFeatures, MeanFeatures, StoredFeatures
from tellapart.pictures.view import View
from tellapart.plan import BOTH_WAYS, LARGER, LARGER_SIDE, SECOND, SIDEWAYS

ROWS, COLUMNS = 0, 1  # axes of a picture (H, W, 3)


@dataclass(frozen=True)
class Mirroring:
    """Over which images of a picture features are averaged.

    Attributes
    ----------
    name, words
        In the plan, and in sentences.
    reversed_axes
        Of each image, the axes along which it is reversed; the first is the picture itself.
    """

    name: str
    words: str
    reversed_axes: tuple[tuple[int, ...], ...]


NONE = Mirroring("", "the picture as it is", ((),))
MIRRORINGS = (
    NONE,
    Mirroring(SIDEWAYS, "the picture and its mirror image", ((), (COLUMNS,))),
    Mirroring(
        BOTH_WAYS,
        "the picture, its mirror images left to right and top to bottom, and both at once",
        ((), (COLUMNS,), (ROWS,), (ROWS, COLUMNS)),
    ),
)
"""Each is tried where the one before it was taken; it doubles what an answer costs."""


@dataclass(frozen=True, eq=False)
class Sight:
    """One way to look.

    Attributes
    ----------
    networks
        The first is that of the features that all stages share; all see the picture as it is prepared for the first.
    mirroring
        Over what is averaged.
    side
        Of the pictures, in units of the usual one.
    """

    networks: tuple[Backbone, ...]
    mirroring: Mirroring = NONE
    side: float = 1.0

    @property
    def deepest(self) -> int:
        """How many of the last columns come from the networks' deepest maps."""
        return sum(one.deepest for one in self.networks)

    @property
    def looks(self) -> int:
        """How many times a network looks at a picture."""
        return len(self.networks) * len(self.mirroring.reversed_axes)

    @property
    def price(self) -> float:
        """What one look costs, in units of one at the usual side."""
        return self.side**2

    def area_px(self, job: Job) -> int:
        """Return the area to which pictures are brought, px."""
        return round(self.price * int(job.plan["probe.area_px"]))

    def view(self, job: Job) -> View:
        """Return how pictures are prepared."""
        return view_of(self.networks[0], self.area_px(job))

    def wider(self, name: str) -> Sight | None:
        """Return this sight with the look of that name; None where it cannot be had or builds on one not taken."""
        if name == LARGER:
            return None if self.networks[0].fixed_px else replace(self, side=LARGER_SIDE)
        if name == SECOND:
            return replace(self, networks=(*self.networks, lite2()))
        number = next(i for i, one in enumerate(MIRRORINGS) if one.name == name)
        if self.mirroring is not MIRRORINGS[number - 1]:
            return None
        return replace(self, mirroring=MIRRORINGS[number])

    def words(self) -> str:
        """Say what is looked at, and through what."""
        size = f", at {self.side:g} times the usual side" if self.side > 1 else ""
        return f"looked at: {self.mirroring.words}{size}, through {' and '.join(one.name for one in self.networks)}"

    def features(self, job: Job, shared: StoredFeatures) -> Features:
        """Return (N, D) features; `shared` are those of the first network and the pictures as they are."""
        tables = []
        for axes in self.mirroring.reversed_axes:
            is_shared = not axes and self.side == 1
            first = shared if is_shared else self._extracted(job, self.networks[0], axes)
            others = [self._extracted(job, one, axes) for one in self.networks[1:]]
            tables.append(self._of_image([first, *others]))
        return tables[0] if len(tables) == 1 else MeanFeatures(tuple(tables))

    def _of_image(self, tables: list[StoredFeatures]) -> StoredFeatures | JoinedFeatures:
        if len(tables) == 1:
            return tables[0]
        return JoinedFeatures(tuple(tables), self.order())

    def _extracted(self, job: Job, network: Backbone, axes: tuple[int, ...]) -> StoredFeatures:
        """Return the features of all pictures through a network, reversed along `axes`; kept in the work folder."""
        kind = "-larger" if self.side > 1 else ""
        kind += "".join(f"-{('rows', 'columns')[axis]}" for axis in axes)
        return extract_on(
            job.executor,
            network,
            self.area_px(job),
            job.store,
            job.work / f"features-{network.name}{kind}.npy",
            job.progress.advance,
            reversed_axes=axes,
        )

    def order(self) -> np.ndarray:
        """Return (D,) the columns of the networks side by side in the order of the features: the deepest last."""
        ends = np.cumsum([one.width for one in self.networks])
        columns = [np.arange(end - one.width, end) for end, one in zip(ends, self.networks, strict=True)]
        cuts = [one.width - one.deepest for one in self.networks]
        parts = [np.split(own, [cut]) for own, cut in zip(columns, cuts, strict=True)]
        return np.concatenate([part[which] for which in (0, 1) for part in parts])

    def write(self, graph: Graph, images: str) -> str:
        """Write networks, side by side, and mean to `graph`; `images` is the uint8 input (N, H, W, 3)."""
        return graph.average(
            [self._write_image(graph, images, axes) for axes in self.mirroring.reversed_axes]
        )

    def _write_image(self, graph: Graph, images: str, axes: tuple[int, ...]) -> str:
        image = graph.reverse(images, [axis + 1 for axis in axes])
        rows = [graph.embed(one.model, image) for one in self.networks]
        return rows[0] if len(rows) == 1 else graph.op("Concat", *rows, axis=1)
