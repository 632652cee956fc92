"""audit.json and the pictures that belong to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from tellapart.report.numbers import as_number, plain
from tellapart.report.reading.values import boolean, jpeg, mapping, sequence, text, texts, whole
from tellapart.report.summary import Audit, Finding, Pair, Picture
from tellapart.report.text import visible

T = TypeVar("T")

SEVERITIES = ("stop", "warn", "note")


def read_audit(document: Any, pairs: Iterable[Any] = ()) -> Audit | None:
    """Read an audit and hang each pair on the first finding with its code; the gravest come first.

    Parameters
    ----------
    document
        As in audit.json; None gives None.
    pairs
        As in gallery.json: ``code``, ``paths``, ``labels``, ``words``, ``jpegs``.
    """
    if document is None:
        return None
    found = mapping(document)
    left = [_pair(block) for block in pairs]
    findings = []
    for block in map(mapping, sequence(found.get("findings"))):
        code = text(block.get("code"))
        findings.append(_finding(block, code, [pair for pair in left if pair.code == code]))
        left = [pair for pair in left if pair.code != code]
    findings.sort(key=lambda finding: _rank(finding.severity))
    classes = mapping(found.get("classes"))
    return Audit(
        pictures=whole(found.get("pictures")),
        classes=tuple((visible(name), plain(count)) for name, count in classes.items()),
        findings=tuple(findings),
        unchecked=tuple(visible(name) for name in sequence(found.get("unchecked"))),
    )


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _finding(block: dict[str, Any], code: str, pairs: Sequence[Pair]) -> Finding:
    groups = (
        texts(group) if isinstance(group, list) else (text(group),) for group in sequence(block.get("files"))
    )
    return Finding(
        code=code,
        severity=text(block.get("severity"), "note"),
        title=text(block.get("title"), code),
        advice=text(block.get("advice")),
        evidence=tuple(
            (visible(name).replace("_", " "), plain(value))
            for name, value in mapping(block.get("evidence")).items()
        ),
        files=tuple(group for group in groups if group),
        pairs=tuple(pairs),
    )


def _pair(value: Any) -> Pair:
    block = mapping(value)
    paths = texts(block.get("paths"))
    labels, jpegs = texts(block.get("labels")), [jpeg(item) for item in sequence(block.get("jpegs"))]
    return Pair(
        code=text(block.get("code")),
        paths=paths,
        labels=_filled(labels, len(paths), ""),
        words=text(block.get("words")),
        jpegs=_filled(jpegs, len(paths), None),
    )


def _filled(items: Sequence[T], length: int, otherwise: T) -> tuple[T, ...]:
    return tuple([*items, *[otherwise] * length][:length])


def read_gallery(value: Any) -> tuple[Picture, ...]:
    """Read ``pictures`` of gallery.json: the worst mistakes, the worst first."""
    return tuple(_picture(mapping(block)) for block in sequence(value))


def _picture(block: dict[str, Any]) -> Picture:
    return Picture(
        path=text(block.get("path")),
        label=text(block.get("label")),
        predicted=text(block.get("predicted")),
        probability=as_number(block.get("probability_of_label")),
        sure=boolean(block.get("sure")),
        jpeg=jpeg(block.get("jpeg")),
    )
