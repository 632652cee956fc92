"""What is wrong with one rule of ours must not cost the user the whole answer."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class RuleWarning(RuntimeWarning):
    """A rule failed on a program that it did not expect; its part of the answer is missing."""


@contextmanager
def left_out(what: str) -> Iterator[None]:
    """Leave out a part of the answer that fails, and say so; an error in the tests, where warnings are errors.

    Parameters
    ----------
    what
        The part: ``the edit for arch.frozen``.
    """
    try:
        yield
    except Exception as error:
        words = (
            f"{what} was left out: {type(error).__name__}: {error} (a fault of tellapart; please report it)"
        )
        warnings.warn(words, RuleWarning, stacklevel=3)
