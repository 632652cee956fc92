"""One file -> one uint8 picture, the same way everywhere: training, prediction, service.

Needs numpy and Pillow alone.
"""

from __future__ import annotations

import functools
import io
import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from tellapart.errors import AddressError, BrokenPictureError, LargePictureError, TellapartError
from tellapart.pictures.address import Address
from tellapart.pictures.fetching import fetch

MAX_PIXELS = 120_000_000
"""Refused before decoding: more than any camera of today (about 100 megapixels); 360 MB as RGB."""

STORE_SIDE = 512
"""Longest side kept, px: twice what the members look at by default; larger pictures are reduced."""

REDUCTION = Image.Resampling.HAMMING
"""As sharp as a box filter, without its jumps of half a pixel where the ratio is not a whole number."""

NOT_DECODED = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"})
"""Formats Pillow knows by name, but hands to another program (EPS runs Ghostscript on the file) or to none."""

SIGNED = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000")
"""Formats whose first bytes cannot be mistaken, so that a file of any name can be tried for them."""

PREFIX_BYTES = 16  # what Pillow asks its formats by

TELLTALES = (
    (b"version https://git-lfs", "a Git LFS pointer, not the picture itself", "fetch it: git lfs pull"),
    (b"%PDF", "a PDF document", "export its pages as PNG"),
    (b"%!PS", "a PostScript document", "export it as PNG"),
    (b"<", "a web page or other marked-up text", "download the picture itself again"),
)
"""How files begin that often stand where a picture should: (bytes, what it is, what to do)."""

ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> what brings the picture upright; from 5 on, height and width change places."""


@dataclass(frozen=True)
class Facts:
    """What a file says about itself besides its pixels.

    `height` and `width` are those of the upright original, px; `mode` and `format` are Pillow's names
    (``L``, ``RGB``, ``I;16``…; ``JPEG``, ``PNG``…); `turned`: an EXIF orientation other than upright was
    applied; `bytes` is the file's size; `frames` above one: an animation, of which the first is used.
    """

    height: int
    width: int
    mode: str
    format: str
    turned: bool
    bytes: int
    frames: int


def decode(
    source: str | os.PathLike[str] | bytes | Address,
    *,
    longest_side: int | None = STORE_SIDE,
    max_pixels: int = MAX_PIXELS,
    called: str = "the picture",
) -> tuple[np.ndarray, Facts]:
    """Decode a picture.

    Parameters
    ----------
    source
        A file, here or at an address, or the bytes of one.
    longest_side
        Reduce to this longest side, px (aspect kept, never enlarged); None keeps every pixel.
    max_pixels
        Of the original; up to `MAX_PIXELS`.
    called
        What bytes are called in messages.

    Returns
    -------
    image_HWC, facts
        uint8 RGB, upright: EXIF orientation applied, first frame, alpha laid over white, 16 bit scaled to 8.

    Raises
    ------
    BrokenPictureError
        Empty, truncated, or not a picture.
    LargePictureError
        It has more than `max_pixels`; it was not decoded.
    AddressError
        It lies at an address that cannot be reached.
    """
    if isinstance(source, Address):
        source, called = fetch(source), str(source)
    name = called if isinstance(source, bytes) else str(source)
    try:
        size = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
        if size == 0:
            raise _broken("an empty file (0 bytes)", name)
        hush_pillow()
        with _opened(source) as stream, Image.open(stream, formats=_formats()) as image:
            return _decode(image, size, name, longest_side, max_pixels)
    except TellapartError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(name, str(error), max_pixels) from None
    except UnidentifiedImageError:
        raise _unknown(source, name) from None
    except FileNotFoundError:
        raise _broken("nothing there", name, "check the path") from None
    except Exception as error:  # Pillow's plugins raise many kinds on damaged data: all mean one thing here
        raise _broken(_reason(error), name) from error


def recognised(file: str | os.PathLike[str] | Address) -> bool:
    """Tell from its first bytes whether a file, whatever its name, holds a picture of a common format."""
    hush_pillow()
    try:
        opened = _if_signed(file) if isinstance(file, Address) else file
        if opened is None:
            return False
        with Image.open(opened, formats=SIGNED):
            return True
    except AddressError:
        raise
    except Exception:
        return False


def _if_signed(file: Address) -> io.BytesIO | None:
    """Return the file, which is read only where it begins as a picture does."""
    Image.init()
    head = file.head(PREFIX_BYTES)
    accepting = (Image.OPEN[form][1] for form in SIGNED if form in Image.OPEN)
    if not any(accepts is not None and accepts(head) for accepts in accepting):
        return None
    return io.BytesIO(fetch(file))


def decode_image(image: Image.Image, name: str) -> tuple[np.ndarray, Facts]:
    """Do with a picture in memory what `decode` does with a file; it is left as it is.

    Parameters
    ----------
    image
        Any Pillow picture, opened or made.
    name
        What it is called in messages.

    Returns
    -------
    image_HWC, facts
        As those of `decode`, but of 0 bytes.

    Raises
    ------
    BrokenPictureError
        It has no pixels, more than `MAX_PIXELS`, or its file turns out to be damaged.
    """
    if not image.width or not image.height:
        raise _broken("a picture without pixels", name)
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(name, f"{image.width} x {image.height} pixels", MAX_PIXELS)
    try:
        return _decode(image.copy(), 0, name, STORE_SIDE, MAX_PIXELS)
    except Exception as error:  # as in `decode`: what was opened and not yet loaded can fail in many ways
        raise _broken(_reason(error), name) from error


@functools.cache
def picture_suffixes() -> frozenset[str]:
    """Return the lower-case suffixes by which a file is taken for a picture."""
    formats = {*_formats(), "MPO"}
    decoded = {suffix for suffix, form in Image.registered_extensions().items() if form in formats}
    # Telephones write HEIC: it is better named and left out than passed over.
    return frozenset(decoded | {".heic", ".heif"})


def hush_pillow() -> None:
    """Keep Pillow from warning of odd metadata: what cannot be decoded is an error here, the rest is fine.

    A filter that stays, rather than `warnings.catch_warnings`: that one is not safe among threads, where one
    may put back for good what another had set for a moment.
    """
    if not warnings.filters or warnings.filters[0] != _HUSH:
        warnings.filterwarnings("ignore", module=_HUSH[3].pattern)


_HUSH = ("ignore", None, Warning, re.compile(r"PIL\."), 0)


def resize(image_HWC: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize a uint8 picture to `height` x `width` px, bilinear with antialiasing (Pillow's)."""
    if image_HWC.shape[:2] == (height, width):
        return image_HWC
    return np.array(Image.fromarray(image_HWC).resize((width, height), Image.Resampling.BILINEAR))


