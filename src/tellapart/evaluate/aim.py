"""What the classifier is for: the aim that the threshold is chosen for and fitness is judged by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from tellapart.errors import OptionError

Kind = Literal["balanced accuracy", "min precision", "min recall", "cost"]


@dataclass(frozen=True)
class Aim:
    """An aim for the positive class.

    Attributes
    ----------
    kind
        What the threshold is chosen for.
    bar
        The precision or recall to reach; None for the other kinds.
    cost_false_alarm, cost_miss
        What one of each costs, in any common unit.
    prevalence
        Share of the positive class where the classifier will be used; None: as in the pictures.
    """

    kind: Kind = "balanced accuracy"
    bar: float | None = None
    cost_false_alarm: float = 1.0
    cost_miss: float = 1.0
    prevalence: float | None = None

    @classmethod
    def parse(
        cls,
        *,
        min_precision: float | str | None = None,
        min_recall: float | str | None = None,
        cost: str | None = None,
        prevalence: float | str | None = None,
    ) -> Aim:
        """Build an aim from options as a user writes them; balanced accuracy when none is given.

        Parameters
        ----------
        min_precision, min_recall, prevalence
            Between 0 and 1, both excluded.
        cost
            ``FALSE_ALARM:MISS``, two positive numbers, such as ``1:5``.

        Raises
        ------
        OptionError
            For an impossible value, or for more than one of the three aims.
        """
        given = {"--min-precision": min_precision, "--min-recall": min_recall, "--cost": cost}
        named = [name for name, value in given.items() if value is not None]
        if len(named) > 1:
            raise OptionError(
                "At most one of --min-precision, --min-recall and --cost can be the aim.",
                found=" and ".join(named),
                advice="keep the one that matters most; the report shows the whole trade-off",
            )
        share = None if prevalence is None else _share("--prevalence", prevalence)
        if min_precision is not None:
            return cls("min precision", _share("--min-precision", min_precision), prevalence=share)
        if min_recall is not None:
            return cls("min recall", _share("--min-recall", min_recall), prevalence=share)
        if cost is not None:
            false_alarm, miss = _costs(cost)
            return cls("cost", None, false_alarm, miss, share)
        return cls(prevalence=share)

    @property
    def words(self) -> str:
        """The aim in a few words, as in ``threshold.chosen_for``."""
        text = {
            "balanced accuracy": "balanced accuracy",
            "min precision": f"the highest recall with a precision of at least {self.bar:g}"
            if self.bar
            else "",
            "min recall": f"the highest precision with a recall of at least {self.bar:g}" if self.bar else "",
            "cost": f"the lowest cost, a false alarm at {self.cost_false_alarm:g} "
            f"and a miss at {self.cost_miss:g}",
        }[self.kind]
        if self.prevalence is not None:
            text += f", where {100 * self.prevalence:g} % are positive"
        return text


def _share(option: str, value: float | str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 < number < 1:
        raise OptionError(
            f"{option} expects a number between 0 and 1, both excluded.",
            found=str(value),
            advice=f"for 90 % write {option} 0.9",
        )
    return number


def _costs(text: str) -> tuple[float, float]:
    pieces = str(text).split(":")
    try:
        numbers = [float(piece) for piece in pieces]
    except ValueError:
        numbers = []
    if len(numbers) != 2 or not all(math.isfinite(x) and x > 0 for x in numbers):
        raise OptionError(
            "--cost expects FALSE_ALARM:MISS, two positive numbers with a colon between.",
            found=str(text),
            advice="if a miss is five times as bad as a false alarm, write --cost 1:5",
        )
    return numbers[0], numbers[1]
