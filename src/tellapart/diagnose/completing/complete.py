"""A pasted text -> a whole, current program, and everything that was taken for granted on the way.

In this order: what pasting does to a text, a lost sign, a class that is not there, imports that were left out, old
Keras, and last the pictures, labels and sizes that the program uses and does not define. A program that is whole and
current comes back as it is.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import libcst as cst

from tellapart.errors import OptionError, TellapartError

from .filling import with_values
from .folder import Folder, read_folder
from .imports import with_imports
from .layout import parses, plain
from .old_arguments import with_modern_arguments
from .old_datasets import without_tensorflow_data
from .old_defaults import with_old_rates
from .old_history import with_modern_figures
from .old_names import Words, with_modern_names
from .old_training import with_modern_training
from .outside_class import with_self
from .repair import repaired

Step = Callable[[str], tuple[str, Words]]
MODERNISING: tuple[Step, ...] = (
    with_old_rates,
    without_tensorflow_data,
    with_modern_names,
    with_modern_arguments,
    with_modern_training,
    with_modern_figures,
)
UNREADABLE = (ValueError, KeyError, RecursionError, cst.ParserSyntaxError, cst.CSTValidationError)
"""What comes of changes that overlap, and of texts that are nested too deeply or hold names LibCST does not know; what
cannot be read at all is refused later, with its line."""
KERAS = re.compile(r"\bkeras\b")


@dataclass(frozen=True)
class Completed:
    """A program, and how it differs from what was given.

    Attributes
    ----------
    text
        What is run. Not always Python: what cannot be mended comes back as it was given.
    assumptions
        What was changed, put in or taken for granted, in words.
    """

    text: str
    assumptions: tuple[str, ...] = ()


def complete(given: str, pictures: Path | None) -> Completed:
    """Complete what a pasted program leaves out, and bring old Keras up to date.

    Parameters
    ----------
    given
        A program or a fragment of one; no notebook.
    pictures
        What stands in for pictures and labels that it does not define.

    Raises
    ------
    OptionError, PicturesError
        It needs pictures, and none that can be used were given.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of escapes in the user's texts; it is the user's program that may say so
        return _complete(given, pictures)


def _complete(given: str, pictures: Path | None) -> Completed:
    text, words = _readable(given)
    if not parses(text):
        return Completed(given)

    @lru_cache(maxsize=1)
    def read() -> Folder:
        assert pictures is not None  # noqa: S101 - asked below
        return read_folder(pictures)

    def folder(name: str) -> Folder:
        if pictures is None:
            raise OptionError(
                "A program that leaves out its pictures needs others in their place.",
                found=f"{name} is not defined",
                where="WHAT",
                advice="give a folder of pictures: --pictures DIR",
            )
        return read()

    steps: tuple[Step, ...] = (
        with_self,
        with_imports,
        _with_modern_keras,
        lambda one: with_values(one, folder),
    )
    for step in steps:
        text, more = _unless_at_odds(step, text)
        words += more
    return Completed(text, tuple(dict.fromkeys(words)))


def _with_modern_keras(text: str) -> tuple[str, Words]:
    words: tuple[str, ...] = ()
    for step in MODERNISING if KERAS.search(text) else ():
        text, more = _unless_at_odds(step, text)
        words += more
    return text, words


def _readable(given: str) -> tuple[str, list[str]]:
    """Return the text as Python, as far as that can be had, and what it took."""
    text, words = given, []
    for mended, said in plain(given):
        text = mended
        words.append(said)
    if not parses(text) and (found := repaired(text)) is not None:
        text = found[0]
        words += found[1]
    return text, words


def _unless_at_odds(step: Step, text: str) -> tuple[str, Words]:
    """Take a step; where its changes do not go together, or the text defies LibCST, leave the program as it was."""
    try:
        return step(text)
    except TellapartError:
        raise
    except UNREADABLE:
        return text, ()