def _opened(source: str | os.PathLike[str] | bytes) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb")


def _formats() -> tuple[str, ...]:
    """Return the formats to try, those with a signature first, so that no loose one gets in before them."""
    Image.init()
    known = (name for name in Image.ID if name not in NOT_DECODED)
    return tuple(sorted(known, key=lambda name: (Image.OPEN[name][1] is None, name)))


def _decode(
    image: Image.Image, size: int, name: str, longest_side: int | None, max_pixels: int
) -> tuple[np.ndarray, Facts]:
    width, height = image.size
    if width * height > max_pixels:
        raise _too_large(name, f"{width} x {height} pixels", max_pixels)
    mode, form, frames = image.mode, image.format or "?", int(getattr(image, "n_frames", 1))
    target = _fitted(width, height, longest_side)
    # JPEG decodes at 1/2, 1/4 or 1/8 for a fraction of the cost; never below twice `target`, for the filter's sake.
    drafted = image.draft(None, (2 * target[0], 2 * target[1]))
    said = _orientation(image)
    image.load()
    left = _orientation(image)  # some formats (TIFF) are turned by Pillow while they load
    eight_bit = _eight_bit(image)
    # What is left of the last row and column, if a draft cut them, must not stretch the picture.
    box = drafted[1] if drafted else (0, 0, *eight_bit.size)
    # Reduced before it is laid on white and turned: the large picture is held once only.
    reduced = eight_bit if eight_bit.size == target else eight_bit.resize(target, REDUCTION, box)
    flat = _on_white(reduced)
    upright = flat.transpose(UPRIGHT[left]) if left in UPRIGHT else flat
    if left >= 5:
        height, width = width, height
    facts = Facts(
        height=height,
        width=width,
        mode=mode,
        format=form,
        turned=said in UPRIGHT,
        bytes=size,
        frames=frames,
    )
    return np.array(upright), facts


