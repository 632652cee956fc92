"""What both picture sets are drawn with: coverage from signed distance, soft noise, fine grain.

Legend: ``H, W`` height and width in px; ``x`` runs to the right and ``y`` down, and the centre of the
top left pixel is (0, 0); colours and light are floats from 0 (black) to 255 (white) in float32.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np
from scipy import fft


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """Return the random generator that belongs to one picture alone.

    Parameters
    ----------
    seed
        The seed of the set, not negative.
    names
        What tells the picture from every other: set, part, class, index. Words count through their
        CRC-32, so nothing depends on the order in which pictures are drawn or on how many there are.

    Returns
    -------
    numpy.random.Generator
    """
    words = [zlib.crc32(name.encode()) if isinstance(name, str) else name for name in names]
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=words))


def cover(distance_px: np.ndarray, soft_px: float = 1.0) -> np.ndarray:
    """Return how much of each pixel lies inside a shape: 1 inside, 0 outside, a ramp at the edge.

    Parameters
    ----------
    distance_px
        Signed distance to the outline in px, negative inside; any shape.
    soft_px
        Width of the ramp in px; 1 is plain anti-aliasing.

    Returns
    -------
    numpy.ndarray
        float32, 0 to 1, same shape.
    """
    return np.clip(0.5 - distance_px / soft_px, 0.0, 1.0, dtype=np.float32)


def paint(canvas_CHW: np.ndarray, colour: np.ndarray, alpha_HW: np.ndarray) -> None:
    """Lay a colour over the canvas, in place.

    Parameters
    ----------
    canvas_CHW
        float32, changed in place. Colours come first here: the inner loops then run over whole rows.
    colour
        One colour (3,) or a picture (3, H, W), 0 to 255.
    alpha_HW
        Coverage, 0 to 1.
    """
    colour = np.asarray(colour, np.float32)
    change = (colour if colour.ndim == 3 else colour[:, None, None]) - canvas_CHW
    change *= alpha_HW
    canvas_CHW += change


@lru_cache(maxsize=4)
def frequencies(size_px: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the frequencies of a real transform of a square canvas; the same for every picture of a size.

    Parameters
    ----------
    size_px
        Height and width of the canvas.

    Returns
    -------
    tuple of numpy.ndarray
        float32: the share of each wave that runs along y and along x (together of length 1), and the
        natural logarithm of its frequency in cycles per px; each of shape (size, size // 2 + 1).
    """
    fy = fft.fftfreq(size_px).astype(np.float32)[:, None]
    fx = fft.rfftfreq(size_px).astype(np.float32)[None, :]
    f = np.sqrt(fy * fy + fx * fx)
    f[0, 0] = 1e-6  # the mean: far below every band
    return fy / f, fx / f, np.log(f)


def filtered(spectrum: np.ndarray, gain: np.ndarray, size_px: int) -> np.ndarray:
    """Return the real field with this spectrum times a gain, brought to mean 0 and variance 1.

    Parameters
    ----------
    spectrum
        Of a field of white noise, as ``scipy.fft.rfft2`` gives it.
    gain
        Same shape; what to keep of each frequency.
    size_px
        Height and width of the field.

    Returns
    -------
    numpy.ndarray
        float32, shape (size, size).
    """
    field = fft.irfft2(spectrum * gain, s=(size_px, size_px))
    field -= field.mean()
    return (field / max(float(field.std()), 1e-6)).astype(np.float32)


def white_spectrum(rng: np.random.Generator, size_px: int) -> np.ndarray:
    """Return the spectrum of a fresh field of white noise.

    Parameters
    ----------
    rng
        The picture's generator.
    size_px
        Height and width of the field.

    Returns
    -------
    numpy.ndarray
        complex64, shape (size, size // 2 + 1).
    """
    parts = rng.standard_normal((size_px, size_px // 2 + 1, 2), dtype=np.float32)
    return parts.view(np.complex64)[..., 0]


def to_uint8(canvas_CHW: np.ndarray) -> np.ndarray:
    """Round a canvas to the picture that is stored.

    Parameters
    ----------
    canvas_CHW
        float32, 0 to 255; what lies outside is clipped as a sensor does. Used up.

    Returns
    -------
    numpy.ndarray
        uint8, shape (H, W, 3).
    """
    np.rint(canvas_CHW, out=canvas_CHW)
    np.clip(canvas_CHW, 0.0, 255.0, out=canvas_CHW)
    return np.ascontiguousarray(canvas_CHW.astype(np.uint8).transpose(1, 2, 0))
