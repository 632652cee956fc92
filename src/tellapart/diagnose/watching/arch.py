"""What the layers did: nothing, too little, or otherwise at evaluation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median

from tellapart.diagnose.observed import Layer

from .odds import one_better_than_other
from .prep import right_in
from .registry import Clear, Sign, rule
from .view import NORMALISING, WEIGHTED, View, number_of

DEAD, HALF_DEAD = 0.9, 0.5
"""Share of a layer's units that no picture wakes. A few are usual, a tenth that are left carry nothing."""
BENDING = ("sigmoid", "tanh", "hardtanh", "Sigmoid", "Tanh", "softsign", "hard_sigmoid")
DEEP = 3
"""Two layers of sigmoids train; the gradient falls by a factor of 4 or more with each further one."""
VANISHED, FADING = 1e-3, 1e-2
"""Gradient norm of the first layer over the last one's; with ReLU it is between .1 and 10."""
UNCHANGED = 0.0
BETTER = 0.005
"""Level of "scores better in training mode": McNemar's exact test."""
GAP = 0.1
"""And by as much: less is no reason for a failure."""
RUNAWAY_WEIGHTS = 1000
"""Weights per training picture that only a flattened map brings into one layer."""


def _rectified(view: View, layers: tuple[Layer, ...]) -> list[Layer]:
    """Return the layers whose output is cut at 0, the last weights excluded."""
    last = max((at for at, one in enumerate(layers) if one.parameters), default=0)
    relu = [one for one in layers[:last] if one.kind in ("ReLU", "ReLU6") or one.activation == "relu"]
    if relu or "relu" not in view.training.model.operations:
        return relu
    # Applied as a function to what the layer gives: a unit never above 0 is dead after it.
    normalised = [one for one in layers[:last] if one.kind in NORMALISING]
    return normalised or [one for one in layers[:last] if one.kind in WEIGHTED]


@rule("arch.dead_units", "a lower rate, other initial weights or leaky units wake them")
def dead_units(view: View) -> Iterator[Sign | Clear]:
    """Look for rectified layers that are 0 for every picture."""
    layers = view.training.model.layers_at_end or view.layers
    known = [(one.never_active, one) for one in _rectified(view, layers) if one.never_active is not None]
    if not known:
        return
    share, layer = max(known, key=lambda pair: pair[0])
    words = f"{share:.0%} of the units of layer {layer.name} are 0 for every picture looked at"
    if share >= DEAD:
        yield Sign(f"{words}.", 0.8, view.place("model"))
    elif share >= HALF_DEAD:
        yield Sign(f"{words}.", 0.25, view.place("model"))
    else:
        yield Clear(f"At most {share:.0%} of the units of a layer are never active.")


@rule("arch.saturating_activations", "with ReLU and He's initial weights, gradients reach the first layer")
def saturating_activations(view: View) -> Iterator[Sign | Clear]:
    """Look at how gradients fall from the last layer to the first."""
    norms = [list(one.gradient_norms.values()) for one in view.close if len(one.gradient_norms) > 1]
    ratios = [first / last for first, *_, last in norms if last > 0]
    if not ratios:
        return
    bending = sum(one.activation in BENDING or one.kind in BENDING for one in view.layers)
    bending = max(bending, sum(one in BENDING for one in view.training.model.operations))
    ratio = median(ratios)
    words = (
        f"The gradient of the first layer is {ratio:.2g} of the last one's; {bending} times sigmoid or tanh"
    )
    if bending > DEEP and ratio < FADING:
        yield Sign(f"{words}.", 0.85 if ratio < VANISHED else 0.6, view.place("model"))
    elif 0 < ratio < VANISHED:
        yield Sign(f"{words}.", 0.3, view.place("model"))
    elif ratio >= FADING:
        yield Clear(f"{words}.")


@rule("arch.frozen", "with all parameters trainable and given to the optimiser, they move")
def frozen(view: View) -> Iterator[Sign | Clear]:
    """Look for weights that are as they were."""
    model, where = view.training.model, view.place("model")
    held = [one.holds for one in view.training.optimizers if one.holds is not None]
    if model.parameters and not model.trainable:
        yield Sign(f"None of {model.parameters:,} weights is trainable.", 0.97, where)
        return
    if held and max(held) < 0.999:
        words = f"The optimiser holds {max(held):.0%} of the trainable weights"
        yield Sign(f"{words}.", 0.95 if max(held) == 0 else 0.75, view.place("optimizer"))
        return
    still = _still(view)
    moved = max((max(one.weight_changes.values(), default=0.0) for one in view.epochs), default=0.0)
    if still and not _without_gradient(view) and any(one.stepped for one in view.training.steps):
        words = f"{len(still)} of {len(view.epochs[0].weight_changes)} trainable layers never changed ({still[0]})"
        yield Sign(f"{words}.", 0.8, view.place("optimizer"))
    elif model.trainable < model.parameters / 2 and not _pretrained(view):
        words = f"{model.trainable:,} of {model.parameters:,} weights are trainable"
        yield Sign(f"{words}, and the others are not known to be pretrained.", 0.5, where)
    elif moved and not still:
        yield Clear(f"Every trainable layer changes; weights move by up to {moved:.1%} in an epoch.")


