"""What pixels went through before the network, in each part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tellapart.diagnose.observed import Layer, Part
from tellapart.diagnose.scoring import preparations

from .changing import change
from .explaining import case_of
from .odds import one_better_than_other
from .registry import Clear, Sign, rule
from .reported import Reported
from .view import NORMALISING, WEIGHTED, View

RAW_HIGH, RAW_STD = 50.0, 10.0
"""Pixels of 0 to 255 spread by some 50; whatever scaling is usual (0..1, -1..1, mean 0 and spread 1) stays below 5."""
TWICE_SCALED = 0.02
"""Pixels divided by 255 twice are at most 1/255; a picture scaled once whose brightest pixel is 5 of 255 shows
nothing."""
SPREAD_FACTOR, FAR_FACTOR = 1.6, 20.0
"""Spreads of two random parts differ by some per cent, augmentation adds some tens; a forgotten scaling is 2 to 255."""
MEAN_SHIFT = 1.0
"""Means of two random parts differ by a fraction of the spread between pixels."""
CLOSER = 0.5
"""Channels are reversed where that halves their distance to the training part's."""
JUMP = 0.005
"""Level of "scores better when prepared as in training", the same as for "better than chance"."""
FLAT_INITIAL = 3.0
"""A loss that starts at three times ln k is that of a net whose first answers are far too sure."""
CHANNELS = 4
MOSTLY = 0.5
"""Where axes are wrong they are wrong for all pictures; single ones may look so by chance."""
REVERSED = "channels reversed"
"""What the recorder calls it."""
SCALING = ("Rescaling", "Normalization", "LayerNormalization", "LayerNorm", *NORMALISING)


@rule("prep.unscaled", "scaled inputs alone make the loss start near ln k and fall")
def unscaled(view: View) -> Iterator[Sign | Clear]:
    """Look at the range of the inputs and at what scales them inside."""
    part = view.train
    if part is None or part.inputs is None:
        return
    seen = part.inputs
    words = f"Inputs run from {seen.low:.3g} to {seen.high:.3g} (spread {seen.std:.3g})"
    if seen.high < RAW_HIGH or seen.std < RAW_STD:
        yield Clear(f"{words}: no raw pixels.")
        return
    inside = [one.kind for one in _before_weights(view.layers) if one.kind in SCALING]
    if inside:
        yield Clear(f"{words}, and {inside[0]} scales them inside the network.")
        return
    met = next((one.input_high for one in view.layers if one.kind in WEIGHTED), None)
    if met is not None and met < RAW_HIGH:
        yield Clear(f"{words}, and scaled inside the network: its first weights meet {met:.3g} at most.")
        return
    soon = any(one.kind in NORMALISING for one in view.layers[:4])
    start, even = view.training.initial_loss, view.training.expected_initial_loss
    huge = start is not None and even is not None and start > FLAT_INITIAL * even
    begins = f" The loss starts at {start:.3g} (ln k = {even:.2f})." if huge else ""
    words = f"{words}, and nothing scales them before the first weights.{begins}"
    yield Sign(words, 0.35 if soon else 0.85 if huge else 0.7, view.place_of("train"))


