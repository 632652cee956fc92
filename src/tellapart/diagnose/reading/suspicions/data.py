"""Order, coverage and balance of the training pictures, as far as the text tells."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.reading.data_facts import DataPart
from tellapart.diagnose.reading.facts import Amount, Program, Training

from .registry import Sign, rule

UNEVEN = ("precision", "recall", "auc", "f1score")
"""Measures that are watched where classes are uneven."""

FOLDERS = ("flow_from_directory", "image_dataset_from_directory", "ImageFolder", "flow_from_dataframe")
"""Readers that give one class after the other unless told to shuffle."""


@rule("data.unshuffled_training", "the loss saw-tooths within an epoch; whole batches hold one class")
def unshuffled_training(program: Program) -> Iterator[Sign]:
    """Look for training batches in class order."""
    for training in program.trainings:
        part = training.part("train")
        if part is None or part.large:
            continue
        mixed = bool(part.of("shuffle", "split"))
        if (
            part.reader in FOLDERS
            and part.shuffle is False
            and not mixed
            and part.reader != "flow_from_dataframe"
        ):
            how = "DataLoader without shuffle=True" if part.reader == "ImageFolder" else "shuffle=False"
            yield Sign(
                part,
                f"The training pictures come folder by folder ({part.reader}, {how}): one class after "
                "the other.",
                0.85,
            )
        elif (
            training.shuffle is False
            and not mixed
            and not part.reader.endswith("directory")
            and part.shuffle is None
        ):
            yield Sign(training, "fit is told not to shuffle (shuffle=False), so the pictures keep the "
                                 "order in which they were "
                       "read.", 0.45)  # fmt: skip
        elif part.reader == "from_tensor_slices" and not mixed:
            yield Sign(
                part,
                "The training pictures are taken in the order of the arrays: there is no shuffle().",
                0.35,
            )


@rule(
    "data.partial_epoch",
    "steps times batch size is less than the number of pictures: some are never seen in an epoch",
)
def partial_epoch(program: Program) -> Iterator[Sign]:
    """Look for steps that cover only part of the pictures."""
    for training in program.trainings:
        for amount, role in ((training.steps_per_epoch, "train"), (training.validation_steps, "validation")):
            part = training.part(role)
            if amount is not None:
                yield from _partial(amount, part, "An epoch" if role == "train" else "Validation", training)
        if training.loop is not None and training.loop.cut_short is not None:
            yield Sign(
                training.loop.cut_short,
                "A counter breaks off the loop over batches: pictures that come later are never seen.",
                0.6,
            )


def _partial(amount: Amount, part: DataPart | None, what: str, training: Training) -> Iterator[Sign]:
    batch = (part.batch_size if part is not None else None) or training.batch_size
    if amount.written and amount.value is not None:
        seen = f", {amount.value * batch:,} pictures" if batch else ""

        yield Sign(amount, f"{what} takes {amount.value} batches{seen}, a number written by hand: if "
                          "there are more pictures, the "
                   "rest is left out.", 0.35)  # fmt: skip
    elif amount.of == "length" and amount.divided_by is not None and amount.divided_by > 1:
        yield Sign(amount, f"len() of this already counts batches; divided by {amount.divided_by}, only "
                           "one picture in "
                   f"{amount.divided_by} is seen.", 0.95)  # fmt: skip
    elif amount.of == "samples" and amount.divided_by and batch and amount.divided_by >= 1.5 * batch:
        share = batch / amount.divided_by
        yield Sign(amount, f"The steps are counted for batches of {amount.divided_by}, but a batch has "
                           f"{batch}: only {share:.0%} "
                   "of the pictures are seen.", 0.9)  # fmt: skip


@rule(
    "data.imbalance_ignored",
    "the rare class is hardly ever predicted; accuracy is the share of the larger class",
)
def imbalance_ignored(program: Program) -> Iterator[Sign]:
    """Look for measures for uneven classes, and nothing that accounts for them; the pictures decide."""
    for training in program.trainings:
        names = [
            metric
            for metric in training.metrics
            if metric.name.lower() in UNEVEN or (metric.own is not None and metric.own.ratio_of_sums)
        ]
        if names and not training.class_weight:
            yield Sign(names[0], "A measure for uneven classes is watched, but neither weights nor "
                                 "sampling account for uneven "
                       "classes.", 0.15)  # fmt: skip
