"""Learning rate, epochs, batch size, initial weights, and the optimiser's constants."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tellapart.diagnose.reading.facts import Callback, Optimizer, Program, Training
from tellapart.diagnose.reading.layers import WEIGHTED

from .registry import Sign, rule
from .vocabulary import ADAPTIVE, from_scratch

# From where on a rate is suspicious, and how sure one can be. Adam's authors give .001; a tenfold rate often and a
# hundredfold nearly always fails with small networks. Plain SGD is usual between .001 and .1.
TOO_HIGH = {
    "adaptive": ((0.1, 0.9), (0.03, 0.75), (0.01, 0.55)),
    "sgd": ((2.0, 0.9), (0.9, 0.75), (0.5, 0.6)),
}
BETTER_UPWARD = ("acc", "auc", "precision", "recall", "f1")
LARGE_GAIN = 0.1
"""Losses and shares seldom change by a tenth from epoch to epoch."""
TOO_LOW = {"adaptive": ((1e-6, 0.85), (1e-5, 0.5)), "sgd": ((1e-5, 0.9), (1e-4, 0.6))}


def _optimizers(program: Program) -> Iterator[tuple[Training, Optimizer]]:
    for training in program.trainings:
        if training.optimizer is not None:
            yield training, training.optimizer


def _family(optimizer: Optimizer) -> str:
    return "adaptive" if optimizer.name in ADAPTIVE else "sgd" if optimizer.name == "sgd" else ""


@rule("optimizer.learning_rate_too_high", "the loss jumps, becomes nan, or every picture is given one class")
def learning_rate_too_high(program: Program) -> Iterator[Sign]:
    """Look for steps that overshoot."""
    yield from _set_too_high(program)
    overruled = any(one.kind == "peak" for one in program.rate_settings)
    for training, optimizer in _optimizers(program):
        rate = optimizer.learning_rate if not overruled else None
        for limit, certainty in TOO_HIGH.get(_family(optimizer), ()):
            if rate is not None and rate >= limit:
                yield Sign(optimizer, f"The learning rate of {optimizer.name} is {rate:g}; usual is "
                           f"{'0.001' if _family(optimizer) == 'adaptive' else '0.01'}.", certainty)  # fmt: skip
                break
        else:
            free = (
                training.model is not None
                and training.model.pretrained is not None
                and not from_scratch(training)
            )
            frozen = (
                free
                and training.model is not None
                and training.model.pretrained is not None
                and training.model.pretrained.frozen
            )
            if free and not frozen and _family(optimizer) == "adaptive" and rate is not None and rate >= 1e-3:
                yield Sign(optimizer, f"A pretrained network is trained in full at {rate:g}: its "
                                      "weights may be lost in the "
                           "first steps.", 0.3)  # fmt: skip


def _set_too_high(program: Program) -> Iterator[Sign]:
    """Look at rates that are set beside the optimiser."""
    families = {_family(one) for _, one in _optimizers(program)}
    for setting in program.rate_settings if len(families) == 1 else ():
        for limit, certainty in TOO_HIGH.get(next(iter(families)), ()):
            if setting.rate is not None and setting.rate >= limit:
                words = (
                    f"The learning rate is set to {setting.rate:g} here, whatever the optimiser was given."
                )
                yield Sign(setting, words, certainty)
                break


@rule(
    "optimizer.learning_rate_too_low",
    "the loss falls slowly and in a straight line; ten times the rate is better",
)
def learning_rate_too_low(program: Program) -> Iterator[Sign]:
    """Look for steps that hardly move."""
    for training, optimizer in _optimizers(program):
        rate = optimizer.learning_rate
        family = _family(optimizer)
        for limit, certainty in TOO_LOW.get(family, ()):
            set_later = rate == 0  # nobody trains with no rate at all: something sets it, be it out of sight
            if rate is not None and 0 <= rate <= limit and not (set_later and training.callbacks):
                fine_tuning = not from_scratch(training)
                momentum = (optimizer.momentum or 0) >= 0.8  # worth a tenfold rate
                factor = 0.5 if fine_tuning or momentum else 1.0
                yield Sign(optimizer, f"The learning rate of {optimizer.name} is {rate:g}"
                           f"{'' if optimizer.momentum or family != 'sgd' else ', without momentum'}: "
                           "each step hardly "
                           "changes the weights.", certainty * factor)  # fmt: skip
                break
        if (
            optimizer.name == "adadelta"
            and optimizer.framework == "keras"
            and rate is not None
            and rate <= 1e-3
            and {"lr", "learning_rate"} & {*optimizer.given}
        ):
            yield Sign(
                optimizer,
                f"Adadelta's learning rate is {rate:g} in Keras; its authors mean 1.0: training crawls.",
                0.7,
            )
        decayed = training.loop.scheduler_per_batch if training.loop is not None else None
        if decayed is not None:
            yield Sign(
                decayed[1],
                f"{decayed[0]} is stepped for every batch, not every epoch: the learning rate is gone soon.",
                0.7,
            )
        yield from _fades(training)


def _fades(training: Training) -> Iterator[Sign]:
    fading = training.loop.fading_schedule if training.loop is not None else None
    if fading is not None and training.epochs is not None and training.epochs.value:
        name, where, factor, after = fading
        words = (
            f"After {after} of {training.epochs.value:g} epochs {name} has left {factor:.1g} of the learning rate: "
            "from there on hardly anything is learnt."
        )
        yield Sign(where, words, 0.75 if after <= training.epochs.value // 4 else 0.4)


@rule("optimizer.too_few_epochs", "loss and score still improve at the end")
def too_few_epochs(program: Program) -> Iterator[Sign]:
    """Look for stopped while still improving."""
    for training in program.trainings:
        epochs = (
            training.epochs.value if training.epochs is not None else 1 if training.style == "fit" else None
        )
        part = training.part("train")
        if epochs is None or epochs > 3 or epochs < 1:
            continue
        certainty = 0.6 if epochs == 1 else 0.4
        if (part is not None and part.large) or not from_scratch(training):
            certainty /= 2
        words = f"The network is trained for {epochs} epoch{'s' if epochs > 1 else ''} only."
        yield Sign(training.epochs or training, words, certainty)
    for training in program.trainings:
        for callback in training.callbacks:
            if callback.name == "EarlyStopping":
                yield from _stops_too_soon(callback)


def _stops_too_soon(callback: Callback) -> Iterator[Sign]:
    patience, delta = callback.options.get("patience", 0), callback.options.get("min_delta", 0.0)
    mode, monitor = callback.options.get("mode", "auto"), str(callback.options.get("monitor", "val_loss"))
    upward = any(one in monitor for one in BETTER_UPWARD)
    if (mode == "min" and upward) or (mode == "max" and "loss" in monitor):
        yield Sign(callback, f"Training stops once {monitor} no longer gets worse: its mode is {mode}.", 0.85)
    elif isinstance(delta, int | float) and abs(delta) >= LARGE_GAIN:
        yield Sign(
            callback, f"Training stops when {monitor} gains less than {delta:g}: most gains are less.", 0.6
        )
    elif isinstance(patience, int) and patience <= 1:
        words = f"Training stops after {max(patience, 1)} epoch without improvement: a chance dip ends it."
        yield Sign(callback, words, 0.35)


@rule(
    "optimizer.bad_initialisation",
    "the loss starts far from ln(number of classes), or all filters stay identical",
)
def bad_initialisation(program: Program) -> Iterator[Sign]:
    """Look for weights that start constant or far too large."""
    layers = {layer.position: layer for model in program.models for layer in model.layers}
    layers |= {layer.position: layer for one in program.trainings if one.model for layer in one.model.layers}
    for layer in (*layers.values(), *program.initialisations):
        given = (layer.initialiser or "").lower()
        if not given or (layer.kind not in WEIGHTED and layer.kind != "Other"):
            continue
        if re.match(r"(zeros?|ones?|constant|const)\b", given) or given.startswith(
            ("constant_", "0.0", "1.0")
        ):
            yield Sign(
                layer,
                f"All weights start at the same value ({layer.initialiser}): the units of a layer stay "
                "alike.",
                0.9,
            )
        elif _spread(given) >= 0.5:
            yield Sign(
                layer,
                f"The weights start far too large ({layer.initialiser}); usual is a spread below .1.",
                0.6,
            )


def _spread(words: str) -> float:
    """Return the standard deviation or width that an initialiser's words give."""
    numbers = [abs(float(one)) for one in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", words.split("(", 1)[-1])]
    if words.startswith("normal_"):
        return numbers[1] if len(numbers) > 1 else 1.0  # PyTorch's default
    if words.startswith(("randomnormal", "truncatednormal", "randomuniform", "uniform_")):
        return max(numbers, default=1.0 if words.startswith("uniform_") else 0.05)
    return 0.0


@rule("optimizer.unsuitable", "slow or stuck where Adam at its defaults moves")
def unsuitable(program: Program) -> Iterator[Sign]:
    """Look for an optimiser or constants that do not fit."""
    for _, optimizer in _optimizers(program):
        epsilon = optimizer.options.get("epsilon", optimizer.options.get("eps", 0.0))
        if epsilon >= 0.01 and optimizer.name in ADAPTIVE | {"adagrad"}:
            yield Sign(
                optimizer,
                f"epsilon={epsilon:g} is huge: {optimizer.name} divides by it, so its steps become tiny.",
                0.65,
            )
        first, second = optimizer.options.get("beta_1", 0.9), optimizer.options.get("beta_2", 0.999)
        if not 0.3 <= first <= 0.97 or second < 0.9:
            yield Sign(optimizer, f"The averages of {optimizer.name} (beta_1={first:g}, "
                                  f"beta_2={second:g}) are far from the usual "
                       "0.9 and 0.999.", 0.4)  # fmt: skip
        if optimizer.momentum is not None and optimizer.momentum >= 0.99:
            yield Sign(optimizer, f"Momentum {optimizer.momentum:g} adds up a hundred steps or more.", 0.6)
        if _left_alone(optimizer):
            yield Sign(
                optimizer,
                f"{optimizer.name.capitalize()} with Keras's own rate of {optimizer.learning_rate:g} crawls; it was "
                "made for rates near 1 (Adadelta) or .01 (Adagrad).",
                0.75 if optimizer.name == "adadelta" else 0.4,
            )
        if optimizer.name in ("rprop", "lbfgs", "ftrl"):
            yield Sign(
                optimizer, f"{optimizer.name} is not meant for a network trained in small batches.", 0.5
            )


def _left_alone(optimizer: Optimizer) -> bool:
    """Say whether it is one that crawls at Keras's default rate, and the program gives no other."""
    rated = {"lr", "learning_rate"} & {*optimizer.given}
    return optimizer.framework == "keras" and optimizer.name in ("adadelta", "adagrad") and not rated


@rule("optimizer.batch_size", "another batch size is better with the same seeds")
def batch_size(program: Program) -> Iterator[Sign]:
    """Look for batches so small or large that training is noise, or hardly steps."""
    for training in program.trainings:
        part = training.part("train")
        size = training.batch_size or (part.batch_size if part is not None else None)
        if size is None:
            continue
        where = training if training.batch_size else part or training
        if size <= 2:
            yield Sign(
                where,
                f"A batch has {size} picture{'s' if size > 1 else ''}: each step follows the noise of "
                "so few.",
                0.4,
            )
        elif size >= 512 and not (part is not None and part.large):
            yield Sign(
                where,
                f"A batch has {size} pictures: with hundreds of pictures that is a step or two an epoch.",
                0.4,
            )