def _still(view: View) -> list[str]:
    """Return the layers whose weights did not change in any epoch although, as far as was seen, gradients came."""
    names = view.epochs[0].weight_changes if view.epochs else {}
    norms = {
        name: [one.gradient_norms[name] for one in view.close if name in one.gradient_norms] for name in names
    }
    return [
        name
        for name in names
        if all(one.weight_changes.get(name, 0.0) == UNCHANGED for one in view.epochs)
        and (any(norms[name]) or not norms[name])
    ]


def _without_gradient(view: View) -> bool:
    """Whether no gradient came at all: then the weights stand still for another reason."""
    return bool(view.close) and not any(any(one.gradient_norms.values()) for one in view.close)


def _pretrained(view: View) -> bool:
    told = None if view.told is None else view.told.model
    # Without the text: a frozen part is as a rule one that was trained elsewhere.
    return told is None or told.pretrained is not None


@rule("arch.batchnorm_mode", "in the other mode, or with larger batches, the same weights score better")
def batchnorm_mode(view: View) -> Iterator[Sign | Clear]:
    """Compare answers in evaluation mode with those in training mode, picture by picture."""
    if not view.holds(NORMALISING, "batch_norm"):
        return
    if loose := next((one.name for one in view.layers if one.by_batch), ""):
        yield _depends_on_the_batch(view, loose)
        return
    for name in [one.name for one in view.judging] + ["train"]:
        evaluated, trained = right_in(view, name, "eval"), right_in(view, name, "train")
        if evaluated is None or trained is None:
            continue
        p, gap = one_better_than_other(trained, evaluated), float(trained.mean() - evaluated.mean())
        words = (
            f"The {name} part scores {evaluated.mean():.2f} in evaluation mode and {trained.mean():.2f} with the "
            "statistics of the batch"
        )
        if p < BETTER and gap > GAP:
            yield Sign(f"{words} (p = {p:.1g}).", 0.85, view.place("model"))
        elif name == "train":
            yield Clear(f"{words}.")


def _depends_on_the_batch(view: View, layer: str) -> Sign:
    words = f"Layer {layer} keeps no running statistics: every answer depends on what else is in its batch"
    wrong = [one for one in view.discrepancies if one.outside and one.reported.measure != "loss"]
    if not wrong:
        return Sign(f"{words}.", 0.4, view.place("model"))
    one = wrong[-1]
    measure = one.reported.measure.replace("_", " ")
    words += f"; the {measure} it shows is {one.reported.value:.2f}, in other batches {one.true:.2f}"
    return Sign(f"{words}.", 0.85, view.place("model"))


@rule("arch.flatten_explosion", "global pooling in place of Flatten, nothing else, raises the held-out score")
def flatten_explosion(view: View) -> Iterator[Sign | Clear]:
    """Look for one fully connected layer that holds nearly all weights, far more than pictures can settle."""
    part, model = view.train, view.training.model
    dense = [one for one in view.layers if one.kind in ("Dense", "Linear") and one.input_shape]
    if part is None or not dense or not part.pictures:
        return
    first = dense[0]
    pictures = part.known or max((one.distinct for one in part.passes), default=part.pictures)
    per_picture = first.parameters / pictures
    flattens = view.holds(("Flatten",), "flatten") or first.input_shape[-1] > 2048
    words = (
        f"Layer {first.name} takes {first.input_shape[-1]:,} numbers: {first.parameters:,} of {model.parameters:,} "
        f"weights, {per_picture:,.0f} a training picture"
    )
    if flattens and per_picture > RUNAWAY_WEIGHTS and first.parameters > model.parameters / 2:
        failed = number_of(view.of_judged, "balanced_accuracy")
        also = f"; unseen pictures score {failed:.2f}" if math.isfinite(failed) else ""
        yield Sign(
            f"{words}{also}.", 0.6 if view.fits_training or view.at_chance else 0.5, view.place("model")
        )
    else:
        yield Clear(f"{words}.")


@rule("arch.wrong_output_width", "with one output a class (or one for two), it learns")
def wrong_output_width(view: View) -> Iterator[Sign | Clear]:
    """Hold the number of outputs against the labels that occur."""
    width, values = view.width, view.label_values
    if width is None or len(values) < 2:
        return
    k = len(values)
    words = f"{width} output{'s' if width > 1 else ''} for {k} classes"
    if width == 1 and k > 2:
        yield Sign(f"{words}.", 0.85 if k <= 20 else 0.3, view.place("output"))
    elif 1 < width < k:
        yield Sign(f"{words}.", 0.9, view.place("output"))
    elif width > k and width > max(values) + 1:
        # More outputs than classes learn to stay silent; a part may also simply lack a class.
        yield Sign(f"{words}: {width - k} never occur.", 0.35, view.place("output"))
    else:
        yield Clear(f"{words}.")