def _fitted(width: int, height: int, longest_side: int | None) -> tuple[int, int]:
    longest = max(width, height)
    if longest_side is None or longest <= longest_side:
        return width, height
    scale = longest_side / longest
    return max(1, round(width * scale)), max(1, round(height * scale))


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged metadata is no reason to leave out a good picture
        return 1
    return value if isinstance(value, int) and value in UPRIGHT else 1


def _eight_bit(image: Image.Image) -> Image.Image:
    """Return the picture as L, RGB or RGBA."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_narrowed(image))
    if image.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _narrowed(image: Image.Image) -> np.ndarray:
    """Return more than 8 bits as uint8 HW.

    16 bit is scaled by 1/257 always, so that pictures of one set stay comparable. 32-bit numbers do not say
    what white is: floats up to 1 are taken as 0..1, numbers up to 255 as 0..255, larger ones as 16 bit.
    """
    values = np.asarray(image)
    if values.dtype.itemsize == 2:
        return np.rint(np.arange(65536) / 257).astype(np.uint8)[values]
    grey = np.nan_to_num(values.astype(np.float32), copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    highest = grey.max(initial=0.0)
    if image.mode == "F" and highest <= 1:
        grey *= 255
    elif highest > 255 or image.format == "PPM":  # Pillow scales every PGM of more than 8 bits to 16
        grey /= 257
    return np.clip(np.rint(grey, out=grey), 0, 255, out=grey).astype(np.uint8)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _broken(
    found: str, name: str, advice: str = "open it to see what it is; replace it, or take it away"
) -> BrokenPictureError:
    return BrokenPictureError(
        "A picture that can be decoded was expected.", found=found, where=name, advice=advice
    )


def _too_large(name: str, found: str, max_pixels: int) -> LargePictureError:
    if pixels := re.search(r"\((\d+) pixels\)", found):
        found = f"{int(pixels[1]):,} pixels"
    return LargePictureError(
        f"A picture of at most {max_pixels / 1_000_000:g} megapixels was expected.",
        found=f"{found}, which were not decoded",
        where=name,
        advice="reduce it first",
    )


def _unknown(source: str | os.PathLike[str] | bytes, name: str) -> BrokenPictureError:
    """Say what a file is that no format fits, where its first bytes tell."""
    try:
        with _opened(source) as stream:
            head = stream.read(32)
    except OSError as error:
        return _broken(_reason(error), name)
    for start, what, advice in TELLTALES:
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(start):
            return _broken(what, name, advice)
    for form in SIGNED:
        accepts = Image.OPEN[form][1]
        if accepts is not None and accepts(head) is True:
            return _broken(f"a damaged {form} file: its header makes no sense", name)
    if head[4:8] == b"ftyp":
        return _broken("HEIC or a film, which are not read", name, "export it as JPEG or PNG")
    return _broken(f"no picture format fits; it begins with {repr(head[:12])[1:]}", name)


def _reason(error: Exception) -> str:
    """Return in one line what an exception says; no address of an object, so that runs can be compared."""
    if isinstance(error, OSError) and error.strerror:  # of the system, such as: Permission denied
        return error.strerror
    said = re.sub(r" at 0x[0-9a-f]+", "", (str(error) or type(error).__name__).splitlines()[0])[:200]
    return f"damaged, cut short or of an unusual kind: {said}"
