"""How visible each cue of the set ``quarter`` is at a size: the measurement behind ``Cue.fine``.

A cue's visibility is an energy ratio. Signal: the same picture is drawn with the cue at a low and at a high
value (its middle, one spread up and down), everything else equal, both are reduced, and their difference is
squared. Noise: the same picture is drawn twice with fresh hair, blotches and sensor noise, and all else
equal, reduced, and the squared difference halved. Both are summed where the cue changes anything at full
size.

Why a visibility below ``cues.LOST`` counts as lost. What a reduction leaves of a fine pattern, whose phase no
one knows, can only be told by its energy; over N pixels an observer who knows the place tells a visibility V
with a detection index of at most about V·√(N/2), that is .5 to 1.3 here (N = 200 in the irises to 2,500 on
the chest), against hundreds for the coarse cues. That is a ceiling, not what is learnt: measured on 1,176
pictures by ridge regression on frozen ImageNet features, .40 to .79 of every cue's variance within its class
is explained at 400 px; at 100 px .47 to .77 of the coarse cues' and .00 of the fine ones'.

All of this holds where the reduction averages (Pillow's filters but ``NEAREST``). Where it leaves pixels out
instead, as Keras's ``load_img`` does unless told otherwise, fine patterns alias: they come back as coarse ones,
and the lay of the hairs (.69) and the whiskers (.32) can still be read in part.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from .canvas import generator
from .cues import CUES
from .quarter import SIZE_PX, render

# Grey levels: a change below one is rounding.
_CHANGED = 1.0


def visibility(
    size_px: int, *, pairs: int = 6, seed: int = 0, resample: Image.Resampling = Image.Resampling.BILINEAR
) -> dict[str, float]:
    """Measure the visibility of every cue.

    Parameters
    ----------
    size_px
        Height and width to reduce to; 400 leaves pictures as they are.
    pairs
        How many pictures to draw, each with each cue low and high.
    seed
        Of the pictures.
    resample
        Pillow's filter; all but ``NEAREST`` average over what they leave out.

    Returns
    -------
    dict
        Cue name to signal energy over noise energy, without unit; the mean over the pictures.
    """

    def picture(k: int, grain: str, z: np.ndarray) -> np.ndarray:
        scene = generator(seed, "visibility", "scene", k)
        return render(scene, generator(seed, "visibility", grain, k), z)

    ratios = np.zeros((pairs, len(CUES)))
    for k in range(pairs):
        first, second = (
            _reduced(picture(k, grain, np.zeros(len(CUES))), size_px, resample) for grain in "ab"
        )
        noise = (first - second) ** 2 / 2
        for column, z in enumerate(np.eye(len(CUES))):
            low, high = picture(k, "a", -z), picture(k, "a", z)
            changed = np.abs(high.astype(np.float32) - low).max(axis=2) > _CHANGED
            where = _reduced(np.repeat(np.uint8(255) * changed[..., None], 3, axis=2), size_px, resample) > 64
            signal = (_reduced(high, size_px, resample) - _reduced(low, size_px, resample)) ** 2
            ratios[k, column] = signal[where].sum() / max(float(noise[where].sum()), 1e-9)
    return {cue.name: float(ratio) for cue, ratio in zip(CUES, ratios.mean(axis=0), strict=True)}


def _reduced(image_HWC: np.ndarray, size_px: int, resample: Image.Resampling) -> np.ndarray:
    """Return a picture at another size, float32."""
    image = Image.fromarray(image_HWC)
    if size_px != SIZE_PX:
        image = image.resize((size_px, size_px), resample)
    return np.asarray(image, np.float32)
