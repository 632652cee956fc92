"""A picture at an address -> its bytes; what is wrong with one file is told from a connection that fails for all."""

from __future__ import annotations

from tellapart.errors import BrokenPictureError
from tellapart.pictures.address import Address
from tellapart.pictures.remote import unreachable

MAX_BYTES = 2**30
"""Of a file, which is held whole: as large as 120 megapixels of four channels with 16 bit, uncompressed."""


def fetch(file: Address) -> bytes:
    """Return the bytes of a picture at an address.

    Raises
    ------
    BrokenPictureError
        It is not there, may not be read, or is too large; others may do.
    AddressError
        The address cannot be reached, or not any more.
    """
    if file.stamp is not None and file.stamp[0] > MAX_BYTES:
        raise _left_out(file, f"a file of {file.stamp[0]:,} bytes", "reduce it first")
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise _left_out(file, "nothing there", "check the path") from None
    except PermissionError as error:
        _check_still_open(file)
        found = error.strerror or str(error)
        raise _left_out(file, found, "ask for permission to read it, or take it away") from None


def _check_still_open(file: Address) -> None:
    """See whether all access has ended: then no other picture can be read either, and none is to blame."""
    if file.stamp is None:  # no listing named it, so none need be allowed
        return
    try:
        file.parent.kind()
    except OSError as error:
        folder = file.parent
        raise unreachable(folder.base, folder.inner, error.strerror or str(error)) from None


def _left_out(file: Address, found: str, advice: str) -> BrokenPictureError:
    return BrokenPictureError(
        "A picture that can be decoded was expected.", found=found, where=str(file), advice=advice
    )
