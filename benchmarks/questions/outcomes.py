"""Finished rows: kept as one JSON line each, read back, and summed up over seeds.

Legend: a *curve* is the list of a figure's values by epoch, under the name it has in curves.csv.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.questions.rows import Row
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.intervals import proportion

SIGNIFICANT = 5
"""Digits kept of a figure: more than any interval here supports."""


@dataclass(frozen=True)
class Outcome:
    """One finished training.

    Attributes
    ----------
    row
        What was run.
    curves
        Name -> values by epoch; nan where not measured or not defined.
    final
        Part -> measure -> value, low, high, n: 95 % intervals over pictures.
    parts
        Part -> class -> number of pictures.
    about
        Class 1, the command, durations (clock and CPU, seconds), date, versions, ``stopped_by``.
    """

    row: Row
    curves: dict[str, list[float]]
    final: dict[str, Any]
    parts: dict[str, dict[str, int]]
    about: dict[str, Any]

    def at(self, name: str, epoch: int) -> float:
        """Return a figure after `epoch` (counted from 1); nan where there is none."""
        values = self.curves.get(name, [])
        return values[epoch - 1] if 1 <= epoch <= len(values) else math.nan

    @property
    def epochs(self) -> int:
        """How many were trained."""
        return len(self.curves["loss"])


def from_document(row: Row, document: dict[str, Any], about: dict[str, Any]) -> Outcome:
    """Take what is kept from the result.json of a recipe."""
    epochs = document["epochs"]
    names = list(dict.fromkeys(name for one in epochs for name in one["reported"]))
    curves = {name: [one["reported"].get(name) for one in epochs] for name in names}
    true = dict.fromkeys((p, m) for one in epochs for p, found in one["true"].items() for m in found)
    curves |= {f"true_{p}_{m}": [one["true"].get(p, {}).get(m) for one in epochs] for p, m in true}
    about = about | {name: document[name] for name in ("class_1", "stopped_by", "versions")}
    return Outcome(row, _floats(curves), document["final"], document["parts"], about)


def append(file: Path, outcome: Outcome) -> None:
    """Add a finished row to the file."""
    kept = asdict(outcome) | {"key": outcome.row.key}
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(_rounded(kept), allow_nan=False) + "\n")


def read(file: Path) -> list[Outcome]:
    """Read all finished rows; of two with one key the later counts. A line cut off by a crash is passed over."""
    found: dict[str, Outcome] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        try:
            kept = json.loads(line)
        except ValueError:
            continue
        kept["row"]["options"] = tuple(kept["row"]["options"])
        key = kept.pop("key")
        found[key] = Outcome(**kept | {"row": Row(**kept["row"]), "curves": _floats(kept["curves"])})
    return list(found.values())


def _floats(curves: dict[str, list[Any]]) -> dict[str, list[float]]:
    return {
        name: [math.nan if value is None else float(value) for value in values]
        for name, values in curves.items()
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT}g}") if math.isfinite(value) else None
    return value


@dataclass(frozen=True)
class OverSeeds:
    """A mean over seeds with its 95 % interval (Student's t); no interval with one seed."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        if self.n == 0:
            return "–"
        if self.n == 1:
            return f"{self.value:.3f} (1 seed)"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def over_seeds(values: Iterable[float], *, share: bool = True) -> OverSeeds:
    """Sum up one figure of several seeds; what is not defined is left out, and `n` says how many were not.

    Parameters
    ----------
    values
        One a seed.
    share
        Whether the figure lies between 0 and 1: the interval is cut there.
    """
    found = np.array([value for value in values if math.isfinite(value)])
    if len(found) < 2:
        value = float(found[0]) if len(found) else math.nan
        return OverSeeds(value, math.nan, math.nan, len(found))
    mean = float(found.mean())
    half = float(stats.t.ppf(0.975, len(found) - 1) * found.std(ddof=1) / math.sqrt(len(found)))
    low, high = mean - half, mean + half
    return OverSeeds(mean, max(low, 0.0), min(high, 1.0) if share else high, len(found))


def over_pictures(outcomes: Sequence[Outcome], part: str, measure: str, epoch: int) -> str:
    """Say the 95 % interval over pictures after `epoch`: the mean of the seeds' own limits, and n of one seed.

    The seeds are measured on the same pictures, so they do not add up to more of them.
    """
    found = [one for each in outcomes if (one := _estimate(each, part, measure, epoch)).is_defined]
    if not found:
        return "–"
    low, high = float(np.mean([one.low for one in found])), float(np.mean([one.high for one in found]))
    return f"{low:.3f} to {high:.3f}, n = {found[0].n}"


def _estimate(one: Outcome, part: str, measure: str, epoch: int) -> Estimate:
    """Return the figure after the last epoch as the recipe gave it, an earlier accuracy by its count."""
    if epoch == one.epochs and part in one.final:
        kept = one.final[part][measure]
        return Estimate(**{name: math.nan if value is None else value for name, value in kept.items()})
    value = one.at(f"true_{part}_{measure}", epoch)
    if measure != "accuracy" or not math.isfinite(value):
        return Estimate.undefined()
    pictures = sum(one.parts[part].values())
    return proportion(round(value * pictures), pictures)
