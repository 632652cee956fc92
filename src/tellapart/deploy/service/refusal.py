"""A request that is not answered: its status, and the document that says why."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from tellapart.errors import TellapartError


class Error(BaseModel):
    """What is wrong: `code` for programs, the rest for people."""

    code: str
    expected: str
    found: str
    where: str
    advice: str


class Refused(BaseModel):
    """The body of every 4xx and 5xx."""

    error: Error


class RefusedRequestError(TellapartError):
    """A request cannot be answered as it is.

    Parameters
    ----------
    status
        Of HTTP, 400 to 499.
    code
        For programs: what the matter is, in one word.
    expected, found, where, advice
        For people; see `TellapartError`.
    headers
        Of the response, beside the usual ones.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        expected: str,
        *,
        found: str,
        where: str = "the request",
        advice: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(expected, found=found, where=where, advice=advice)
        self.status, self.code, self.headers = status, code, dict(headers or {})


def error_of(error: RefusedRequestError) -> Error:
    """Return what is said of a refusal."""
    return Error(
        code=error.code, expected=error.expected, found=error.found, where=error.where, advice=error.advice
    )


def refusal(error: RefusedRequestError) -> JSONResponse:
    """Return the response that a refused request gets."""
    return JSONResponse({"error": error_of(error).model_dump()}, error.status, headers=error.headers)


def too_busy(expected: str, found: str) -> RefusedRequestError:
    """Return the refusal of what could be answered in a moment."""
    return RefusedRequestError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_busy",
        expected,
        found=found,
        advice="send it again in a moment",
        headers={"Retry-After": "1"},
    )


def answer_errors(app: FastAPI) -> None:
    """Have every error of a route answered by such a document."""
    app.add_exception_handler(RefusedRequestError, _refused)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedRequestError)  # noqa: S101 - it is registered for no other
    request.app.state.served.counts.refused.labels(error.code).inc()
    return refusal(error)


async def _of_framework(request: Request, error: Exception) -> JSONResponse:
    """Answer what starlette refuses by itself: unknown paths and methods."""
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    return refusal(
        RefusedRequestError(
            HTTPStatus(error.status_code),
            HTTPStatus(error.status_code).name.lower(),
            "A request that is answered here was expected.",
            found=f"{request.method} {request.url.path[:200]}: {error.detail}",
            advice="see /docs",
            headers=error.headers,
        )
    )


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    first = error.errors()[0]
    return refusal(
        RefusedRequestError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid",
            "A request as /docs describes it was expected.",
            found=str(first["msg"])[:200],
            where=".".join(str(one) for one in first["loc"])[:200],
            advice="see /docs",
        )
    )


async def _unexpected(_: Request, __: Exception) -> JSONResponse:
    """Answer what should not happen; the server's log has the reason."""
    return refusal(
        RefusedRequestError(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "unexpected",
            "An answer was expected.",
            found="an unexpected failure",
            where="the service",
            advice="its log says more; if the same request fails again, report it with the log",
        )
    )
