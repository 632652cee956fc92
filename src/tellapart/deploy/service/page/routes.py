"""What the page asks for: itself, the run in a few words, its report, and pictures whose labels are looked at again.

Pictures are named by number only, and sent as thumbnails made here: no path comes from a browser, and no file of
somebody's making goes to one as it is.
"""

from __future__ import annotations

import http
import secrets
import time
from importlib.resources import files
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from tellapart.deploy.origin import pictures_of
from tellapart.deploy.service.page.decisions import Decisions
from tellapart.deploy.service.page.gallery import Gallery, read_gallery
from tellapart.deploy.service.page.thumbnails import SIDES, thumbnail
from tellapart.deploy.service.refusal import RefusedRequestError
from tellapart.deploy.service.served import Served, ServedRun
from tellapart.errors import AddressError, BrokenPictureError, TellapartError
from tellapart.pictures.address import Location
from tellapart.pictures.corrections import KEEP, SKIP, Correction

router = APIRouter(include_in_schema=False)

SCRIPTS = ("asking", "labels", "page", "report", "run", "tabs", "trying", "words")
FILES = {
    "index.html": "text/html",
    "page.css": "text/css",
    "icon.svg": "image/svg+xml",
    **{f"{name}.js": "text/javascript" for name in SCRIPTS},
}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page runs its own script and nothing else; what it shows comes from this service or was chosen by the user."""

REPORT_POLICY = "sandbox; frame-ancestors 'self'"
"""Whatever is in report.html, it runs nothing and is a stranger to the page around it. Its own policy holds too."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

TICKET_SECONDS = 60.0
"""A frame cannot send a token: it opens the report by an address that holds for as long as opening takes."""


class Looked:
    """A run as the page looks at it: its gallery, read once, and the decisions about it.

    Parameters
    ----------
    served
        The run.
    pictures
        Where PICTURES are now; None: where `train` read them.
    """

    def __init__(self, served: Served, pictures: Location | None) -> None:
        self.decisions = Decisions(served.run)
        self._served, self._pictures = served, pictures
        self._gallery: Gallery | None = None
        self._tickets: dict[str, float] = {}

    def gallery(self) -> Gallery:
        """Return the gallery.

        Raises
        ------
        RunFolderError
            The run is unfinished or damaged.
        """
        if self._gallery is None:
            self._gallery = read_gallery(self._served.run, self._served.predictor.classes, self._pictures)
        return self._gallery

    def command(self) -> str:
        """Return the command that trains with the corrections."""
        return self.decisions.command(pictures_of(self._served.run.path, self._pictures))

    def issue_ticket(self) -> str:
        """Return what opens the report for a moment."""
        now = time.monotonic()
        self._tickets = {ticket: end for ticket, end in self._tickets.items() if end > now}
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = now + TICKET_SECONDS
        return ticket

    def admits(self, ticket: str) -> bool:
        """Tell whether a ticket opens the report now."""
        return self._tickets.get(ticket, 0.0) > time.monotonic()


