"""How far steps go, and what the loss does meanwhile."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median

import numpy as np

from tellapart.diagnose.reading.fact import Fact
from tellapart.diagnose.reading.facts import Optimizer
from tellapart.diagnose.recording import Outcome

from .loss import ran_away
from .odds import falling
from .registry import Clear, Sign, rule
from .view import View

JUMP = 10.0
"""A loss ten times its start is no noise of batches: the largest cross-entropy of one batch of a fresh net is some
three times ln k."""
HUGE_UPDATE, LARGE_UPDATE, AMPLE_UPDATE = 0.3, 0.1, 0.005
"""Steps that replace a third (a tenth) of the weights at once; usual is about one in a thousand, more at the start.
Five in a thousand, and nothing learnt, clear no rate."""
TINY_UPDATE, SMALL_UPDATE = 1e-5, 1e-4
"""A thousand steps of 1e-5 move weights by 1 %; usual is about 1e-3."""
HARDLY_MOVED = 0.01
"""Weights that have moved by less than 1 % in the whole run are those it started with."""
FALLEN = 0.1
"""A loss that has lost less than a tenth of its start has not gone anywhere yet."""
STILL = 0.03
"""A loss that loses 3 % of itself in an epoch has not arrived."""
ARRIVED = 0.1
"""A cross-entropy below a tenth of ln k falls for ever, and the score has long stopped to change."""
TREND = 0.01
"""Level of "still falls": Kendall's test."""
LAST_SHARE = 0.5
ENOUGH_EPOCHS = 5
"""Over fewer epochs a loss that does not fall may not have begun to."""
FAR_START, VERY_FAR_START = 3.0, 10.0
"""Initial loss over ln k: usual weights start within a factor of 2."""
HUGE_EPSILON = 1e-3
"""Adam's is 1e-8 (1e-7 in Keras); some nets like .1, but then the rate goes with it."""
RAW = 50
"""Numbers from here on are no pictures that were scaled."""
ANOTHER_RATE = 3.0
"""A rate that is so many times the optimiser's own, or less than its share, was set elsewhere."""
TINY_BATCH, FEW_STEPS = 2, 60
"""Batches of one or two are noise; less than some sixty steps train no net from scratch."""


@rule("optimizer.learning_rate_too_high", "a tenth of the rate makes the loss fall steadily")
def learning_rate_too_high(view: View) -> Iterator[Sign | Clear]:
    """Look for a loss that runs away, or steps that replace the weights while nothing is learnt."""
    losses, ratio = view.losses, _update(view)
    finite = losses[np.isfinite(losses)]
    if len(finite) < 2 or ratio is None:
        return
    where, start = _rate_set(view), float(finite[0])
    step = f"a step changes the weights by {ratio:.1%} (median)"
    share = 0.6 if _raw(view) else 1.0  # then the inputs are the fault
    top = float(finite[1:].max())
    even = view.training.expected_initial_loss or 0.7
    # A start that is already far off is that of the inputs or the weights, not of the rate.
    jumped = top > JUMP * max(start, even)
    if view.training.first_not_finite is not None and (ran_away(view) or ratio > LARGE_UPDATE):
        words = f"The loss grows from {start:.3g} to {top:.3g} and stops being a number; {step}."
        yield Sign(words, 0.85 * share, where)
    elif jumped:
        yield Sign(f"The loss jumps from {start:.3g} to {top:.3g}; {step}.", 0.85 * share, where)
    elif ratio > HUGE_UPDATE and not _learns(view):
        yield Sign(f"The loss does not fall ({start:.3g} to {finite[-1]:.3g}), and {step}.", 0.65, where)
    elif ratio > LARGE_UPDATE and not _learns(view):
        yield Sign(f"The loss does not fall ({start:.3g} to {finite[-1]:.3g}), and {step}.", 0.35, where)
    elif ratio < AMPLE_UPDATE or _learns(view):
        yield Clear(f"The loss never exceeds {top:.3g} (start {start:.3g}), and {step}.")


