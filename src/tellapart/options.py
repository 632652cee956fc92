"""What `train` can be told, checked before anything is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tellapart.errors import OptionError
from tellapart.evaluate.aim import Aim
from tellapart.pictures.address import location_of
from tellapart.pictures.corrections import identity_of

MEMBERS = ("probe", "detail", "finetune")
USUAL_MEMBERS = ("probe", "detail")
TUNABLE = "efficientnet-lite0"  # the one network whose layers can be trained on here
SHORTEST = 10.0  # seconds; below it not even the pictures of a small set are read and scored


@dataclass(frozen=True)
class TrainOptions:
    """The options of `tellapart train`; see the interface."""

    time_seconds: float = 600.0
    seed: int = 0
    positive: str | None = None
    aim: Aim = field(default_factory=Aim.parse)
    backbone: str = "efficientnet-lite0"
    members: tuple[str, ...] = USUAL_MEMBERS
    groups_file: str | None = None
    corrections_file: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**31:
            raise OptionError("--seed is a whole number from 0 on.", found=str(self.seed))
        if "finetune" in self.members and self.backbone != TUNABLE:
            raise OptionError(
                f"The member finetune tunes the built-in network {TUNABLE}.",
                found=f"--backbone {self.backbone}",
                where="--members",
                advice="leave out --backbone, or finetune",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return what makes two commands the same command."""
        same: dict[str, Any] = {
            "time_seconds": self.time_seconds,
            "seed": self.seed,
            "positive": self.positive,
            "aim": self.aim.words,
            "prevalence": self.aim.prevalence,
            "backbone": self.backbone,
            "members": list(self.members),
            "groups_file": self.groups_file and str(location_of(self.groups_file).absolute()),
        }
        if self.corrections_file is not None:  # with other corrections it is another command
            same["corrections_file"] = identity_of(self.corrections_file)
        return same


def parse_duration(text: str) -> float:
    """Read ``90``, ``90s``, ``10m`` or ``1h`` as seconds.

    Raises
    ------
    OptionError
        It is none of these, or under 10 s.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", text)
    if not found:
        raise OptionError("--time is a duration such as 90, 90s, 10m or 1h.", found=repr(text))
    seconds = float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]
    if seconds < SHORTEST:
        raise OptionError(
            f"--time is at least {SHORTEST:g} s.",
            found=repr(text),
            advice="10m suits most sets of a few hundred pictures",
        )
    return seconds


def check_class(positive: str | None, classes: Sequence[str]) -> None:
    """Refuse a positive class that is none of the `classes`.

    Raises
    ------
    OptionError
        It is none.
    """
    if positive is not None and positive not in classes:
        raise OptionError(
            "--positive is one of the classes.",
            found=repr(positive),
            where=", ".join(map(repr, classes)),
        )


def parse_members(text: str) -> tuple[str, ...]:
    """Read ``probe,detail``.

    Raises
    ------
    OptionError
        A member is unknown or none is named.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in MEMBERS]
    if unknown or not names:
        raise OptionError(
            f"--members names one or more of {', '.join(MEMBERS)}, separated by commas.",
            found=", ".join(map(repr, unknown)) or "none",
        )
    return names
