"""A text -> everything that it says about a training: `read_program`."""

from __future__ import annotations

from dataclasses import replace

from .apis import api
from .chain import Chains
from .data_facts import DataPart
from .errors import NoTrainingError
from .fact import Fact
from .facts import Model, Program, Training
from .initialisations import initialisations
from .interpret.run import Trace, interpret
from .interpret.values import Made, Value
from .judging import Judging
from .keras_training import KerasTrainings
from .layers import bare
from .models import Models
from .parts import Parts
from .provenance import Provenance
from .rate_settings import rate_settings
from .source import parse
from .torch_loop import LoopReader

SEEDING = (
    "torch.manual_seed", "numpy.random.seed", "random.seed", "tensorflow.random.set_seed",
    "keras.utils.set_random_seed",
    "tensorflow.set_random_seed", "torch.cuda.manual_seed_all", "lightning.seed_everything",
)  # fmt: skip


def read_program(text: str, file: str = "train.py") -> Program:
    """Read a training program; nothing is run.

    Parameters
    ----------
    text
        A Python script, or a notebook's JSON.
    file
        Its name, for messages; ``.ipynb`` says that it is a notebook.

    Returns
    -------
    Program

    Raises
    ------
    ProgramError
        It is not Python, is empty, or neither builds nor trains a network.
    """
    trace = interpret(parse(text, file))
    chains = Chains(trace)
    models, parts = Models(chains), Parts(Provenance(trace))
    keras, loops = KerasTrainings(trace, models, parts), LoopReader(trace, chains, models, parts)
    judging = Judging(trace, chains, models, parts, loops)
    networks = tuple(model for _, model in models.all())
    trainings = _distinct([*keras.read(), *loops.read()])
    if not networks and not trainings:
        raise NoTrainingError(
            "A program that builds or trains a Keras or PyTorch network is needed.",
            found="no network, no compile, no fit and no training loop that can be told",
            where=file,
            advice="give the script that calls fit(), or holds the loop with loss.backward()",
        )
    passes = judging.passes()
    scored = keras.scored()
    evaluated = [*(one.part for one in passes if one.part is not None), *(part for _, part in scored)]
    trainings = [_with_passes(one, evaluated) for one in trainings]
    everything = (*(part for one in trainings for part in one.parts), *evaluated)
    return Program(
        file=file,
        text=text,
        frameworks=_frameworks(networks, trainings),
        models=networks,
        trainings=tuple(trainings),
        parts=_unique(everything),
        splits=tuple(parts.splits.values()),
        passes=tuple(passes),
        decisions=tuple(judging.decisions()),
        comparisons=tuple(judging.comparisons(scored)),
        initialisations=initialisations(trace),
        rate_settings=rate_settings(trace),
        seeds=_seeds(trace),
        assumptions=_assumptions(trace),
        complete=trace.complete,
    )


def _distinct(trainings: list[Training]) -> list[Training]:
    """Leave out what was read twice: a function that is called, and gone through on its own; the call says more."""
    found: dict[tuple[object, str], Training] = {}
    for one in trainings:
        found[(one.position, one.style)] = one
    return list(found.values())


def _with_passes(training: Training, evaluated: list[DataPart]) -> Training:
    """Give a hand-written loop the parts that are scored beside it."""
    if training.loop is None or any(part.role != "train" for part in training.parts):
        return training
    return replace(
        training, parts=(*training.parts, *(part for part in evaluated if part.role == "validation"))
    )


def _unique(parts: tuple[DataPart, ...]) -> tuple[DataPart, ...]:
    return tuple({(part.role, part.position, part.origin): part for part in parts}.values())


def _frameworks(models: tuple[Model, ...], trainings: list[Training]) -> tuple[str, ...]:
    return tuple(sorted({one.framework for one in models} | {one.framework for one in trainings}))


def _seeds(trace: Trace) -> tuple[Fact, ...]:
    calls: list[Value] = [event.value for event in trace.events if event.kind == "call"]
    return tuple(
        bare(trace.source, one) for one in calls if isinstance(one, Made) and api(one.function) in SEEDING
    )


def _assumptions(trace: Trace) -> tuple[str, ...]:
    found = [f"{name} is not imported: taken for {taken}" for name, taken in sorted(trace.assumed.items())]
    if not trace.complete:
        found.append("the program is too long to be read to its end")
    return tuple(found)
