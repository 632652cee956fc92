"""A picture file -> a small copy that a browser can show."""

from __future__ import annotations

import io

from PIL import Image

from tellapart.pictures.address import Location
from tellapart.pictures.decode import decode

SIDES = (192, 768)
"""Longest sides that can be asked for, px: in a list; to be looked at."""

LOSSLESS = 256
"""Up to this longest side, px, every pixel is sent as it is: pictures this small are enlarged to be looked at."""


def thumbnail(file: Location, side: int) -> tuple[bytes, str]:
    """Return a copy of at most `side` px, upright and without anything but pixels, and its content type.

    Raises
    ------
    BrokenPictureError
        It cannot be decoded, or is not there.
    AddressError
        Its address cannot be reached.
    """
    image_HWC, _ = decode(file, longest_side=side)
    out = io.BytesIO()
    if max(image_HWC.shape[:2]) <= LOSSLESS:
        Image.fromarray(image_HWC).save(out, "PNG")
        return out.getvalue(), "image/png"
    Image.fromarray(image_HWC).save(out, "JPEG", quality=88)
    return out.getvalue(), "image/jpeg"
