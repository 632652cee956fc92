"""What one request, and all of them together, may cost the service."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """How much is taken in before a request is refused with a 4xx of its own.

    Attributes
    ----------
    body_bytes
        Of one request; a picture of a telephone has 2 to 12 MiB.
    held_bytes
        Of the bodies of all requests that are not yet answered; more are refused for the moment.
    pixels
        Of one picture; telephones and cameras have up to 50 megapixels.
    files
        In one request.
    at_once
        Requests that are being answered; more are refused for the moment.
    body_seconds
        From the head of a request to the last byte of its body.
    """

    body_bytes: int = 32 * MIB
    held_bytes: int = 256 * MIB
    pixels: int = 50_000_000
    files: int = 64
    at_once: int = 128
    body_seconds: float = 30.0
