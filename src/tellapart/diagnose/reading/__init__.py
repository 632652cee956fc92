"""From a script's text to facts and suspicions, without running it.

`read_program` says what is in a Keras or PyTorch training; `suspect` says what of it may be a cause, by the codes of
the causes. Both go by libraries' names, structure and values: no name of a variable, file or class decides anything.
"""

from .data_facts import DataPart, Split, Step
from .errors import EmptyProgramError, NotPythonError, NoTrainingError, ProgramError
from .facts import Layer, Loop, Loss, Metric, Model, Optimizer, Program, RateSetting, Training
from .position import Position
from .program import read_program
from .suspicions import CLEARLY, Suspicion, suspect

__all__ = [
    "CLEARLY",
    "DataPart",
    "EmptyProgramError",
    "Layer",
    "Loop",
    "Loss",
    "Metric",
    "Model",
    "NoTrainingError",
    "NotPythonError",
    "Optimizer",
    "Position",
    "Program",
    "ProgramError",
    "RateSetting",
    "Split",
    "Step",
    "Suspicion",
    "Training",
    "read_program",
    "suspect",
]
