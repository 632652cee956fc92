"""What `study` can be told, checked before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tellapart.errors import OptionError
from tellapart.pictures.address import location_of

QUESTIONS = {
    "size": "would larger pictures help, or smaller ones do?",
    "amount": "how much would more pictures help?",
    "balance": "is it the imbalance of the classes?",
    "augmentation": "which changes of the training pictures help, which harm?",
}
MODELS = ("probe", "detail")
SCRIPTS = (".py", ".ipynb")


@dataclass(frozen=True)
class StudyOptions:
    """The options of `tellapart study`.

    Attributes
    ----------
    question
        One of `QUESTIONS`.
    time_seconds
        A ceiling for everything.
    seed
        Of folds, draws and trainings.
    positive
        The class that is looked for; None: the rarest.
    model
        ``probe``, ``detail``, or a training script (``.py``, ``.ipynb``) that reads the folder which is its first
        argument; None: whichever member does better on the first fold.
    groups_file
        A table ``file,group`` of what belongs together.
    """

    question: str
    time_seconds: float = 600.0
    seed: int = 0
    positive: str | None = None
    model: str | None = None
    groups_file: str | None = None

    def __post_init__(self) -> None:
        if self.question not in QUESTIONS:
            raise OptionError(
                f"`study` answers one of {', '.join(QUESTIONS)}.",
                found=repr(self.question),
                where="the first argument",
                advice="; ".join(f"{name}: {words}" for name, words in QUESTIONS.items()),
            )
        if not 0 <= self.seed < 2**31:
            raise OptionError("--seed is a whole number from 0 on.", found=str(self.seed))
        if self.model is not None and self.model not in MODELS and not self.own_script:
            raise OptionError(
                f"--model is one of {', '.join(MODELS)}, or a training script ({' or '.join(SCRIPTS)}).",
                found=repr(self.model),
                where="--model",
                advice="leave it out to have the better one taken",
            )

    @property
    def own_script(self) -> bool:
        """Whether the question is asked of a script of the user's."""
        return self.model is not None and Path(self.model).suffix.lower() in SCRIPTS

    def to_dict(self) -> dict[str, Any]:
        """Return what makes two commands the same command."""
        return {
            "command": "study",
            "question": self.question,
            "time_seconds": self.time_seconds,
            "seed": self.seed,
            "positive": self.positive,
            "model": str(Path(self.model).absolute()) if self.model and self.own_script else self.model,
            "groups_file": self.groups_file and str(location_of(self.groups_file).absolute()),
        }
