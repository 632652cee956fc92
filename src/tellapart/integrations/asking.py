"""Which rules of `tellapart.diagnose.watching` a doctor asks, from when on, and how sure they must be.

Alarms in a healthy training are worse than silence: only those are asked whose sign is plain without the script's text
and without another run, and of those only their surest signs count. Matters of taste (size of the network, number of
epochs, regularisation) are left to ``tellapart diagnose``, which tries them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from tellapart.diagnose.observed import Part, Step
from tellapart.diagnose.reading.suspicions.registry import Suspicion
from tellapart.diagnose.watching import RULES
from tellapart.diagnose.watching.loss import is_regression
from tellapart.diagnose.watching.view import View

OVER = 1_000_000
"""Epoch of the end: what is asked only then."""
FLAT_PIXELS = 196
"""Pictures given as flat rows have at least 14 x 14 pixels; tables are as a rule narrower."""
MOST_CLASSES = 1000
ONE_HOT = 1e-3
"""Rows that hold one 1, or shares of it, have a mean of 1 over their length but for rounding."""
LEAST_STEPS = 20
"""Steps from which on weights that hardly move say something."""


@dataclass(frozen=True)
class Asked:
    """When a rule is asked.

    Attributes
    ----------
    least
        Epochs over -> least certainty from then on; 0 is after the first steps.
    about
        Whether the rule speaks of this training at all.
    """

    least: dict[int, float]
    about: Callable[[View], bool]

    def least_at(self, epochs: int) -> float:
        """Return the certainty that is asked for now; above 1 where the rule is not asked yet."""
        return min((least for begin, least in self.least.items() if begin <= epochs), default=math.inf)


def always(_view: View) -> bool:
    """Every training."""
    return True


def classifies(view: View) -> bool:
    """Whether one label of a few is learnt for each picture: not regions, not several at once, not amounts."""
    part = view.train
    if part is None or part.outputs is None or part.labels is None or len(part.outputs.shape) > 1:
        return False
    labels, values, width = part.labels, view.label_values, view.width or 0
    columns = math.prod(labels.shape)
    if columns > 1:
        rows = columns == width and labels.low >= 0 and abs(labels.mean * columns - 1) < ONE_HOT
        return rows or (len(labels.shape) == 1 and _sparse(view))
    if len(values) > MOST_CLASSES or any(one != int(one) for one in values):
        return False
    if width == 1 and len(values) > 2:
        return _over_classes(view)  # else amounts: stars, ages, counts
    return view.loss is None or not is_regression(view.loss.name)


def _sparse(view: View) -> bool:
    """Whether the loss takes one number for a picture: rows given to it are wrong, whatever they hold."""
    return view.loss is not None and view.loss.name.replace("_", "").lower().startswith("sparse")


def _over_classes(view: View) -> bool:
    return view.loss is not None and ("entropy" in view.loss.name.lower() or bool(view.loss.expects))


def of_pictures(view: View) -> bool:
    """Whether the inputs are pictures, as such or as flat rows."""
    part = view.train
    if part is None or part.inputs is None or any(one.kind == "Embedding" for one in view.layers):
        return False
    shape = part.inputs.shape
    return sum(side > 4 for side in shape) >= 2 or (len(shape) == 1 and shape[0] >= FLAT_PIXELS)


def raw_pictures(view: View) -> bool:
    """Pictures without negative values: those around 0 have been prepared for some network."""
    part = view.train
    return of_pictures(view) and classifies(view) and part is not None and _low(part) >= 0


def _low(part: Part) -> float:
    return 0.0 if part.inputs is None else part.inputs.low


def steady(view: View) -> bool:
    """Whether there were some steps, at a learning rate that does not rise any more (warm-up)."""
    steps = view.training.steps
    return classifies(view) and len(steps) >= LEAST_STEPS and not _warming_up(steps)


def _warming_up(steps: tuple[Step, ...]) -> bool:
    rates = [max(one.learning_rates) for one in steps if one.learning_rates]
    last = rates[len(rates) // 2 :]
    return any(after > before for before, after in pairwise(last))


def tells_apart(view: View) -> bool:
    """Whether pictures can be told by what they show: of nan all look alike."""
    return view.train is not None and view.train.inputs is not None and not view.train.inputs.not_finite


def judges(view: View) -> bool:
    """Whether it is settled which pictures judge the network.

    Keras says so; in a loop written by hand an evaluation of the training pictures may come before that of others.
    """
    known = view.training.model.framework == "keras" or len(view.epochs) > 1
    return known and any(one.labels_kept for one in view.judging)


def both(*conditions: Callable[[View], bool]) -> Callable[[View], bool]:
    """Return a condition that all of these meet."""
    return lambda view: all(one(view) for one in conditions)


def either(*conditions: Callable[[View], bool]) -> Callable[[View], bool]:
    """Return a condition that one of these meets."""
    return lambda view: any(one(view) for one in conditions)


def failed(view: View) -> bool:
    """Whether an error ended the training: perhaps before anything else was seen."""
    return view.recording.failure is not None


ASKED: dict[str, Asked] = {
    "output.softmax_one_unit": Asked({0: 0.9}, always),
    "output.wrong_activation": Asked({0: 0.9}, classifies),
    "output.logits_as_probabilities": Asked({0: 0.9}, classifies),
    "output.double_softmax": Asked({0: 0.9}, classifies),
    "loss.does_not_fit_output": Asked({0: 0.9}, classifies),
    "loss.bad_reduction": Asked({0: 0.8, 1: 0.7}, classifies),
    # That all labels are one may be the order of the first batches; a whole epoch settles it.
    "label.wrong_encoding": Asked({0: 0.9, 1: 0.85}, either(classifies, failed)),
    "label.misaligned": Asked({1: 0.9}, both(classifies, tells_apart)),
    "prep.unscaled": Asked({0: 0.7}, raw_pictures),
    "prep.double_scaled": Asked({0: 0.9}, both(of_pictures, classifies)),
    "prep.channel_order": Asked({0: 0.9}, of_pictures),
    "prep.train_validation_mismatch": Asked({1: 0.75}, both(of_pictures, classifies)),
    "data.unreadable_pictures": Asked({0: 0.9}, always),
    "data.unshuffled_training": Asked({0: 0.9}, classifies),
    "split.validation_is_training": Asked({1: 0.95}, judges),
    "split.leak": Asked({1: 0.9}, both(of_pictures, judges)),
    "split.ordered": Asked({1: 0.95}, both(classifies, judges)),
    "loop.missing_zero_grad": Asked({0: 0.9}, always),
    # Gradients may be summed over several batches before the first step.
    "loop.missing_step": Asked({1: 0.95}, always),
    "loop.detached_loss": Asked({0: 0.9}, always),
    "loop.gradient_sign": Asked({0: 0.95, 1: 0.75}, classifies),
    "loop.missing_eval_mode": Asked({1: 0.9}, judges),
    "arch.frozen": Asked({0: 0.95}, always),
    "arch.linear_only": Asked({0: 0.85}, classifies),
    "arch.wrong_output_width": Asked({1: 0.85}, classifies),
    "arch.dead_units": Asked({1: 0.8}, classifies),
    "arch.saturating_activations": Asked({0: 0.85}, classifies),
    # Running statistics need some hundred steps: before the end a gap may close by itself.
    "arch.batchnorm_mode": Asked({OVER: 0.85}, classifies),
    "regularisation.dropout_on_output": Asked({0: 0.85}, classifies),
    "optimizer.bad_initialisation": Asked({0: 0.7}, classifies),
    "optimizer.learning_rate_too_high": Asked({0: 0.85, 2: 0.65}, classifies),
    "optimizer.learning_rate_too_low": Asked({1: 0.85, OVER: 0.75}, steady),
    "metric.batch_averaged": Asked({1: 0.8}, classifies),
    "metric.wrong_decision": Asked({1: 0.8}, classifies),
    "metric.binary_accuracy_for_many_classes": Asked({1: 0.8}, classifies),
}

CONSEQUENCES = (
    "optimizer.bad_initialisation",
    "optimizer.learning_rate_too_high",
    "optimizer.learning_rate_too_low",
    "arch.dead_units",
    "arch.saturating_activations",
    "arch.linear_only",
    "live.one_class",
    "live.nothing_moves",
)
"""What the other causes bring about, each in its way: not said where one of those has been."""


def suspected(view: View, epochs: int) -> Iterator[Suspicion]:
    """Yield what is sure enough to be said after so many epochs, `OVER` at the end; surest first."""
    found = [
        suspicion
        for code, asked in ASKED.items()
        if (least := asked.least_at(epochs)) <= 1 and asked.about(view)
        for suspicion in RULES[code].look(view)[0]
        if suspicion.certainty >= least
    ]
    yield from sorted(found, key=lambda one: (one.code in CONSEQUENCES, -one.certainty, one.code))