class Decision(BaseModel):
    """What somebody decided about a label; `label` where it is another class."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["keep", "change", "skip"]
    label: str | None = None


def is_open(method: str, path: str) -> bool:
    """Tell whether a request is answered without a token: for the page itself, and the report, which has a ticket."""
    own = path in ("/", "/page/report") or path.removeprefix("/page/") in FILES
    return own and method in ("GET", "HEAD")


def _looked(request: Request) -> Looked:
    found: Looked = request.app.state.looked
    return found


LookedRun = Annotated[Looked, Depends(_looked)]


@router.get("/")
def index() -> Response:
    """Send the page."""
    return _file("index.html")


@router.get("/page/report")
def report(served: ServedRun, looked: LookedRun, ticket: Annotated[str, Query()] = "") -> Response:
    """Send the report of the run, for a ticket."""
    if not looked.admits(ticket):
        raise _refused(
            http.HTTPStatus.FORBIDDEN,
            "ticket",
            "The report is opened from the page, by an address that holds for a minute.",
            found="another address, or one of before",
            advice="open / and choose Report",
        )
    try:
        page = (served.run.path / "report.html").read_bytes()
    except OSError as error:
        raise _refused(
            http.HTTPStatus.NOT_FOUND,
            "no_report",
            "The run should have a report.",
            found="no report.html",
            advice="write it again: tellapart report RUN",
        ) from error
    return _response(page, "text/html; charset=utf-8", REPORT_POLICY)


@router.post("/page/report")
def open_report(looked: LookedRun) -> dict[str, str]:
    """Return an address of the report that holds for a minute."""
    return {"address": f"/page/report?ticket={looked.issue_ticket()}"}


@router.get("/page/run")
def run(served: ServedRun) -> dict[str, Any]:
    """Say which run this is, in the words of its report."""
    said, predictor = served.metrics, served.predictor
    return {
        "name": said.get("name") or served.run.path.absolute().name,
        "decision": said.get("decision"),
        "sentence": (said.get("words") or {}).get("sentence"),
        "classes": list(predictor.classes),
        "positive": predictor.positive,
        "threshold": predictor.threshold,
        "not_sure_below": predictor.not_sure_below,
        "files_at_once": served.limits.files,
        "body_bytes": served.limits.body_bytes,
    }


@router.get("/page/gallery")
def gallery(looked: LookedRun) -> dict[str, Any]:
    """Return what is worth another look, what was decided, and the command that uses it."""
    try:
        found = looked.gallery()
        decided = looked.decisions.read()
        return {
            **found.to_dict(decided),
            "there": found.pictures_are_there(),
            "root": str(found.root),
            "file": str(looked.decisions.file),
            "decided": len(decided),
            "command": looked.command(),
        }
    except TellapartError as error:
        raise _unusable(error) from error


@router.get("/page/pictures/{number}")
def picture(looked: LookedRun, number: int, side: int = SIDES[0]) -> Response:
    """Send a small copy of one of the run's pictures, of the nearest of `SIDES`."""
    file, side = _entry_file(looked, number), min(SIDES, key=lambda one: abs(one - side))
    try:
        if file is None:
            raise BrokenPictureError(
                "", found="a path that leads out of PICTURES, or an address that was not named"
            )
        content, kind = thumbnail(file, side)
    except (BrokenPictureError, AddressError) as error:
        raise _refused(
            http.HTTPStatus.NOT_FOUND,
            "no_picture",
            "The picture should be where it was when the run was trained.",
            found=error.found,
            advice="say where the pictures are now: tellapart serve RUN --pictures DIR",
        ) from error
    return _response(content, kind, "default-src 'none'; sandbox")


@router.put("/page/corrections/{number}")
def decide(looked: LookedRun, number: int, decision: Annotated[Decision, Body()]) -> dict[str, Any]:
    """Write a decision about a label."""
    _entry_file(looked, number)
    found = looked.gallery()
    label = {KEEP: found.entries[number].label, SKIP: ""}.get(decision.decision, decision.label)
    if label is None or (decision.decision != SKIP and label not in found.classes):
        raise _refused(
            http.HTTPStatus.UNPROCESSABLE_ENTITY,
            "class",
            "A label should be one of the classes.",
            found=repr(label),
            advice=f"one of {', '.join(map(repr, found.classes))}",
        )
    return _decided(looked, number, Correction(decision.decision, label))


@router.delete("/page/corrections/{number}")
def take_back(looked: LookedRun, number: int) -> dict[str, Any]:
    """Take a decision back."""
    _entry_file(looked, number)
    return _decided(looked, number, None)


@router.get("/page/{name}")
def part(name: str) -> Response:
    """Send the style sheet or the script."""
    if name not in FILES:
        raise _refused(
            http.HTTPStatus.NOT_FOUND, "not_found", "A part of the page.", found=repr(name), advice="open /"
        )
    return _file(name)


def _decided(looked: Looked, number: int, correction: Correction | None) -> dict[str, Any]:
    try:
        decided = looked.decisions.decide(looked.gallery().path(number), correction)
        return {"decided": len(decided), "command": looked.command()}
    except TellapartError as error:
        raise _unusable(error) from error


def _entry_file(looked: Looked, number: int) -> Location | None:
    try:
        found = looked.gallery()
    except TellapartError as error:
        raise _unusable(error) from error
    if not 0 <= number < len(found.entries):
        raise _refused(
            http.HTTPStatus.NOT_FOUND,
            "no_picture",
            f"A number below {len(found.entries)} was expected.",
            found=str(number),
            advice="load the page again",
        )
    return found.file(number)


def _unusable(error: TellapartError) -> RefusedRequestError:
    return RefusedRequestError(
        http.HTTPStatus.CONFLICT,
        "run_folder",
        error.expected,
        found=error.found,
        where=error.where,
        advice=error.advice,
    )


def _refused(
    status: http.HTTPStatus, code: str, expected: str, *, found: str, advice: str
) -> RefusedRequestError:
    return RefusedRequestError(status, code, expected, found=found, advice=advice)


def _file(name: str) -> Response:
    content = files("tellapart.deploy.service.page").joinpath(name).read_bytes()
    return _response(content, f"{FILES[name]}; charset=utf-8", POLICY)


def _response(content: bytes, kind: str, policy: str) -> Response:
    return Response(content, media_type=kind, headers={**HEADERS, "Content-Security-Policy": policy})
