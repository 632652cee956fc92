"""What is run: every row is one training of one recipe, variant, size and seed.

Rows stand in groups, most telling first, so that a run that is cut short has the most to show.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

# Training A, the full 2 x 2 design: the two suspected causes, alone and together.
DESIGN: dict[str, tuple[str, ...]] = {
    "as described": (),
    "global max pooling": ("--global-max-pooling",),
    "no convolution dropouts": ("--dropout", "0", "0"),
    "both": ("--global-max-pooling", "--dropout", "0", "0"),
}
AS_DESCRIBED: dict[str, tuple[str, ...]] = {"as described": ()}
FIRST_AND_LAST = {name: DESIGN[name] for name in ("as described", "both")}
# The design with the mirroring alone: zooming asks for many more steps than can be paid for at both sizes (with both
# causes mended, 128 px, 2,500 steps: learnt by one seed of the first two).
FLIPPED = "{}, flips"
FLIPS = {FLIPPED.format(name): (*options, "--augment", "flips") for name, options in DESIGN.items()}
# What its author tried: other dropout, L1 and L2 in both kinds of layers, two classes with a softmax.
TRIED = {
    "dropout .25": ("--dropout", "0.25", "0.25"),
    "dropout .75": ("--dropout", "0.75", "0.75"),
    "L1 .0001": ("--l1", "0.0001"),
    "L2 .001": ("--l2", "0.001"),
    "softmax": ("--two-classes",),
}
# Training B; COMMON stands for the common class of the set.
COMMON = "{common}"
OPTIONS_B = {
    "as described": (),
    "common is class 1": ("--positive", COMMON),
    "learning rate .01": ("--learning-rate", "0.01"),
}
FASTER = {name: OPTIONS_B[name] for name in ("learning rate .01",)}

DESCRIBED_EPOCHS = {128: 100, 256: 48}
"""As described, where it is affordable: at 256 px, 100 half epochs are an hour and a half of one core."""

FLIPS_EPOCHS = {128: 16, 256: 10}
"""Whole ones: 800 and 500 steps."""

HALF_EPOCHS = 32
"""800 steps, as 16 whole epochs."""

EPOCHS_B = 30
LARGE_EPOCHS = 10
"""Of pictures of four and sixteen times the area."""

SEEDS = (0, 1, 2)

STEP_SECONDS = {
    # One core of the 2-core machine (AMD EPYC), PyTorch 2.13, Keras 3.15: CPU seconds of one training step, with
    # augmentation, and of scoring one picture. A flattening net writes 134 MB of weights a step, others do not.
    ("plastic_pieces", 128, "flatten"): (0.54, 0.013),
    ("plastic_pieces", 128, "global"): (0.36, 0.013),
    ("plastic_pieces", 256, "flatten"): (2.5, 0.063),
    ("plastic_pieces", 256, "global"): (1.8, 0.063),
    ("quarter_positive", 100, "flatten"): (0.61, 0.0041),
}
START_SECONDS = 15.0
"""Importing, reading the pictures, drawing the curves."""

PICTURES = {"pellets": (500, 100, 400), "quarter": (960, 240, 0), "cats_dogs": (640, 160, 0)}
"""Training, validation and fresh pictures of each set."""


@dataclass(frozen=True)
class Row:
    """One training.

    Attributes
    ----------
    group
        What ``--only`` names.
    recipe, pictures, variant
        Which training, on which set, with which change.
    options
        The options of the change.
    size
        px.
    epochs, whole
        How many, and whether each shows every picture (always so in training B).
    seed
        Of weights, order, dropout and augmentation.
    """

    group: str
    recipe: str
    pictures: str
    variant: str
    options: tuple[str, ...]
    size: int
    epochs: int
    whole: bool
    seed: int

    @property
    def key(self) -> str:
        """What tells this row from every other; a finished one is not run again."""
        epochs = f"{self.epochs} {'whole' if self.whole else 'half'} epochs"
        parts = (self.recipe, self.pictures, self.variant, f"{self.size} px", epochs, f"seed {self.seed}")
        return ", ".join(parts)

    def cpu_seconds(self) -> float:
        """Estimate what the row costs on one core."""
        kind = "global" if "--global-max-pooling" in self.options else "flatten"
        sizes = [size for recipe, size, of in STEP_SECONDS if recipe == self.recipe and of == kind]
        nearest = min(sizes, key=lambda size: abs(size - self.size))
        step, picture = (
            seconds * (self.size / nearest) ** 2 for seconds in STEP_SECONDS[self.recipe, nearest, kind]
        )
        train, validation, fresh = PICTURES[self.pictures]
        batch = 10 if self.recipe == "plastic_pieces" else 32
        share = 1.0 if self.whole else 0.5
        # The validation part is looked at twice: by Keras (its share) and as a whole.
        each = math.ceil(train * share / batch) * step + validation * (1 + share) * picture
        looks = self.epochs.bit_length() + 1  # after epochs 1, 2, 4, 8... and the last
        return START_SECONDS + self.epochs * each + looks * fresh * picture


def all_rows(seeds: tuple[int, ...] = SEEDS) -> Iterator[Row]:
    """Yield every row, the most telling groups first."""
    a = Row("", "plastic_pieces", "pellets", "", (), 128, HALF_EPOCHS, False, 0)
    b = Row("", "quarter_positive", "quarter", "", (), 100, EPOCHS_B, True, 0)
    yield from _variants(replace(b, group="B-quarter"), OPTIONS_B, seeds)
    yield from _variants(replace(b, group="B-cats", pictures="cats_dogs"), OPTIONS_B, seeds)
    for size, epochs in FLIPS_EPOCHS.items():
        flips = replace(a, group=f"A-flips-{size}", size=size, epochs=epochs, whole=True)
        yield from _variants(flips, FLIPS, seeds)
    for size, epochs in DESCRIBED_EPOCHS.items():
        full = replace(a, group=f"A-{size}", size=size, epochs=epochs)
        yield from _variants(full, FIRST_AND_LAST if size == a.size else AS_DESCRIBED, seeds)
    whole = replace(a, group="A-128-whole", whole=True, epochs=HALF_EPOCHS // 2)
    yield from _variants(whole, AS_DESCRIBED, seeds)
    yield from _variants(replace(a, group="A-tried"), TRIED, seeds)
    sizes = replace(b, group="B-sizes")
    # With the rate that learns: a network that learns nothing cannot tell what a size is worth.
    for size, epochs in ((50, EPOCHS_B), (200, LARGE_EPOCHS), (400, LARGE_EPOCHS)):
        yield from _variants(replace(sizes, size=size, epochs=epochs), FASTER, seeds)


def _variants(row: Row, variants: dict[str, tuple[str, ...]], seeds: tuple[int, ...]) -> Iterator[Row]:
    for seed in seeds:  # every variant once before any twice
        for variant, options in variants.items():
            yield replace(row, variant=variant, options=options, seed=seed)
