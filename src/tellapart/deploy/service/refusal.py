"""A request that is not answered: its status, and the document that says why."""

from __future__ import annotations

import http
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from tellapart.errors import TellapartError


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
        status: http.HTTPStatus,
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


def error_document(error: TellapartError, code: str) -> dict[str, Any]:
    """Return what is said of an error: ``code`` for programs, the rest for people."""
    said = {"expected": error.expected, "found": error.found, "where": error.where, "advice": error.advice}
    return {"error": {"code": code, **said}}


def refusal(error: RefusedRequestError) -> JSONResponse:
    """Return the response that a refused request gets."""
    return JSONResponse(error_document(error, error.code), status_code=error.status, headers=error.headers)
