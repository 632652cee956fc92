"""A question asked of a training script, top to bottom: run it once, find the other ways, compare, answer."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tellapart.diagnose.opening import modules_of
from tellapart.diagnose.reading import read_program
from tellapart.diagnose.running import BESIDE
from tellapart.diagnose.script import Script, take
from tellapart.errors import PicturesError
from tellapart.members.member import Progress
from tellapart.options import check_class
from tellapart.pictures.address import for_script
from tellapart.pictures.collection import Pictures
from tellapart.pictures.read import read_pictures
from tellapart.scale.opening import Place, of_script, open_executor
from tellapart.study.answer import Answer, too_few_rounds
from tellapart.study.arm import Arm
from tellapart.study.options import StudyOptions

from .answers import WHAT, answer
from .laid_out import trained_on
from .rounds import checked_first, not_begun, run_rounds
from .trained import Trained, Trainer, Way
from .ways import amounts, augmentations, balances, is_uneven, ratio_of, sizes

RESERVE_SECONDS = 3.0  # for the figures and the page
LOOKED_AT = 30  # pictures, for their size


@dataclass(frozen=True, eq=False)
class Asked:
    """What a script is asked about: the training pictures' labels, and the clock."""

    labels: np.ndarray
    began: float
    deadline: float

    def seconds_left(self) -> float:
        """Until the answer has to be written."""
        return self.deadline - RESERVE_SECONDS - time.monotonic()


def ask_script(
    source: Path, options: StudyOptions, progress: Progress, began: float, on: Place
) -> tuple[Answer, Pictures, str]:
    """Return the answer, the training pictures and the script's name; it is run `on` a place.

    Raises
    ------
    TellapartError
        The pictures or the script cannot be used.
    """
    if not source.is_dir():
        raise PicturesError(
            "A script is given a folder of pictures.",
            found="a table" if source.is_file() else "nothing there",
            where=str(source),
            advice="name the folder that holds the class folders, or leave --model out",
        )
    pictures = read_pictures(source, groups_file=options.groups_file)
    check_class(options.positive, pictures.classes)
    train = pictures.select(trained_on(pictures))
    asked = Asked(train.labels, began, began + options.time_seconds)
    with tempfile.TemporaryDirectory(prefix="tellapart-") as made:
        script = take(str(options.model), Path(made), source)
        if options.question == "balance" and not is_uneven(pictures):
            return _even(pictures, len(train)), train, script.name
        deadline = asked.deadline - RESERVE_SECONDS
        packages = of_script(on, modules_of(script.text))
        with (
            open_executor(on, packages, progress.say, beside=BESIDE) as executor,
            Trainer(script, pictures, source, executor, deadline=deadline, seed=options.seed) as trainer,
        ):
            return _ask(trainer, asked, options, script, progress), train, script.name


def _ask(trainer: Trainer, asked: Asked, options: StudyOptions, script: Script, progress: Progress) -> Answer:
    progress.say(f"Running {script.name} as it is, to see what it does.")
    as_it_is = Way(Arm("as-it-is", "as it is"), script.text)
    first = checked_first(trainer.train([as_it_is], 0)[0], script.name)
    if first is None:
        return too_few_rounds(asked, not_begun(time.monotonic() - asked.began))
    ways, notes = _ways(trainer.pictures, options.question, script, first)
    if len(ways) < 2:
        sentence = (
            f"Cannot tell: no random change of the training pictures is seen in {WHAT} that could be turned off."
            if options.question == "augmentation"
            else f"Cannot tell: {len(asked.labels)} training pictures leave nothing to compare."
        )
        return Answer("cannot tell", sentence, (), (), tuple(notes))
    line = options.question == "balance"
    found = run_rounds(trainer, ways, first, progress, script.name, line=line)
    made = answer(options.question, asked, found, len(trainer.pictures.classes), options.seed)
    return made.noting(*notes, _judged_on(first, trainer.pictures, same=found.same_pictures))


def _ways(pictures: Pictures, question: str, script: Script, first: Trained) -> tuple[list[Way], list[str]]:
    if question == "amount":
        return amounts(pictures, script.text), []
    program = read_program(script.text, script.name)
    if question == "balance":
        return balances(pictures, program, first.recording)
    if question == "size":
        return sizes(program, first.recording, _longest(pictures), script.name), []
    return augmentations(program, first.recording), []


def _longest(pictures: Pictures) -> int:
    """Return the median longest side of some pictures, px; files that cannot be read are not looked at."""
    sides = []
    for index in np.linspace(0, len(pictures) - 1, min(LOOKED_AT, len(pictures))).astype(int):
        try:
            with Image.open(for_script(pictures.file(int(index)))) as image:
                sides.append(max(image.size))
        except (OSError, ValueError, Image.DecompressionBombError):
            continue
    return int(np.median(sides)) if sides else 0


def _even(pictures: Pictures, n: int) -> Answer:
    even = f"the classes are even enough ({ratio_of(pictures):.1f} to 1, n = {n})"
    sentence = f"No: {even}; there is no imbalance to measure."
    return Answer("no", sentence, (), ())


def _judged_on(first: Trained, pictures: Pictures, *, same: bool) -> str:
    count = 0 if first.judged is None else len(first.judged.looks)
    start = f"Your script was run in a copy of its folder; counted by us on the pictures that judge in it ({count})"
    if same:
        return f"{start}, the same ones in every way and round; none was trained on in any of them."
    if pictures.has_parts:
        return f"{start}, without those that it was trained on."
    return (
        f"{start}, without those that it was trained on. PICTURES has no folders train and validation: your script "
        f"splits it itself, so that each way and round is judged on other pictures, which widens the intervals."
    )
