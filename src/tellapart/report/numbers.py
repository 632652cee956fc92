"""Numbers in words. An estimate can only be printed with its interval and its n."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from tellapart.evaluate.estimate import Estimate

NO_BREAK = "\u00a0"
UNDEFINED = "not defined"

Unit = Literal["share", "score", "count"]


@dataclass(frozen=True)
class Figure:
    """An estimate with its name and unit; the templates print estimates through nothing else.

    Attributes
    ----------
    name
        As a reader calls it: "balanced accuracy".
    estimate
        Value, interval and n; not finite where there is none.
    unit
        ``share``: shown in percent; ``score``: three decimals; ``count``: parts of 1,000.
    """

    name: str
    estimate: Estimate
    unit: Unit = "share"

    @property
    def is_defined(self) -> bool:
        """Whether there is a value at all."""
        return self.estimate.is_defined

    @property
    def value(self) -> str:
        """The value alone, such as "98.3 %"; only ever printed next to `interval`."""
        if not self.is_defined:
            return UNDEFINED
        words = in_unit(self.estimate.value, self.unit)
        return f"{words}{NO_BREAK}%" if self.unit == "share" else words

    @property
    def interval(self) -> str:
        """The interval and n, such as "(91.1 to 99.9, n = 60)"."""
        e = self.estimate
        if not self.is_defined:
            return f"(n{NO_BREAK}={NO_BREAK}{e.n:,})"
        limits = "interval not known"
        if math.isfinite(e.low) and math.isfinite(e.high):
            limits = f"{in_unit(e.low, self.unit)} to {in_unit(e.high, self.unit)}"
        size = f"n{NO_BREAK}={NO_BREAK}{e.n:,}" if e.n else "n not stated"
        return f"({limits}, {size})"

    def __str__(self) -> str:
        return f"{self.value} {self.interval}"


def in_unit(number: float, unit: Unit) -> str:
    """Return a number as its unit is written, without the unit's sign.

    A share or score that is not exactly 0 or 1 never rounds to it: 99.97 % is not 100 %.
    """
    if unit == "count":
        return f"{number:.0f}" if number >= 10 else f"{number:.2g}"
    top, digits = (100.0, 1) if unit == "share" else (1.0, 3)
    scaled, step = number * top, 10.0**-digits
    if math.isclose(scaled, top) or math.isclose(scaled, 0.0, abs_tol=1e-12):
        return f"{scaled:.0f}"
    if 0 < scaled < top:
        scaled = min(max(scaled, step), top - step)
    return f"{scaled:.{digits}f}"


def level(share: float | None) -> str:
    """Return a fixed level that is no estimate (what chance gives, a bar that was asked for)."""
    return UNDEFINED if share is None else f"{100 * share:.3g}{NO_BREAK}%"


def p_value(p: float | None) -> str:
    """Return a p value: "p < 0.001" or "p = 0.03"."""
    if p is None:
        return f"p {UNDEFINED}"
    if p < 0.001:
        return f"p{NO_BREAK}<{NO_BREAK}0.001"
    return f"p{NO_BREAK}={NO_BREAK}{p:.2g}"


def duration(seconds: float | None) -> str:
    """Return seconds as a reader says them: "0.4 s", "41 s", "2 min 5 s", "1 h 3 min"."""
    if seconds is None:
        return "not measured"
    if seconds < 9.95:
        return f"{seconds:.1f}{NO_BREAK}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{NO_BREAK}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}{NO_BREAK}min" + (f" {rest}{NO_BREAK}s" if rest else "")
    hours, minutes = divmod(minutes, 60)
    return f"{hours}{NO_BREAK}h" + (f" {minutes}{NO_BREAK}min" if minutes else "")


def plain(value: Any) -> str:
    """Return any value of a plan or an audit in words: estimates with interval, lists joined."""
    if value is None:
        return UNDEFINED
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else UNDEFINED
    if isinstance(value, dict):
        if is_estimate(value):
            return str(Figure("", as_estimate(value), "score"))
        return "; ".join(f"{key}: {plain(item)}" for key, item in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(plain(item) for item in value) or "none"
    return str(value)


def is_estimate(value: Any) -> bool:
    """Whether a value read from JSON is an estimate."""
    return isinstance(value, dict) and {"value", "low", "high"} <= value.keys()


def as_estimate(value: Any, n: int = 0) -> Estimate:
    """Return the estimate written in JSON; undefined where there is none.

    Parameters
    ----------
    n
        Of the part, for an estimate that does not say its own.
    """
    if not is_estimate(value):
        return Estimate.undefined(n)
    size = as_number(value.get("n"))
    value_, low, high = (as_number(value[key]) for key in ("value", "low", "high"))
    return Estimate(
        math.nan if value_ is None else value_,
        math.nan if low is None else low,
        math.nan if high is None else high,
        n if size is None else int(size),
    )


def as_number(value: Any) -> float | None:
    """Return a finite number, or None for anything else."""
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
