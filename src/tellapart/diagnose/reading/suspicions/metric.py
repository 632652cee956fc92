"""What is reported, and how scores become classes."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.reading.facts import Program

from .registry import Sign, rule
from .vocabulary import wants_logits

SHUFFLING = ("flow_from_directory", "flow", "flow_from_dataframe", "image_dataset_from_directory")


@rule("metric.batch_averaged", "differs from the measure over the whole set; changes with the batch size")
def batch_averaged(program: Program) -> Iterator[Sign]:
    """Look for a ratio computed batch by batch and averaged."""
    for training in program.trainings:
        for metric in training.metrics:
            if metric.own is not None and metric.own.ratio_of_sums:
                yield Sign(metric.own, "This metric divides one sum over the batch by another; Keras "
                                       "then shows the mean of "
                           "these figures over batches, which is not the measure of the whole set.", 0.85)  # fmt: skip
        for fact in training.loop.averaged if training.loop is not None else ():
            yield Sign(fact, "This measure is computed for each batch; its mean over batches is not the "
                             "measure of the whole "
                       "set.", 0.7)  # fmt: skip


@rule(
    "metric.binary_accuracy_for_many_classes", "the accuracy shown is far above the share of right pictures"
)
def binary_accuracy_for_many_classes(program: Program) -> Iterator[Sign]:
    """Look for per-bit accuracy for k classes."""
    for training in program.trainings:
        output, loss = training.output, training.loss
        if output is None or output.units is None or output.units < 2:
            continue
        for metric in training.metrics:
            name = metric.name.lower().replace("_", "")
            if name == "binaryaccuracy" and output.activation != "sigmoid":
                yield Sign(metric, f"binary_accuracy counts each of the {output.units} outputs alone: "
                                   f"with {output.units} "
                           f"classes, always saying no is already right {1 - 1 / output.units:.0%} of "
                           "the time.", 0.9)  # fmt: skip
            elif (
                name in ("accuracy", "acc") and loss is not None and loss.name == "binary_crossentropy"
            ) and (output.units > 2 and output.activation == "softmax"):
                yield Sign(metric, "With binary_crossentropy, older Keras takes 'accuracy' for "
                                   "binary accuracy: each of "
                           f"the {output.units} outputs is counted alone.", 0.4)  # fmt: skip


@rule("metric.shuffled_evaluation", "confusion matrix and report are at chance although evaluate() is good")
def shuffled_evaluation(program: Program) -> Iterator[Sign]:
    """Look for predictions and labels in different order."""
    for comparison in program.comparisons:
        part = comparison.part
        if part is not None and comparison.generator_order and part.shuffle:
            yield Sign(comparison, "The pictures are predicted in shuffled order (shuffle=True in "
                                   f"{part.reader}), but compared "
                       "with labels in another order.", 0.95)  # fmt: skip


@rule("metric.class_order", "scores are mirrored: the better the network, the worse the figure")
def class_order(program: Program) -> Iterator[Sign]:
    """Look for class names and indices that differ between parts or from the report."""
    lists = [part for part in program.parts if part.classes]
    for part in lists[1:]:
        if part.classes != lists[0].classes and set(part.classes) == set(lists[0].classes):
            yield Sign(part, f"The classes are {', '.join(lists[0].classes)} in one part and "
                             f"{', '.join(part.classes)} here: "
                       "their numbers are swapped.", 0.95)  # fmt: skip
    for comparison in program.comparisons:
        shown, names = comparison.part, list(comparison.names)
        by_folder = shown is not None and shown.reader in (*SHUFFLING, "ImageFolder") and not shown.classes
        if by_folder and len(names) > 1 and names != sorted(names):
            yield Sign(
                comparison,
                f"Folders are numbered in alphabetical order, but the report names them {', '.join(names)}.",
                0.5,
            )


@rule("metric.wrong_decision", "accuracy is constant or impossible whatever the network learns")
def wrong_decision(program: Program) -> Iterator[Sign]:
    """Look for argmax on one output, thresholds in the wrong place, shapes that broadcast."""
    logits = {one.output.layer.position for one in program.trainings
              if one.output is not None and one.loss is not None and wants_logits(one.loss)}  # fmt: skip
    for decision in program.decisions:
        output = decision.output
        if output is None:
            continue
        units, activation = output.units, output.activation
        if decision.kind == "argmax" and units == 1:
            yield Sign(
                decision,
                "The network has 1 output; its largest is always number 0, so every picture becomes class 0.",
                0.98,
            )
        elif (
            decision.kind in ("threshold", "round")
            and units is not None
            and units > 2
            and activation == "softmax"
        ):
            yield Sign(
                decision,
                f"{units} softmax outputs are compared with a threshold; the class is the largest of them.",
                0.6,
            )
        elif (
            (
                decision.kind in ("threshold", "round")
                and decision.threshold == 0.5
                and activation in (None, "linear")
            )
            and output.layer.position in logits
            and units == 1
        ):
            yield Sign(
                decision,
                "The network gives raw scores, not probabilities: even odds are at 0, not at .5.",
                0.8,
            )
        if (
            decision.compared_with == "plain"
            and units == 1
            and not decision.squeezed
            and decision.kind != "argmax"
        ):
            # (N, 1) == (N,) silently becomes (N, N); where the labels have a second axis, it does not.
            yield Sign(decision, "Predictions of shape (N, 1) are compared with labels that may be of "
                                 "shape (N,): that makes "
                       "N x N comparisons, not N.", 0.35)  # fmt: skip


@rule("metric.not_reset", "the figure grows with the number of the epoch, beyond 100 %")
def not_reset(program: Program) -> Iterator[Sign]:
    """Look for totals that run on over epochs."""
    for training in program.trainings:
        for fact in training.loop.running if training.loop is not None else ():
            yield Sign(
                fact,
                "This total is set to 0 once, before the epochs: each epoch shows the sum of all so far.",
                0.85,
            )


@rule("metric.accuracy_hides_minority", "accuracy equals the share of the larger class")
def accuracy_hides_minority(program: Program) -> Iterator[Sign]:
    """Look for only accuracy although the program itself treats the classes as uneven."""
    for training in program.trainings:
        names = {metric.name.lower() for metric in training.metrics}
        if (
            training.class_weight
            and names
            and names <= {"accuracy", "acc", "binary_accuracy", "categorical_accuracy"}
        ):
            yield Sign(training.metrics[0], "The classes are weighted, so they are uneven, but only "
                                            "accuracy is shown, which "
                       "the larger class decides.", 0.3)  # fmt: skip
