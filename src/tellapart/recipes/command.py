"""``python -m tellapart.recipes``: words and options, no logic. Progress to stderr, the outcome to stdout."""

from __future__ import annotations

import json
import os
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tellapart.errors import OptionError, TellapartError

from . import plastic_pieces, quarter_positive
from .result import Result

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="The two founding trainings, exactly as described; the options are what their authors tried or asked about.",
)


class Resize(StrEnum):
    """How pictures of another size are resized."""

    nearest = "nearest"
    bilinear = "bilinear"


class Penalised(StrEnum):
    """Where weights are penalised."""

    both = "both"
    convolutions = "convolutions"
    dense = "dense"


class Augment(StrEnum):
    """How training pictures are changed at random."""

    described = "described"
    flips = "flips"
    none = "none"


class Precision(StrEnum):
    """What the precision is computed over."""

    batch = "batch"
    whole = "whole"


Pictures = Annotated[Path, typer.Argument(metavar="PICTURES", help="A folder or table of pictures.")]
Seed = Annotated[int, typer.Option(help="Of weights, order and dropout.")]
Resizing = Annotated[Resize, typer.Option(help="For pictures of another size; nearest is Keras's default.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the curves. [default: RECIPE-curves]")]
Time = Annotated[str | None, typer.Option(help="Stop after the last epoch that fits: 90s, 10m, 1h.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command("plastic_pieces")
def plastic_pieces_command(
    pictures: Pictures,
    epochs: Annotated[int, typer.Option()] = plastic_pieces.EPOCHS,
    size: Annotated[int, typer.Option(help="Height and width, px.")] = plastic_pieces.SIZE_PX,
    batch: Annotated[int, typer.Option(help="Pictures in a batch.")] = plastic_pieces.BATCH,
    whole_epochs: Annotated[
        bool, typer.Option("--whole-epochs", help="Every picture in every epoch, not half of them.")
    ] = False,
    dropout: Annotated[
        tuple[float, float], typer.Option(help="Rates after the two poolings; 0 leaves the layer out.")
    ] = plastic_pieces.DROPOUT,
    l1: Annotated[float, typer.Option(help="L1 penalty on the weights.")] = 0.0,
    l2: Annotated[float, typer.Option(help="L2 penalty on the weights.")] = 0.0,
    penalise: Annotated[Penalised, typer.Option(help="Layers that L1 and L2 act on.")] = Penalised.both,
    two_classes: Annotated[
        bool, typer.Option("--two-classes", help="Two softmax outputs instead of one sigmoid.")
    ] = False,
    global_max_pooling: Annotated[
        bool, typer.Option("--global-max-pooling", help="In place of Flatten.")
    ] = False,
    augment: Annotated[
        Augment, typer.Option(help="Shear, zoom and flips as described, flips alone, or none.")
    ] = Augment.described,
    resize: Resizing = Resize.nearest,
    seed: Seed = 0,
    fresh: Annotated[
        Path | None, typer.Option(help="Further pictures, measured after epochs 1, 2, 4... and the last.")
    ] = None,
    out: Out = None,
    time: Time = None,
    as_json: Json = False,
) -> None:
    """Training A: do two plastic pieces stick together? PICTURES needs train/ and validation/."""
    result = plastic_pieces.train(
        pictures,
        epochs=epochs,
        size=size,
        batch=batch,
        whole_epochs=whole_epochs,
        dropout=dropout,
        l1=l1,
        l2=l2,
        penalise=penalise.value,
        two_classes=two_classes,
        global_max_pooling=global_max_pooling,
        augment=augment.value,
        resize=resize.value,
        seed=seed,
        fresh=fresh,
        out=_folder(out, plastic_pieces.NAME),
        time_limit=_seconds(time),
        log=say,
    )
    _print(result, _folder(out, plastic_pieces.NAME), as_json)


@app.command("quarter_positive")
def quarter_positive_command(
    pictures: Pictures,
    epochs: Annotated[int, typer.Option()] = quarter_positive.EPOCHS,
    size: Annotated[int, typer.Option(help="Height and width, px; asked about: 50 to 400.")] = (
        quarter_positive.SIZE_PX
    ),
    batch: Annotated[int, typer.Option(help="Pictures in a batch.")] = quarter_positive.BATCH,
    positive: Annotated[
        str | None, typer.Option(metavar="CLASS", help="The class that is class 1. [default: the rarer]")
    ] = None,
    activation: Annotated[str, typer.Option(help="Of the hidden layers.")] = quarter_positive.ACTIVATION,
    learning_rate: Annotated[float, typer.Option(help="Of SGD.")] = quarter_positive.LEARNING_RATE,
    precision: Annotated[
        Precision, typer.Option(help="The metric: mean over batches, or over the whole set.")
    ] = Precision.batch,
    resize: Resizing = Resize.nearest,
    seed: Seed = 0,
    out: Out = None,
    time: Time = None,
    as_json: Json = False,
) -> None:
    """Training B: a quarter of the pictures is class 1. PICTURES needs two class folders."""
    result = quarter_positive.train(
        pictures,
        epochs=epochs,
        size=size,
        batch=batch,
        positive=positive,
        activation=activation,
        learning_rate=learning_rate,
        precision=precision.value,
        resize=resize.value,
        seed=seed,
        out=_folder(out, quarter_positive.NAME),
        time_limit=_seconds(time),
        log=say,
    )
    _print(result, _folder(out, quarter_positive.NAME), as_json)


def say(words: str) -> None:
    """Tell the progress."""
    print(words, file=sys.stderr, flush=True)


def _folder(out: Path | None, recipe: str) -> Path:
    return out if out is not None else Path(f"{recipe}-curves")


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if found is None or float(found[1]) == 0:
        raise OptionError(
            "--time should be a duration such as 90, 90s, 10m or 1h.",
            found=repr(text),
            where="option --time",
            advice="leave it out to train every epoch",
        )
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def _print(result: Result, out: Path, as_json: bool) -> None:
    say(f"curves: {out}")
    print(json.dumps(result.to_dict(), allow_nan=False) if as_json else result.summary)


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments
        Those of the command line where not given.

    Returns
    -------
    int
        0 done; 2 the pictures or an option cannot be used.
    """
    # Huge memory pages for tensors: the same numbers, a quarter less time where a step writes half a gigabyte
    # (training A at 256 px: 2.6 -> 1.9 s a step on one core). PyTorch reads it when it is imported.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    try:
        typer.main.get_command(app)(args=arguments, prog_name="python -m tellapart.recipes")
    except TellapartError as error:
        say(str(error))
        return 2
    except SystemExit as ended:  # how Typer ends: 0 done, 2 an option that it refused itself, 1 interrupted
        return ended.code if isinstance(ended.code, int) else 1
    return 0
