"""A form (multipart/form-data) -> its files; nothing is written to disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tellapart.deploy.service.refusal import RefusedRequestError


@dataclass(frozen=True)
class Upload:
    """A file of a request, not decoded."""

    name: str
    content: bytes


def read_form(content_type: str, body: bytes, most: int, unnamed: str) -> list[Upload]:
    """Return the files of a form, in order; fields without a file name are no files.

    Parameters
    ----------
    content_type
        The header, with the boundary.
    body
        All of it.
    most
        Parts that are allowed.
    unnamed
        What a file with an empty name is called.

    Raises
    ------
    RefusedRequestError
        It is damaged, cut short, or has more parts.
    """
    reading = _Reading(most)
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not boundary:
        raise _bad("no boundary in its Content-Type")
    callbacks = {
        "on_part_begin": reading.begin,
        "on_header_field": reading.header_name,
        "on_header_value": reading.header_value,
        "on_header_end": reading.header_end,
        "on_part_data": reading.data,
        "on_end": reading.end,
    }
    try:
        MultipartParser(boundary, callbacks).write(body)  # type: ignore[arg-type]
    except FormParserError as error:
        raise _bad(str(error)[:200]) from None
    if not reading.ended:
        raise _bad("one that is cut short")
    return [
        Upload(_text(name) or unnamed, b"".join(part.pieces))
        for part in reading.parts
        if (name := parse_options_header(part.disposition)[1].get(b"filename")) is not None
    ]


@dataclass
class _Part:
    disposition: bytes = b""
    pieces: list[bytes] = field(default_factory=list)


class _Reading:
    """What the parser has met so far."""

    def __init__(self, most: int) -> None:
        self._most, self._name, self._value = most, b"", b""
        self.parts: list[_Part] = []
        self.ended = False

    def begin(self) -> None:
        if len(self.parts) == self._most:
            raise RefusedRequestError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "too_many_files",
                f"At most {self._most} files in one request were expected.",
                found="more",
                advice="send them in several requests",
            )
        self.parts.append(_Part())

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self.parts[-1].disposition = self._value
        self._name = self._value = b""

    def data(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].pieces.append(data[start:end])

    def end(self) -> None:
        self.ended = True


def _text(name: bytes) -> str:
    return name.decode("utf-8", errors="replace")


def _bad(found: str) -> RefusedRequestError:
    return RefusedRequestError(
        HTTPStatus.BAD_REQUEST,
        "bad_form",
        "A form of files (multipart/form-data) was expected.",
        found=found,
        advice="let a library write it, or: curl -F files=@picture.jpg",
    )
