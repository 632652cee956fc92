"""What comes out of the network, and what the loss takes it for."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.reading.facts import Program

from .registry import Sign, rule
from .vocabulary import BINARY, MANY_CLASS, PROBABILITIES, classifying, wants_logits

UNSUITABLE = (
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "tanh",
    "gelu",
    "silu",
    "softplus",
    "softsign",
    "exponential",
)


@rule(
    "output.softmax_one_unit",
    "every prediction is exactly 1, and accuracy is the share of one class from the first epoch on",
)
def softmax_one_unit(program: Program) -> Iterator[Sign]:
    """Look for softmax over one unit."""
    outputs = [one.output for one in program.trainings] + [model.output for model in program.models]
    for output in outputs:
        if output is not None and output.units == 1 and output.activation in ("softmax", "log_softmax"):
            yield Sign(output, f"The last layer has 1 unit and {output.activation}, which over a single "
                               "unit always gives "
                       f"{'1' if output.activation == 'softmax' else '0'}: the network cannot answer "
                       "anything else.", 0.99)  # fmt: skip


@rule(
    "output.wrong_activation",
    "many outputs have no gradient or lie outside the range the loss can use; the loss starts high or sticks",
)
def wrong_activation(program: Program) -> Iterator[Sign]:
    """Look for ReLU, tanh and their like on the output."""
    for training, loss in classifying(program):
        output = training.output
        if output is None or output.activation not in UNSUITABLE:
            continue
        if loss.name in MANY_CLASS | BINARY:
            # A ReLU before softmax still learns now and then; a probability loss on it does not.
            certainty = 0.8 if wants_logits(loss) else 0.95
            yield Sign(output, f"The last layer ends in {output.activation}, which does not give what "
                               f"{loss.name} expects: "
                       f"{'any number' if wants_logits(loss) else 'a probability'}.", certainty)  # fmt: skip


@rule(
    "output.logits_as_probabilities",
    "outputs lie outside 0 to 1, and the loss is clipped, jumps, or becomes nan",
)
def logits_as_probabilities(program: Program) -> Iterator[Sign]:
    """Look for raw scores into a loss that expects probabilities."""
    for training, loss in classifying(program):
        output = training.output
        if output is None or wants_logits(loss) or output.activation not in (None, "linear"):
            continue
        if loss.name in PROBABILITIES or loss.name == "bce":
            yield Sign(output, "The last layer has no activation, so it gives any number, but "
                               f"{loss.name} expects "
                       "probabilities between 0 and 1.", 0.95)  # fmt: skip
        elif loss.name == "nll":
            yield Sign(output, "The last layer gives raw scores, but the loss (NLLLoss) expects the "
                               "logarithms of "
                       "probabilities: log_softmax is missing.", 0.95)  # fmt: skip
    for training, loss in classifying(program):
        output = training.output
        if output is not None and loss.name == "nll" and output.activation == "softmax":
            yield Sign(output, "The network gives probabilities (softmax), but the loss (NLLLoss) "
                               "expects their "
                       "logarithms (log_softmax).", 0.95)  # fmt: skip


@rule(
    "output.double_softmax",
    "the loss cannot fall below a floor (0.313 for two classes), and gradients are small",
)
def double_softmax(program: Program) -> Iterator[Sign]:
    """Look for probabilities into a loss that applies softmax or sigmoid itself."""
    for training, loss in classifying(program):
        output = training.output
        if output is None or not wants_logits(loss) or output.activation not in ("softmax", "sigmoid"):
            continue
        if output.units == 1 and output.activation == "softmax":
            continue  # worse, and named elsewhere
        # TensorFlow's backend of Keras 2 notices and takes the scores from before the activation.
        certainty = 0.85 if loss.from_logits else 0.95
        yield Sign(output, f"The network already ends in {output.activation}, and the loss ({loss.name}"
                   f"{', from_logits=True' if loss.from_logits else ''}) applies it a second "
                   "time.", certainty)  # fmt: skip
