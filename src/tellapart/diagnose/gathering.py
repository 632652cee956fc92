"""The recorder's files -> a `Recording`: parts get their names, true measures are taken.

Done here and not in the script's process, so that it costs the script nothing.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .gathered import epochs, near, parts, scores, shown
from .gathered.labelling import Labelling
from .observed import Layer, LossUse, Model, Optimizer, Step
from .plain import NOT_FINITE, from_plain
from .recorder.journal import read_lines
from .recording import Failure, Outcome, Recording, Replaced, Training
from .sandbox.process import Ended

Lines = list[dict[str, Any]]

# Keras's losses that read outputs as probabilities unless they are told otherwise.
ON_PROBABILITIES = (
    "binarycrossentropy",
    "categoricalcrossentropy",
    "sparsecategoricalcrossentropy",
    "binaryfocalcrossentropy",
    "categoricalfocalcrossentropy",
)


def gather(records: Path, ended: Ended, folder: Path) -> Recording:
    """Return the recording of one run.

    Parameters
    ----------
    records
        Where the recorder left its files.
    ended
        How its process ended.
    folder
        The copy of the script's folder; its path is taken out of messages.
    """
    return _recording(read_lines(records), records, ended, folder)


def _recording(lines: Lines, records: Path, ended: Ended, folder: Path) -> Recording:
    end: dict[str, Any] = next((one for one in reversed(lines) if one["kind"] == "end"), {})
    times: dict[str, Any] = next((one for one in reversed(lines) if one["kind"] == "time"), {})
    found = trainings(lines, lambda name: _arrays(records / f"{name}.npz"))
    outcome, failure = _outcome(end, ended, any(one.n_steps for one in found), folder)
    return Recording(
        outcome=outcome,
        failure=failure,
        seconds=times.get("seconds", 0.0),
        overhead_seconds=times.get("overhead", 0.0),
        closing_seconds=times.get("closing", 0.0),
        peak_bytes=ended.peak_bytes,
        output=_relative(ended.output, folder),
        output_bytes=ended.output_bytes,
        replaced=tuple(Replaced(_relative(asked, folder), given) for asked, given in end.get("replaced", [])),
        kept_inside=tuple(end.get("kept_inside", ())),
        refused=tuple(end.get("refused", ())),
        processes=tuple(end.get("processes", ())),
        windows=end.get("windows", 0),
        files_read=end.get("files_read", 0),
        notes=tuple(dict.fromkeys(_relative(one["text"], folder) for one in lines if one["kind"] == "note")),
        versions=end.get("versions", {}),
        trainings=found,
        kernel_protects=bool(end.get("kernel", False)),
    )


def never_began() -> Recording:
    """Return the recording of a run for which there was no room until its time was over."""
    return _recording([], Path(), Ended(-signal.SIGKILL, "time", "", 0, 0), Path())


def trainings(lines: Lines, arrays_of: Callable[[str], dict[str, np.ndarray]]) -> tuple[Training, ...]:
    """Return what was seen of each model.

    Parameters
    ----------
    lines
        What was noted, in order.
    arrays_of
        Name -> the arrays kept under it; {} where there are none (any more).
    """
    numbers = sorted({one["model"] for one in lines if one["kind"] == "stream"})
    return tuple(_training(number, lines, arrays_of) for number in numbers)


def _outcome(
    end: dict[str, Any], ended: Ended, trained: bool, folder: Path
) -> tuple[Outcome, Failure | None]:
    plain = end.get("failure")
    failure = None if plain is None else from_plain(Failure, _defaults(plain))
    if failure is not None:
        failure = Failure(
            failure.kind, _relative(failure.message, folder), failure.file, failure.line, failure.missing
        )
    if end:
        outcome = Outcome(end["outcome"])
        return (Outcome.no_training_seen if outcome == Outcome.finished and not trained else outcome), failure
    if ended.killed_for == "memory":
        return Outcome.memory, Failure("MemoryError", "the memory limit was reached")
    if ended.killed_for == "time":
        return Outcome.time_up, Failure(
            "TimeUpError", "the time is over, and the script could not be interrupted"
        )
    # The kernel's own killer leaves nothing but its signal; everything else is a crash of compiled code.
    words = f"the process ended with status {ended.status}"
    return (Outcome.memory if ended.status == -9 else Outcome.crashed), Failure("process", words)


def _defaults(plain: dict[str, Any]) -> dict[str, Any]:
    return {"file": "", "line": 0, "missing": ""} | plain


def _relative(text: str, folder: Path) -> str:
    return text.replace(str(folder) + "/", "").replace(str(folder), ".")


def _training(number: int, lines: Lines, arrays_of: Callable[[str], dict[str, np.ndarray]]) -> Training:
    own = [one for one in lines if one.get("model") == number]
    streams = {one["number"]: one for one in own if one["kind"] == "stream"}
    ends = [one for one in own if one["kind"] == "epoch"]
    arrays = [arrays_of(f"epoch-{number}-{one['number']}") for one in ends]
    losses, optimizers = _losses(own), _optimizers(own)
    kept = {one["stream"]: (one, arrays_of(one["array"])) for one in own if one["kind"] == "scores"}
    names = parts.names(streams, ends, arrays)
    labelling = Labelling(names, streams, arrays, kept, losses)
    steps = _steps(own)
    compiled = next((one for one in own if one["kind"] == "compiled"), {})
    not_finite = [s.number for s in steps if s.loss is not None and not np.isfinite(s.loss)]
    return Training(
        model=_model(own),
        arguments=compiled.get("arguments", {}),
        metrics=tuple(compiled.get("metrics", ())),
        losses=losses,
        optimizers=optimizers,
        parts=parts.parts(names, streams, ends, arrays, labelling),
        classes=labelling.classes,
        initial_loss=steps[0].loss if steps else None,
        expected_initial_loss=float(np.log(len(labelling.classes))) if len(labelling.classes) > 1 else None,
        first_not_finite=not_finite[0] if not_finite else None,
        n_steps=sum(one["steps"] for one in ends),
        steps=steps,
        epochs=epochs.epochs(
            names, ends, arrays, labelling, [one for one in lines if one["kind"] == "printed"], number
        ),
        scores=scores.scores(names, kept, labelling),
        evaluations=shown.evaluations(own, ends, names),
        lines=shown.lines([one for one in lines if one["kind"] == "printed"], ends, names, number),
        near=near.near_copies(names, kept),
    )


def _arrays(file: Path) -> dict[str, np.ndarray]:
    with contextlib.suppress(OSError, ValueError, EOFError), np.load(file, allow_pickle=False) as found:
        return dict(found)
    return {}


def _model(own: Lines) -> Model:
    looked = [one for one in own if one["kind"] == "model"]
    if not looked:
        return Model("", "", 0, 0)
    first, last = looked[0], looked[-1]
    return Model(
        framework=first["facts"]["framework"],
        kind=first["facts"]["name"],
        parameters=first["facts"]["parameters"],
        trainable=first["facts"]["trainable"],
        operations=tuple(first["operations"]),
        layers=_layers(first),
        layers_at_end=_layers(last) if last["when"] == "end" else (),
    )


def _layers(line: dict[str, Any]) -> tuple[Layer, ...]:
    return tuple(from_plain(Layer, {"activation": ""} | one) for one in line["layers"])


def number(value: Any) -> Any:
    """Return a number of the journal, nan and inf included."""
    return NOT_FINITE.get(value, value) if isinstance(value, str) else value


def _losses(own: Lines) -> tuple[LossUse, ...]:
    found = []
    for one in own:
        if one["kind"] == "loss":
            found.append(
                LossUse(
                    one["name"],
                    one["options"],
                    one["expects"],
                    tuple(one["output_shape"]),
                    tuple(one["target_shape"]),
                    one["target_type"],
                )
            )
        elif one["kind"] == "compiled":
            name, options = one["loss"]["name"], one["loss"]["options"]
            plain = name.replace("_", "").lower()
            expects = (
                "logits"
                if options.get("from_logits")
                else "probabilities"
                if plain in ON_PROBABILITIES
                else ""
            )
            found.append(LossUse(name, options, expects))
    return tuple(found)


def _optimizers(own: Lines) -> tuple[Optimizer, ...]:
    return tuple(
        Optimizer(
            **(one["optimizer"] if one["kind"] == "compiled" else _only(one, "name", "options", "holds"))
        )
        for one in own
        if one["kind"] == "optimizer" or one["kind"] == "compiled"
    )


def _only(line: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: line[name] for name in names}


def _steps(own: Lines) -> tuple[Step, ...]:
    return tuple(
        Step(
            number=one["number"],
            epoch=one["epoch"],
            loss=number(one["loss"]),
            learning_rates=tuple(one.get("learning_rates", ())),
            gradient_norms=one.get("gradient_norms", {}),
            update_ratios=one.get("update_ratios", {}),
            accumulated=one.get("accumulated"),
            stepped=one.get("stepped", True),
        )
        for one in own
        if one["kind"] == "step"
    )
