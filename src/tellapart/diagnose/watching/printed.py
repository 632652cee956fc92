"""Printed lines -> figures: a number beside a word for a measure, sklearn's reports, confusion matrices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tellapart.diagnose.observed import Line

from .wording import MEASURE, PART, parted

REACH = 60
"""Most characters from a word for a measure to its number: "accuracy of the network on the 80 test pictures: 71 %"."""
PERCENT_FROM = 5.0
"""A share above 1 is read as percent from here on: an accuracy of less than 5 % is hardly printed, one of more than
500 % never, but one of 120 % or 180 % is, by totals that run on."""
LARGEST_TABLE = 50

_NUMBER = re.compile(
    r"(?P<right>\d+)\s*/\s*(?P<of>\d+)|(?P<value>(?<![\w.])-?\d*\.?\d+(?:e[-+]?\d+)?|\bnan\b)(?P<percent>\s*%)?",
    re.IGNORECASE,
)
_ROW = re.compile(
    r"^\s*(?P<name>\S.*?)\s{2,}(?P<precision>\d\.\d+)\s+(?P<recall>\d\.\d+)\s+(?P<f1>\d\.\d+)\s+(?P<n>\d+)\s*$"
)
_AVERAGE = re.compile(r"^(?:macro|micro|weighted|samples) avg$")


@dataclass(frozen=True)
class Figure:
    """One figure of a printed line.

    Attributes
    ----------
    value
        As a share where it was printed in percent.
    tolerance
        Half of the last digit that was printed.
    role
        What the words say of the part, or "".
    of
        Position of the class, the words ``macro`` or ``weighted``, or "".
    table
        Of a confusion matrix.
    """

    measure: str
    value: float
    tolerance: float
    role: str
    line: Line
    of: str = ""
    table: tuple[tuple[int, ...], ...] = ()


def figures(lines: Sequence[Line]) -> Iterator[Figure]:
    """Yield every figure of the lines, in order."""
    row = 0
    table: list[tuple[int, ...]] = []
    shares = {_template(line.text) for line in lines if _is_share(line)}
    for line in lines:
        text = line.text
        if found := _ROW.match(text):
            average = _AVERAGE.match(found["name"])
            of = found["name"].partition(" ")[0] if average else str(row)
            row = row if average else row + 1
            for measure in ("precision", "recall", "f1"):
                yield _report(measure, found[measure], of, line)
            continue
        if not text.lstrip().startswith("accuracy"):
            row = 0  # the accuracy stands within a report
        if "[[" in text:
            table = []
        if "[[" in text or (table and text.lstrip().startswith("[")):
            table.append(tuple(int(one) for one in re.findall(r"\d+", text.partition("[")[2])))
            if "]]" in text:
                yield from _confusion(table, line)
                table = []
            continue
        yield from _with_role(list(_beside_words(line, as_share=_template(text) in shares)))


def _with_role(found: list[Figure]) -> Iterator[Figure]:
    """Yield the figures of a line: beside ``val_acc`` or ``test_acc``, a plain ``acc`` is that of training."""
    judging = {one.measure for one in found if one.role in ("validation", "test")}
    for one in found:
        yield replace(one, role="train") if not one.role and one.measure in judging else one


def _report(measure: str, written: str, of: str, line: Line) -> Figure:
    return Figure(measure, float(written), _half_digit(written), "", line, of)


def _confusion(rows: list[tuple[int, ...]], line: Line) -> Iterator[Figure]:
    """Yield the accuracy of a square matrix of counts."""
    total = sum(map(sum, rows))
    if 1 < len(rows) <= LARGEST_TABLE and all(len(row) == len(rows) for row in rows) and total:
        right = sum(row[at] for at, row in enumerate(rows))
        yield Figure("accuracy", right / total, 1e-9, "", line, table=tuple(rows))


def _template(text: str) -> str:
    """Return what a line has in common with those that the same statement printed."""
    return re.sub(r"[\d.]+", "#", text)


def _is_share(line: Line) -> bool:
    """Whether a line shows measures as shares: then so do those like it, be the figures ever so large."""
    found = [one for one in _beside_words(line, as_share=True) if one.measure != "loss"]
    return "%" not in line.text and any(0 < one.value <= 1 for one in found)


def _beside_words(line: Line, *, as_share: bool) -> Iterator[Figure]:
    text = parted(line.text)
    words = list(MEASURE.finditer(text))
    role, done = "", 0
    for at, word in enumerate(words):
        until = words[at + 1].start() if at + 1 < len(words) else len(text)
        number = _number_after(text[word.end() : until])
        end = word.end() if number is None else word.end() + number.end()
        named = list(PART.finditer(text[done:end]))
        role = str(named[-1].lastgroup) if named else role
        if number is None:
            continue
        done = end
        measure = str(word.lastgroup)
        value, tolerance = _value(number, as_share or measure == "loss")
        yield Figure(measure, value, tolerance, role, line)


def _number_after(text: str) -> re.Match[str] | None:
    """Return the number that goes with a word: the one after a colon or a sign of equality, else the first."""
    mark = re.search(r"[:=]", text)
    after = None if mark is None else _NUMBER.search(text, mark.end())
    found = after or _NUMBER.search(text)
    return found if found is not None and found.start() < REACH else None


def _value(number: re.Match[str], as_printed: bool) -> tuple[float, float]:
    if number["of"]:
        whole = int(number["of"])
        return (int(number["right"]) / whole, 1e-9) if whole else (float("nan"), 0.0)
    value, tolerance = float(number["value"]), _half_digit(number["value"])
    if number["percent"] or (value >= PERCENT_FROM and not as_printed):
        return value / 100, tolerance / 100
    return value, tolerance


def _half_digit(written: str) -> float:
    mantissa = written.lower().partition("e")[0]
    return 0.5 * 10.0 ** -len(mantissa.partition(".")[2]) + 1e-9
