"""What can go wrong when a program is read.

::

    TellapartError
    └── ProgramError               the text cannot be read as a training
        ├── NotPythonError         it is not Python, or has a syntax error; the line is shown
        ├── EmptyProgramError      there is nothing in it
        └── NoTrainingError        it is Python, but neither builds nor trains a network
"""

from __future__ import annotations

from tellapart.errors import TellapartError


class ProgramError(TellapartError):
    """The text cannot be read as a training."""


class NotPythonError(ProgramError):
    """The text is not Python, or has a syntax error."""


class EmptyProgramError(ProgramError):
    """There is no statement in the text."""


class NoTrainingError(ProgramError):
    """The text is Python, but it neither builds nor trains a network."""
