"""How the pictures are divided into parts."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.reading.data_facts import DataPart, Split, Step
from tellapart.diagnose.reading.facts import Program, Training

from .registry import Sign, rule

BY_HAND = (
    "numpy.concatenate",
    "numpy.vstack",
    "numpy.append",
    "numpy.repeat",
    "torch.cat",
    "tensorflow.concat",
)
"""What puts copies behind pictures; whether they are copies, the text tells less surely."""

FOLDERS = ("flow_from_directory", "image_dataset_from_directory")


@rule("split.ordered", "a class is missing, or nearly so, from training or validation")
def ordered(program: Program) -> Iterator[Sign]:
    """Look for a split of data that are in class order."""
    for split in program.splits:
        if split.kind == "slice" and not split.shuffled:
            yield Sign(split, "The pictures are cut in two in the order in which they were read, "
                              "without shuffling: if they "
                       "were read class by class, the classes differ.", 0.6 if split.known_origin else 0.3)  # fmt: skip
        elif split.kind == "train_test_split" and split.shuffled is False:
            yield Sign(split, "train_test_split is told not to shuffle: the last pictures, perhaps all "
                              "of one class, become the "
                       "test part.", 0.75)  # fmt: skip
    for training in program.trainings:
        yield from _tail(training)


def _tail(training: Training) -> Iterator[Sign]:
    part = training.part("train")
    if training.validation_split and part is not None and not part.of("shuffle", "split") and not part.large:
        certainty = 0.55 if part.of("read") else 0.25
        yield Sign(training, f"validation_split={training.validation_split:g} takes the last pictures "
                             "of the arrays, before any "
                   "shuffling: read class by class, they are all of one class.", certainty)  # fmt: skip
    for one in training.parts:
        if one.reader == "image_dataset_from_directory" and one.validation_split and one.shuffle is False:
            yield Sign(
                one,
                "The folder is split without shuffling: the last class becomes the validation part.",
                0.85,
            )


@rule("split.not_stratified", "the share of each class differs between the parts; it changes with the seed")
def not_stratified(program: Program) -> Iterator[Sign]:
    """Look for a random split that does not keep the classes' shares; the pictures decide."""
    for split in program.splits:
        if split.kind == "train_test_split" and not split.stratified and split.shuffled:
            yield Sign(
                split, "train_test_split without stratify leaves the shares of the classes to chance.", 0.15
            )


@rule("split.leak", "the validation score is far above that on pictures from elsewhere")
def leak(program: Program) -> Iterator[Sign]:
    """Look for augmented or oversampled before the split; parts drawn with different seeds."""
    for split in program.splits:
        steps = [step for step in split.before if step.kind in ("augment", "oversample")]
        if steps and _cuts_rows(split):
            yield Sign(split, f"The pictures are multiplied ({_word(steps[0])}) before they are split: "
                              "copies of one picture "
                       "land on both sides.", 0.6 if steps[0].name in BY_HAND else 0.9)  # fmt: skip
    for training in program.trainings:
        train, validation = training.part("train"), training.part("validation")
        if train is not None and training.validation_split and train.of("oversample"):
            yield Sign(
                training,
                "The pictures are multiplied before validation_split: copies land on both sides.",
                0.85,
            )
        if train is None or validation is None or not _same_folder(train, validation):
            continue
        if {train.subset, validation.subset} == {"training", "validation"} and train.seed != validation.seed:
            if train.reader == "image_dataset_from_directory":
                yield Sign(validation, "The two parts are drawn from one folder with different seeds "
                                       f"({train.seed} and "
                           f"{validation.seed}), so they overlap.", 0.95)  # fmt: skip
        elif train.validation_split != validation.validation_split and {train.subset, validation.subset} >= {
            "training"
        }:
            yield Sign(
                validation,
                "The two parts are cut from one folder with different shares, so they overlap.",
                0.9,
            )


def _cuts_rows(split: Split) -> bool:
    return split.kind in ("train_test_split", "slice")


def _word(step: Step) -> str:
    if step.kind == "oversample":
        return str(step.amount or step.name).rpartition(".")[2]
    return step.name.rpartition(".")[2]


@rule("split.validation_is_training", "validation follows training exactly; new pictures score far worse")
def validation_is_training(program: Program) -> Iterator[Sign]:
    """Look for the same pictures in both roles."""
    for training in program.trainings:
        train = training.part("train")
        if train is None:
            continue
        for other in training.parts:
            if other.role != "validation":
                continue
            same = other.origin and other.origin == train.origin and train.subset == other.subset
            if same and _whole(other) and training.style == "fit":
                yield Sign(other, "Validation uses the very pictures that are trained on.", 0.95)
            elif _same_folder(train, other) and train.subset == other.subset:
                written = "" if "<" in (other.directory or "<") else f" ({other.directory})"
                yield Sign(other, f"Training and validation read the same folder{written}.", 0.95)


def _same_folder(train: DataPart, other: DataPart) -> bool:
    return train.directory is not None and train.directory == other.directory and train.reader == other.reader


def _whole(part: DataPart) -> bool:
    return not any(step.kind == "split" and step.name != "train_test_split" for step in part.steps)