def _before_weights(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    at = next((at for at, one in enumerate(layers) if one.kind in WEIGHTED), len(layers))
    return layers[:at]


@rule("prep.double_scaled", "scaled once, the inputs have the range the network expects, and it learns")
def double_scaled(view: View) -> Iterator[Sign | Clear]:
    """Look for inputs, or outputs of a layer that scales, of almost nothing."""
    part = view.train
    if part is None or part.inputs is None:
        return
    seen = part.inputs
    tiny = [one for one in _before_weights(view.layers) if one.kind == "Rescaling" and _is_tiny(one)]
    if 0 < max(abs(seen.low), abs(seen.high)) < TWICE_SCALED:
        yield Sign(f"No input is larger than {seen.high:.2g}.", 0.9, view.place_of("train"))
    elif tiny and seen.high <= 2:
        words = (
            f"Inputs reach {seen.high:.2g}; the network divides them again, to {tiny[0].mean:.2g} on average."
        )
        yield Sign(words, 0.9, view.place_of_layer("Rescaling"))
    else:
        yield Clear(f"Inputs run from {seen.low:.3g} to {seen.high:.3g}: not divided twice.")


def _is_tiny(layer: Layer) -> bool:
    return layer.mean is not None and layer.std is not None and abs(layer.mean) + layer.std < TWICE_SCALED


@rule(
    "prep.train_validation_mismatch",
    "the same weights score better on pictures prepared as in training",
    prevents=False,
)
def train_validation_mismatch(view: View) -> Iterator[Sign | Clear]:
    """Compare range, mean, shape and channels of the judging parts with the training part's."""
    for part in view.judging:
        yield from _mismatch(view, part)


@rule(
    "prep.train_predict_mismatch",
    "the same weights answer otherwise on pictures prepared as in training",
    prevents=False,
)
def train_predict_mismatch(view: View) -> Iterator[Sign | Clear]:
    """Compare what is predicted with the training part."""
    for name, part in view.training.parts.items():
        if name.startswith("predict"):
            yield from _mismatch(view, part)


def _mismatch(view: View, part: Part) -> Iterator[Sign | Clear]:
    train = view.train
    if train is None or train.inputs is None or part.inputs is None:
        return
    words, factor = _difference(train, part)
    jump = next(
        (one for name in preparations(view.training, part.name) if (one := _jump(view, part, name))), ""
    )
    if not words and not view.fits_training:
        jump = ""  # of answers at chance, other inputs make others, some of them right
    alike = f"Inputs of the {part.name} part have the range and mean of the training part's"
    if not words and not jump:
        yield Clear(f"{alike}.")
        return
    certainty = 0.95 if jump else 0.75 if factor >= FAR_FACTOR else 0.5
    yield Sign(f"{words or alike}{jump}.", certainty, view.place_of(part.name))


def _difference(train: Part, part: Part) -> tuple[str, float]:
    """Say how two parts differ beyond chance and augmentation, and by what factor; "" where they do not."""
    a, b = train.inputs, part.inputs
    if a is None or b is None or not a.std:
        return "", 1.0
    factor = max(a.std / max(b.std, 1e-12), b.std / a.std)
    shown = (
        f"Training inputs have mean {a.mean:.3g} and spread {a.std:.3g}, those of the {part.name} part "
        f"{b.mean:.3g} and {b.std:.3g}"
    )
    if factor > SPREAD_FACTOR or abs(a.mean - b.mean) > MEAN_SHIFT * a.std:
        return shown, factor
    if len(a.channel_means) == len(b.channel_means) == 3 and _turned(a.channel_means, b.channel_means, a.std):
        means = [", ".join(f"{one:.3g}" for one in each.channel_means) for each in (a, b)]
        return (
            f"Channels have means {means[0]} in training and {means[1]}, reversed, in the {part.name} part",
            2.0,
        )
    if sorted(a.shape) != sorted(b.shape) and len(a.shape) == len(b.shape):
        return f"Training pictures are of shape {a.shape}, those of the {part.name} part {b.shape}", 1.0
    return "", 1.0


def _turned(first: tuple[float, ...], second: tuple[float, ...], std: float) -> bool:
    a, b = np.array(first), np.array(second)
    apart, turned = np.abs(a - b).sum(), np.abs(a - b[::-1]).sum()
    # Grey pictures have three equal channels: there is nothing to be reversed.
    return bool(turned < CLOSER * apart and apart > 0.1 * std)


def _jump(view: View, part: Part, preparation: str) -> str:
    """Say how much better the same weights score on inputs prepared as in training, if beyond chance."""
    own, other = right_in(view, part.name), right_in(view, part.name, preparation=preparation)
    if own is None or other is None or len(own) != len(other) or one_better_than_other(other, own) > JUMP:
        return ""
    return f"; the same weights score {other.mean():.2f} instead of {own.mean():.2f} once these are {preparation}"


def right_in(view: View, part: str, mode: str = "eval", preparation: str = "") -> np.ndarray | None:
    """Return for each kept picture of a part whether it is recognised, (N,) bool."""
    kept = view.kept(part, mode=mode, preparation=preparation)
    blank = Reported(part, "accuracy", 0.0, None, "", "")
    expects = "" if view.loss is None else view.loss.expects
    case = None if kept is None else case_of(kept, blank, len(view.training.classes), expects)
    return None if case is None else case.predicted == case.labels


@rule(
    "prep.augmented_validation",
    "without augmentation the score stays the same from pass to pass",
    prevents=False,
)
def augmented_validation(view: View) -> Iterator[Sign | Clear]:
    """Look for judging pictures that look otherwise in every pass."""
    for part in view.judging:
        if len(part.passes) < 2 or part.inputs is None or part.inputs.constant:
            continue
        found = change(part)
        most = max(one.distinct for one in part.passes)
        words = (
            f"The {part.name} part shows {most} pictures in a pass, and {part.pictures} different ones in all"
        )
        if found is None:
            yield Clear(f"{words}: the same in every pass.")
            continue
        # Steps that take other pictures each time look the same, unless the number is known.
        certainty = 0.85 if found.sure else 0.55
        yield Sign(
            f"{words}; {found.words}: they are changed each time.", certainty, view.place_of(part.name)
        )


@rule(
    "prep.channel_order",
    "with the axes in the order of the first convolution, it learns, or learns more",
    prevents=False,
)
def channel_order(view: View) -> Iterator[Sign | Clear]:
    """Hold the shape of the inputs against what the first convolution makes of it."""
    part = view.train
    first = next((one for one in view.layers if one.kind in ("Conv2D", "Conv2d", "SeparableConv2D")), None)
    if part is None or part.inputs is None or first is None or len(first.input_shape) != 3:
        return
    if (part.cut_anew or 0.0) >= MOSTLY:
        words = (
            f"The pictures of shape {part.inputs.shape} are far smoother when the same numbers are read with the "
            "channels at the other end: a reshape has scrambled them where axes had to be moved"
        )
        yield Sign(f"{words}.", 0.9, view.place_of("train"))
        return
    shape, made = first.input_shape, first.output_shape
    if view.training.model.framework == "torch":
        wrong = shape[0] > CHANNELS >= shape[2]
    else:
        # Channels last: the first axis of channels-first pictures is taken for rows, and stays as short.
        wrong = (
            shape[0] <= CHANNELS < shape[2] and len(made) == 3 and made[0] <= shape[0] and made[2] != made[1]
        )
    words = f"The first convolution takes pictures of shape {shape}"
    if wrong:
        yield Sign(
            f"{words}: the {min(shape)} channels stand where it expects rows or columns.",
            0.9,
            view.place("model"),
        )
        return
    for other in view.judging:
        a, b = part.inputs, other.inputs
        seen = (
            b is not None
            and len(a.channel_means) == len(b.channel_means) == 3
            and _turned(a.channel_means, b.channel_means, a.std)
        )
        jump = _jump(view, other, REVERSED) if seen or view.fits_training else ""
        if seen or jump:
            words = f"Channels of the {other.name} part are in reverse order{jump}."
            yield Sign(words, 0.9 if jump else 0.6, view.place_of(other.name))
    yield Clear(f"{words}, channels where it expects them.")
