"""`study`, top to bottom: lay out the training pictures, choose the member, ask the question, write the answer."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time as clock
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tellapart.errors import RunFolderError
from tellapart.members.member import Progress
from tellapart.options import parse_duration
from tellapart.pictures.address import Location, for_script, location_of
from tellapart.pictures.collection import Pictures
from tellapart.progress import Quiet
from tellapart.result import Result
from tellapart.run_folder import RunFolder
from tellapart.scale.executor import Executor
from tellapart.scale.opening import HERE, TRAINING, Place, open_executor
from tellapart.scale.processor import sharing_the_processor
from tellapart.study.amount import study_amount
from tellapart.study.answer import Answer
from tellapart.study.augmentation import study_augmentation
from tellapart.study.balance import study_balance
from tellapart.study.bench import Bench, set_up
from tellapart.study.learners import Learner
from tellapart.study.options import QUESTIONS, StudyOptions
from tellapart.study.own_script.asking import ask_script
from tellapart.study.planning import choose_learner
from tellapart.study.size import study_size

ASKED: dict[str, Callable[[Bench, Learner], Answer]] = {
    "size": study_size,
    "amount": study_amount,
    "balance": study_balance,
    "augmentation": study_augmentation,
}


@sharing_the_processor()
def study_source(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str] | None,
    options: StudyOptions,
    progress: Progress,
    on: Place = HERE,
) -> dict[str, Any]:
    """Answer a question about PICTURES and return study.json.

    Parameters
    ----------
    source
        PICTURES of the interface; the sealed part is not used.
    out
        A folder for study.json and report.html; the same call again goes on where one was stopped. None: none.
    options
        The question, and how long it may take.
    progress
        Where work is shown.
    on
        Where the trainings run; the same call goes on in another place.

    Raises
    ------
    TellapartError
        The pictures, an option, the folder or the place cannot be used.
    """
    began = clock.monotonic()
    command = options.to_dict() | {"pictures": str(location_of(source).absolute()), **_script_of(options)}
    with _folder(out) as folder, folder.claim(command) as finished:
        if finished:
            progress.say(f"This study is finished; its report lies at {folder.path / 'report.html'}")
            return _read(folder)
        if options.own_script:
            document, root = _asked_of_script(source, options, progress, began, on)
        else:
            with open_executor(on, TRAINING, progress.say) as executor:
                document, root = _asked_of_member(
                    location_of(source), options, folder, progress, began, executor
                )
        write_study(folder, document, root.name)
        folder.finish(command)
    return document


def study(
    question: str,
    pictures: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    time: str = "10m",
    random_state: int = 0,
    positive: str | None = None,
    model: str | None = None,
    groups: str | os.PathLike[str] | None = None,
) -> Result:
    """Answer a question about PICTURES by measurement: ``tellapart.study("size", "pictures")``.

    Parameters
    ----------
    question
        ``size``, ``amount``, ``balance`` or ``augmentation``.
    pictures
        A folder or table, see the interface.
    out
        As for `study_source`; None leaves nothing on disk.
    time
        A ceiling for everything: ``90s``, ``10m``.
    random_state
        The same number gives the same folds and draws.
    positive
        The class that is looked for; the rarest where not given.
    model
        ``probe`` or ``detail``; the one that does better on the first fold where not given. Or a training script of
        your own, ``train.py``, that reads the folder that is its first argument.
    groups
        A table ``file,group`` of what belongs together.

    Returns
    -------
    Result
        Prints the answer; in a notebook it is the page; ``to_dict()`` is study.json.

    Raises
    ------
    TellapartError
        The pictures, an option or the folder cannot be used.
    """
    from tellapart.report import render_study, study_in_words

    options = StudyOptions(
        question=question,
        time_seconds=parse_duration(time),
        seed=random_state,
        positive=positive,
        model=model,
        groups_file=None if groups is None else str(groups),
    )
    document = study_source(pictures, out, options, Quiet())
    return Result(study_in_words(document), render_study(document, location_of(pictures).name), document)


def write_study(folder: RunFolder, document: dict[str, Any], name: str) -> None:
    """Write study.json and report.html."""
    from tellapart.report import render_study

    folder.write_json("study.json", document)
    folder.write_text("report.html", render_study(document, name))


def _asked_of_member(
    source: Location,
    options: StudyOptions,
    folder: RunFolder,
    progress: Progress,
    began: float,
    executor: Executor,
) -> tuple[dict[str, Any], Location]:
    bench = replace(set_up(source, options, folder, progress, began), executor=executor)
    if options.model != "probe":
        executor.check_files([bench.store.file])  # beside it lie the pictures that small nets are trained on
    learner, why = choose_learner(bench, options.model)
    answer = ASKED[options.question](bench, learner)
    left_out = len(bench.labels) + bench.left_out - answer.studied if answer.studied else 0
    model = {"name": learner.name, "words": learner.words(), "why": why}
    return _document(
        options, answer, bench.pictures, bench.positive, left_out, model, began
    ), bench.pictures.root


def _asked_of_script(
    source: str | os.PathLike[str], options: StudyOptions, progress: Progress, began: float, on: Place
) -> tuple[dict[str, Any], Location]:
    answer, pictures, name = ask_script(for_script(source), options, progress, began, on)
    counts = list(pictures.counts().values())
    positive = (
        counts.index(min(counts)) if options.positive is None else pictures.classes.index(options.positive)
    )
    model = {
        "name": "script",
        "words": f"your script {name}, run as it is or with the change",
        "why": "asked for",
    }
    return _document(options, answer, pictures, positive, 0, model, began), pictures.root


def _document(
    options: StudyOptions,
    answer: Answer,
    pictures: Pictures,
    positive: int,
    left_out: int,
    model: dict[str, str],
    began: float,
) -> dict[str, Any]:
    return {
        "schema": 1,
        "question": options.question,
        "asked": QUESTIONS[options.question],
        **answer.to_dict(),
        "classes": pictures.counts(),
        "positive": pictures.classes[positive],
        "left_out_pictures": left_out,
        "model": model,
        "seed": options.seed,
        "seconds": round(clock.monotonic() - began, 1),
    }


def _script_of(options: StudyOptions) -> dict[str, str]:
    """Tell a script from what it becomes when it is changed: the same command is another one then."""
    file = Path(options.model or "")
    if not options.own_script or not file.is_file():
        return {}
    return {"script_sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


@contextmanager
def _folder(out: str | os.PathLike[str] | None) -> Iterator[RunFolder]:
    if out is not None:
        yield RunFolder(Path(out))
        return
    with tempfile.TemporaryDirectory(prefix="tellapart-") as scratch:
        yield RunFolder(Path(scratch))


def _read(folder: RunFolder) -> dict[str, Any]:
    found = folder.read_json("study.json")
    if not isinstance(found, dict):
        raise RunFolderError(
            "study.json should hold one answer.",
            found=type(found).__name__,
            where=str(folder.path / "study.json"),
            advice="remove the folder and ask again",
        )
    return found
