"""A request's body -> its pictures, decoded as `predict` decodes files."""

from __future__ import annotations

import asyncio
import functools
import os
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import numpy as np
from fastapi import Request

from tellapart.deploy.service.forms import Upload, read_form
from tellapart.deploy.service.limits import Limits
from tellapart.deploy.service.refusal import RefusedRequestError
from tellapart.errors import LargePictureError
from tellapart.pictures.decode import decode

ALONE_FROM = 24_000_000
"""Pixels from which pictures are decoded one after the other: each may take some 10 bytes per pixel for a while."""

MOST_THREADS = 8
"""Pictures decoded at the same time, on any machine: what bounds the memory of it."""

UNNAMED = "picture"
"""What a picture without a name is called."""


async def read_uploads(request: Request, limits: Limits) -> list[Upload]:
    """Return the files of a request, in order; one at least.

    Raises
    ------
    RefusedRequestError
        The body is neither a form with files nor a picture, or there are too many.
    """
    coding = request.headers.get("content-encoding", "identity")
    if coding.lower() != "identity":
        raise RefusedRequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "content_encoding",
            "A body as it is was expected.",
            found=f"Content-Encoding: {coding}",
            advice="send it without; pictures are compressed already",
        )
    content = await request.body()
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        uploads = read_form(request.headers["content-type"], content, limits.files, UNNAMED)
        if not uploads:
            raise _no_picture("a form without a file")
        return uploads
    # Any other kind is a picture as the body, whatever it is called: curl --data-binary calls it a form.
    if not content:
        raise _no_picture("an empty body")
    return [Upload(request.query_params.get("name", UNNAMED), content)]


class Decoder:
    """Decodes in threads."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pool = ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1), thread_name_prefix="decode")
        self._alone = asyncio.Semaphore(1)

    async def decode(self, upload: Upload) -> np.ndarray:
        """Return the picture, uint8 RGB HWC, reduced as `predict` does.

        Raises
        ------
        BrokenPictureError
            It cannot be decoded.
        LargePictureError
            It has too many pixels.
        """
        try:
            return await self._decode(upload, min(ALONE_FROM, self._limits.pixels))
        except LargePictureError:
            if self._limits.pixels <= ALONE_FROM:
                raise
        async with self._alone:
            return await self._decode(upload, self._limits.pixels)

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown()

    async def _decode(self, upload: Upload, max_pixels: int) -> np.ndarray:
        call = functools.partial(decode, upload.content, max_pixels=max_pixels)
        image, _ = await asyncio.get_running_loop().run_in_executor(self._pool, call)
        return image


def _no_picture(found: str) -> RefusedRequestError:
    return RefusedRequestError(
        HTTPStatus.BAD_REQUEST,
        "no_picture",
        "One or more pictures were expected.",
        found=found,
        advice="curl -F files=@picture.jpg, or curl --data-binary @picture.jpg",
    )