@rule("optimizer.learning_rate_too_low", "ten or a hundred times the rate make the loss fall much faster")
def learning_rate_too_low(view: View) -> Iterator[Sign | Clear]:
    """Look for weights that hardly move although gradients come."""
    ratio = _update(view)
    moved = sum(median(list(one.weight_changes.values()) or [0.0]) for one in view.epochs)
    if ratio is None or not view.epochs:
        return
    words = f"A step changes the weights by {ratio:.1g} of their size (median), the whole run by {moved:.2%}"
    where = _rate_set(view)
    share = 0.5 if _rate_is_the_librarys(view) else 1.0  # then the optimiser is the fault
    if 0 < ratio < TINY_UPDATE and not _learns(view):
        yield Sign(f"{words}.", 0.85 * share, where)
    elif 0 < moved < HARDLY_MOVED and not _learns(view):
        yield Sign(f"{words}.", 0.75 * share, where)
    elif 0 < ratio < SMALL_UPDATE and not _learns(view):
        yield Sign(f"{words}.", 0.5, where)
    elif ratio >= SMALL_UPDATE and not _fades(view):
        yield Clear(f"{words}.")


def _rate_set(view: View) -> Fact | None:
    """Return where the text sets the rate that was seen: a schedule or an assignment that overrules the optimiser's."""
    optimizer = view.place("optimizer")
    settings = () if view.program is None else view.program.rate_settings
    seen = [rate for step in view.training.steps for rate in step.learning_rates[:1]]
    own = optimizer.learning_rate if isinstance(optimizer, Optimizer) else None
    if not settings or not seen:
        return optimizer
    peak = next((one for one in settings if one.kind == "peak"), None)
    if peak is not None:
        return peak
    far = own is None or max(seen) > ANOTHER_RATE * own or min(seen) * ANOTHER_RATE < own
    return settings[0] if far else optimizer


def _fades(view: View) -> bool:
    """Whether the text has a schedule that takes the rate away: the first steps say nothing of those to come."""
    loop = None if view.told is None else view.told.loop
    return loop is not None and (loop.fading_schedule or loop.scheduler_per_batch) is not None


@rule("optimizer.too_few_epochs", "trained on, the score rises")
def too_few_epochs(view: View) -> Iterator[Sign | Clear]:
    """Look for a loss that still falls at the end, or an end before its time."""
    asked = view.training.arguments.get("epochs")
    if isinstance(asked, int) and len(view.epochs) < asked and _stopped(view) and not view.fits_training:
        words = f"Training was stopped after {len(view.epochs)} of {asked} epochs, its own pictures not yet told apart"
        yield Sign(f"{words}.", 0.5, _stopping(view))
        return
    by_epoch = [one.loss for one in view.epochs if one.loss is not None and np.isfinite(one.loss)]
    if len(by_epoch) < 2 or view.training.first_not_finite is not None:
        return
    losses = view.losses
    last = losses[-max(4, round(len(losses) * LAST_SHARE)) :]
    p, now = falling(last), by_epoch[-1]
    rate = (by_epoch[-2] - now) / max(abs(by_epoch[-2]), 1e-9)
    arrived = now < ARRIVED * (view.training.expected_initial_loss or 0.0)
    words = f"After {len(by_epoch)} epochs the loss is {now:.3g}, {rate:.0%} below that of the epoch before"
    if p < TREND and rate > STILL and not arrived:
        # What is fitted already does not get better on unseen pictures by more of the same.
        certainty = 0.25 if view.fits_training else 0.5
        yield Sign(
            f"{words}; in the second half of the steps it still falls (p = {p:.1g}).",
            certainty,
            _epochs(view),
        )
    elif arrived or (p > 0.05 and rate < STILL and len(by_epoch) >= ENOUGH_EPOCHS):
        yield Clear(f"{words}: it has arrived.")


def _stopped(view: View) -> bool:
    """Whether the training ended by itself, and not by an error or for want of time."""
    return view.recording.outcome is Outcome.finished and view.training.first_not_finite is None


def _stopping(view: View) -> Fact | None:
    callbacks = () if view.told is None else view.told.callbacks
    return next((one for one in callbacks if one.name == "EarlyStopping"), _epochs(view))


def _epochs(view: View) -> Fact | None:
    return None if view.told is None else view.told.epochs


