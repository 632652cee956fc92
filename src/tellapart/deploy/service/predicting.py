"""Pictures in, answers out."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from tellapart.deploy.predictor import Answer
from tellapart.deploy.service.forms import Upload
from tellapart.deploy.service.reading import read_uploads
from tellapart.deploy.service.refusal import Error, Refused, RefusedRequestError, error_of
from tellapart.deploy.service.served import Served, ServedRun
from tellapart.errors import BrokenPictureError, LargePictureError

router = APIRouter(tags=["pictures"])

FILES = {"type": "array", "items": {"type": "string", "format": "binary"}}
PICTURES_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": {"type": "object", "properties": {"files": FILES}}},
            "image/*": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
"""Of OpenAPI: the body is read by `read_uploads`, which FastAPI cannot see."""

REFUSED: dict[int | str, dict[str, Any]] = {
    status: {"model": Refused, "description": words}
    for status, words in (
        (400, "no picture, or a form that cannot be read"),
        (401, "no token, or a wrong one"),
        (403, "the page of another site asks"),
        (408, "the body came too slowly"),
        (413, "too many bytes, pixels or files"),
        (415, "a body in another coding"),
        (422, "the picture cannot be decoded"),
        (429, "too many requests at once"),
    )
}


PNG: dict[str, Any] = {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}


class Prediction(BaseModel):
    """What is said of one picture."""

    name: str
    label: str
    probability: dict[str, float]
    sure: bool


class Unreadable(BaseModel):
    """A picture among several that could not be decoded, and why."""

    name: str
    error: Error


class Predictions(BaseModel):
    """One entry per file, in order."""

    predictions: list[Prediction | Unreadable]


@router.post("/v1/predict", openapi_extra=PICTURES_BODY, responses=REFUSED)
async def predict(request: Request, served: ServedRun) -> Predictions:
    """Label pictures: the files of a form, or one picture as the body (its name: ?name=).

    One picture that cannot be decoded is refused (413, 422); among several it gets an entry with its error.
    """
    uploads = await read_uploads(request, served.limits)
    with served.batcher.coming():
        decoded = await asyncio.gather(*(_decoded(served, one) for one in uploads))
    if len(decoded) == 1 and isinstance(decoded[0], BrokenPictureError):
        raise unreadable(decoded[0], uploads[0])
    answers = await served.batcher.answers([one for one in decoded if isinstance(one, np.ndarray)])
    served.counts.answered(answers)
    left = iter(answers)
    return Predictions(
        predictions=[
            Unreadable(name=upload.name, error=error_of(unreadable(one, upload)))
            if isinstance(one, BrokenPictureError)
            else _prediction(served, upload, next(left))
            for upload, one in zip(uploads, decoded, strict=True)
        ]
    )


@router.post(
    "/v1/explain", openapi_extra=PICTURES_BODY, responses=REFUSED | {200: PNG}, response_class=Response
)
async def explain(
    request: Request,
    served: ServedRun,
    class_name: Annotated[
        str | None, Query(alias="class", description="The predicted one by default.")
    ] = None,
) -> Response:
    """Show what in one picture speaks for a class (orange) and against it (blue)."""
    known = served.predictor.classes
    if class_name is not None and class_name not in known:
        raise RefusedRequestError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "unknown_class",
            "A class of the model was expected.",
            found=repr(class_name[:200]),
            where="class",
            advice=f"one of: {', '.join(map(repr, known))}",
        )
    uploads = await read_uploads(request, served.limits)
    if len(uploads) > 1:
        raise RefusedRequestError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "several_pictures",
            "One picture was expected.",
            found=f"{len(uploads)} files",
            advice="send one request for each",
        )
    image = await _decoded(served, uploads[0])
    if isinstance(image, BrokenPictureError):
        raise unreadable(image, uploads[0])
    return Response(await served.heatmaps.png(image, class_name), media_type="image/png")


def unreadable(error: BrokenPictureError, upload: Upload) -> RefusedRequestError:
    """Return the refusal of a request for one picture that cannot be decoded."""
    large = isinstance(error, LargePictureError)
    return RefusedRequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE if large else HTTPStatus.UNPROCESSABLE_ENTITY,
        "too_many_pixels" if large else "unreadable_picture",
        error.expected,
        found=error.found,
        where=upload.name,
        advice=error.advice,
    )


async def _decoded(served: Served, upload: Upload) -> np.ndarray | BrokenPictureError:
    try:
        return await served.decoder.decode(upload)
    except BrokenPictureError as error:
        served.counts.unreadable.inc()
        return error


def _prediction(served: Served, upload: Upload, answer: Answer) -> Prediction:
    shares = dict(zip(served.predictor.classes, answer.probabilities.tolist(), strict=True))
    return Prediction(name=upload.name, label=answer.label, probability=shares, sure=answer.sure)
