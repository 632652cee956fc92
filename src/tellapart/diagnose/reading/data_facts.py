"""What a program says about its pictures: the parts, and what is done to each on its way to the network."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from .fact import Fact


@dataclass(frozen=True, kw_only=True)
class Step(Fact):
    """Something done to pictures or labels on their way.

    Attributes
    ----------
    kind
        read, scale, shift, normalise, preprocess, resize, crop, grey, channels, augment, shuffle, batch, split, slice,
        oversample, one_hot, stack, transpose, reshape.
    name
        The library's word for it.
    amount
        Factor of a scale, size of a resize, setting of an augmentation.
    """

    kind: str
    name: str = ""
    amount: object = None


@dataclass(frozen=True, kw_only=True)
class DataPart(Fact):
    """Pictures in one role.

    Attributes
    ----------
    role
        train, validation, test or predict: by what it is used for.
    reader
        What gives it: flow_from_directory, image_dataset_from_directory, ImageFolder, arrays...
    steps
        In the order in which a picture meets them.
    origin
        The same for two parts whose pictures are the same; 0 unknown.
    directory
        Folder, where it is written out.
    subset
        ``training`` or ``validation`` of a split that the reader itself makes.
    label_mode
        binary, categorical (one-hot), sparse (integers), none.
    """

    role: str
    reader: str
    steps: tuple[Step, ...] = ()
    origin: int = 0
    directory: str | None = None
    subset: str | None = None
    validation_split: float | None = None
    seed: int | None = None
    target_size: tuple[int, int] | None = None
    colour_mode: str | None = None
    label_mode: str | None = None
    classes: tuple[str, ...] = ()
    class_count: int | None = None
    batch_size: int | None = None
    shuffle: bool | None = None
    large: bool = False
    """A known set of tens of thousands of pictures, in mixed order."""

    def of(self, *kinds: str) -> tuple[Step, ...]:
        """Return the steps of some kinds."""
        return tuple(step for step in self.steps if step.kind in kinds)

    @property
    def scale(self) -> float:
        """The product of everything that pixels are multiplied by."""
        return prod(
            (step.amount for step in self.of("scale") if isinstance(step.amount, int | float)), start=1.0
        )

    @property
    def raw(self) -> bool:
        """Whether the text shows pixels of 0 to 255 being read and never scaled."""
        return bool(self.of("read")) and not self.of("scale", "normalise", "preprocess")


@dataclass(frozen=True, kw_only=True)
class Split(Fact):
    """One set cut into parts. `kind`: train_test_split, validation_split, slice, random_split, subset.

    Attributes
    ----------
    before
        What was done to the pictures before: augmenting here puts copies on both sides.
    grown_by_class
        The array was filled class by class, as the text shows.
    """

    kind: str
    stratified: bool = False
    shuffled: bool | None = None
    before: tuple[Step, ...] = ()
    grown_by_class: bool = False
    known_origin: bool = False