@rule(
    "optimizer.bad_initialisation", "with the library's initial weights the loss starts near ln k and falls"
)
def bad_initialisation(view: View) -> Iterator[Sign | Clear]:
    """Look for layers, or units of one, that give one value at the start, and for answers that start far too sure."""
    weighted = [one for one in view.layers if one.parameters and one.std is not None]
    # The last ones may start at 0: they learn all the same. And an activation may make one value of any weights.
    dead = [one for one in weighted[:-1] if one.std is not None and one.std < 1e-9]
    start, even = view.training.initial_loss, view.training.expected_initial_loss
    where = next(iter(view.program.initialisations), None) if view.program is not None else None
    if dead:
        yield Sign(f"At the start layer {dead[0].name} gives one value for every picture.", 0.75, where)
        return
    alike = [one for one in weighted[:-1] if one.alike and one.std]
    if alike:
        words = f"At the start all units of layer {alike[0].name} give the same: steps keep them alike."
        yield Sign(words, 0.85, where)
        return
    if start is None or even is None or view.loss is None or view.loss.expects == "":
        return
    raw = _raw(view)
    words = f"The loss starts at {start:.3g}, ln k is {even:.2f}"
    if start > FAR_START * even:
        certainty = 0.3 if raw else 0.7 if start > VERY_FAR_START * even else 0.5
        yield Sign(f"{words}{': the inputs are large' if raw else ''}.", certainty, where)
    elif math.isfinite(start):
        yield Clear(f"{words}.")


def _raw(view: View) -> bool:
    """Whether the weights get the pictures as they are on disk, 0 to 255."""
    inputs = view.train.inputs if view.train is not None else None
    scaled = view.holds(("Rescaling", "Normalization"))
    return not scaled and inputs is not None and max(abs(inputs.low), abs(inputs.high)) > RAW


@rule("optimizer.unsuitable", "the library's own settings make it learn")
def unsuitable(view: View) -> Iterator[Sign | Clear]:
    """Look for constants far from usual, and for plain descent that gets nowhere."""
    for one in view.training.optimizers[-1:]:
        epsilon = one.options.get("epsilon", one.options.get("eps"))
        momentum = one.options.get("momentum")
        if _rate_is_the_librarys(view) and not _learns(view) and (_update(view) or 1.0) < SMALL_UPDATE:
            yield Sign(
                f"{one.name} with the library's own settings hardly moves the weights.",
                0.85,
                view.place("optimizer"),
            )
            return
        if isinstance(epsilon, float) and epsilon >= HUGE_EPSILON:
            yield Sign(
                f"{one.name} has an epsilon of {epsilon:g}, usual is 1e-7.", 0.5, view.place("optimizer")
            )
        elif one.name.lower() == "sgd" and not momentum and not _learns(view):
            yield Sign(
                "Plain gradient descent without momentum, and the loss has hardly fallen.",
                0.35,
                view.place("optimizer"),
            )


@rule("optimizer.batch_size", "batches of 16 to 64 make it learn")
def batch_size(view: View) -> Iterator[Sign | Clear]:
    """Look for batches of next to nothing, and for next to no steps."""
    part = view.train
    sizes = [size for one in part.passes for size in one.batch_sizes] if part is not None else []
    if part is None or not sizes or not view.training.n_steps:
        return
    usual, steps = round(median(sizes)), view.training.n_steps
    words = f"Batches of {usual}, {steps} steps in all"
    if usual <= TINY_BATCH:
        yield Sign(f"{words}.", 0.55, view.place_of("train"))
    elif usual >= part.passes[0].pictures / 2 and steps < FEW_STEPS:
        yield Sign(
            f"{words}: {part.passes[0].pictures} pictures give one or two steps an epoch.",
            0.5,
            view.place_of("train"),
        )
    elif usual >= 8 and steps >= FEW_STEPS:
        yield Clear(f"{words}.")


def _rate_is_the_librarys(view: View) -> bool:
    """Whether the program leaves the learning rate to the library."""
    optimizer = None if view.told is None else view.told.optimizer
    return (
        optimizer is not None and not optimizer.scheduled and not {"lr", "learning_rate"} & {*optimizer.given}
    )


def _update(view: View) -> float | None:
    """Return the median share by which a step changes the weights of a layer that had any."""
    ratios = [ratio for one in view.close for ratio in one.update_ratios.values() if np.isfinite(ratio)]
    return median(ratios) if ratios else None


def _learns(view: View) -> bool:
    """Whether the loss has fallen by more than a tenth of where it started."""
    losses = view.losses[np.isfinite(view.losses)]
    if not len(losses):
        return False
    tenth = max(1, len(losses) // 10)
    start, end = float(losses[:tenth].mean()), float(losses[-tenth:].mean())
    even = view.training.expected_initial_loss
    # From far above ln k down to it nothing has been learnt yet.
    return end < (1 - FALLEN) * min(start, even or start)
