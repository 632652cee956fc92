"""Training pictures that are changed each time, so much that nothing can be learnt from them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tellapart.diagnose.reading.layers import AUGMENTING

from .changing import change, settled
from .registry import Clear, Sign, rule
from .view import View, is_good, number_of

LEAST_STEPS = 30
"""After fewer steps a network may not have learnt for want of steps."""
LOWEST_UPDATE, HIGHEST_UPDATE = 1e-5, 0.1
"""Middle size of updates over weights between which a learning rate is neither far too low nor far too high."""


@rule("prep.destructive_augmentation", "without augmentation the score rises")
def destructive_augmentation(view: View) -> Iterator[Sign | Clear]:
    """Look for training pictures that change each time and are told apart no better than unseen ones."""
    part = view.train
    found = None if part is None else change(part)
    if part is None or view.of_train is None:
        return
    if found is None:
        yield from _by_layers(view)
        return
    train, judged = (number_of(one, "balanced_accuracy") for one in (view.of_train, view.of_judged))
    shown = f"Training pictures are changed each time ({found.words})"
    high, low = (
        number_of(view.of_train, "balanced_accuracy", "high"),
        number_of(view.of_judged, "balanced_accuracy", "low"),
    )
    if high < low:
        words = (
            f"{shown}; as they are fed they score {train:.2f}, unseen ones {judged:.2f}: changing costs that."
        )
        yield Sign(words, 0.5, view.place_of("train"))
    elif not view.fits_training:
        poor = view.of_judged is None or not is_good(view.of_judged)
        both = f", nor are unseen ones ({judged:.2f})" if poor and view.of_judged else ""
        # Pictures that come again may be others in each pass, not changed ones.
        sound = poor and (found.sure or not settled(part)) and _steps_are_sound(view)
        why = " Steps, gradients and updates look sound." if sound else ""
        words = f"{shown}, and as they are fed they are not told apart ({train:.2f}){both}.{why}"
        yield Sign(words, 0.5 if sound else 0.35 if found.sure else 0.25, view.place_of("train"))


def _by_layers(view: View) -> Iterator[Sign]:
    """Look for layers that change pictures while training: what was learnt of these is of no use for others."""
    layers = list(dict.fromkeys(one.kind for one in view.layers if one.kind in AUGMENTING))
    if not layers or view.fits_training or (view.of_judged is not None and is_good(view.of_judged)):
        return
    train = number_of(view.of_train, "balanced_accuracy")
    words = (
        f"Layers change pictures while the network trains ({', '.join(layers)}), and as they are it does not tell them "
        f"apart ({train:.2f})."
    )
    yield Sign(words, 0.5 if _steps_are_sound(view) else 0.35, view.place("model"))


def _steps_are_sound(view: View) -> bool:
    """Whether nothing in the steps themselves says why the network did not learn."""
    norms = [sum(one.gradient_norms.values()) for one in view.close if one.gradient_norms]
    updates = [value for one in view.close for value in one.update_ratios.values()]
    return (
        view.training.n_steps >= LEAST_STEPS
        and view.training.first_not_finite is None
        and bool(norms)
        and bool(np.isfinite(norms).all())
        and float(np.median(norms)) > 0
        and (not updates or LOWEST_UPDATE < float(np.median(updates)) < HIGHEST_UPDATE)
    )
