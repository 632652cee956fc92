"""`predict`: any number of files to a table, or to standard output row by row."""

from __future__ import annotations

import hashlib
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tellapart.deploy.bulk.heatmaps import Heatmaps, open_heatmaps
from tellapart.deploy.bulk.journal import Journal, open_journal
from tellapart.deploy.bulk.listing import STDIN, Listed, open_listing
from tellapart.deploy.bulk.rows import Row, answer
from tellapart.deploy.bulk.spread import answer_on
from tellapart.deploy.bulk.tables import ENDINGS, CsvTable, check_parquet, write_table
from tellapart.deploy.predictor import Predictor
from tellapart.errors import OptionError, PicturesError
from tellapart.pictures.address import is_address, shown
from tellapart.pictures.collection import stamp_of
from tellapart.scale.opening import HERE, PREDICTING, Place, open_executor
from tellapart.visible import visible_lines

if TYPE_CHECKING:
    from tellapart.progress import Progress


def predict_to_table(
    run: Path,
    paths: Sequence[str],
    out: Path,
    progress: Progress,
    explain: Path | None = None,
    on: Place = HERE,
) -> None:
    """Predict what PATH… stands for into the table `out`; the same call after a kill goes on where that one stopped.

    Parameters
    ----------
    run
        A run folder with a model.
    paths
        See `open_listing`.
    out
        ``.csv`` or ``.parquet``, written whole or not at all; until then the rows lie in `out` with ``.part`` behind.
    progress
        Where work is shown.
    explain
        The folder for a heatmap of every picture; those that are there already are kept.
    on
        Where pictures are read and answered; the rows are the same everywhere.

    Raises
    ------
    TellapartError
        The run, a path or `out` cannot be used; never for a picture, whose error is in its row.
    """
    _check_out(out, paths)
    _check_on(on, explain)
    model = run / "model.onnx"
    predictor = Predictor(model)
    listed = _some(paths)
    command: dict[str, Any] = {"model": _digest(model), "paths": [_whole(path) for path in paths]}
    heatmaps = None
    if explain is not None:
        heatmaps = open_heatmaps(explain, paths, predictor, command["model"])
        command["explain"] = _whole(str(explain))
    with open_journal(out, command) as journal:
        left = journal.resume(listed)
        if journal.kept:
            progress.say(f"{journal.kept:,} pictures were done already; going on from there.")
        progress.stage("predict", None)
        progress.advance(journal.kept)
        with _answering(model, predictor, heatmaps, on, progress.say) as answered:
            _work(answered, left, journal, progress)
        count = _Count()
        write_table(out, predictor.classes, count.over(journal.rows()))
    progress.say(f"{out}: {count.words()}")
    if heatmaps is not None:
        progress.say(heatmaps.words())


def predict_to_stdout(
    run: Path,
    paths: Sequence[str],
    explain: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
    on: Place = HERE,
) -> None:
    """Predict what PATH… stands for and print the rows as they come, CSV; what else is said goes to `say`.

    Raises
    ------
    TellapartError
        As `predict_to_table`.
    """
    _check_on(on, explain)
    model = run / "model.onnx"
    predictor = Predictor(model)
    listed = _some(paths)
    heatmaps = None if explain is None else open_heatmaps(explain, paths, predictor, _digest(model))
    table = CsvTable(_Terminal() if sys.stdout.isatty() else sys.stdout, predictor.classes)
    try:
        with _answering(model, predictor, heatmaps, on, say) as answered:
            for rows in answered(listed):
                for row in rows:
                    table.add(row)
                sys.stdout.flush()
        if heatmaps is not None:
            say(heatmaps.words())
    except (
        BrokenPipeError
    ):  # the reader has seen enough (| head); nothing is left for Python to flush at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Terminal:
    """Standard output where somebody looks at it: no name of a file writes over lines of the terminal."""

    def write(self, text: str, /) -> None:
        """Write what can be seen."""
        sys.stdout.write(visible_lines(text))


class _Count:
    """Counts rows as they pass."""

    def __init__(self) -> None:
        self.rows = self.broken = 0

    def over(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            self.rows += 1
            self.broken += bool(row.error)
            yield row

    def words(self) -> str:
        broken = f", {self.broken:,} of them could not be read (column error)" if self.broken else ""
        return f"{self.rows:,} picture{'s' * (self.rows != 1)}{broken}"


Answered = Callable[[Iterable[Listed]], Iterator[list[Row]]]


@contextmanager
def _answering(
    model: Path, predictor: Predictor, heatmaps: Heatmaps | None, on: Place, say: Callable[[str], None]
) -> Iterator[Answered]:
    """Give what turns listed files into rows: in this process decoding runs ahead, elsewhere parts are tasks."""
    if heatmaps is not None:
        yield heatmaps.answer
    elif on == HERE:
        yield partial(answer, predictor)
    else:
        with open_executor(on, PREDICTING, say) as executor:
            yield partial(answer_on, executor, model)


def _work(answered: Answered, left: Iterable[Listed], journal: Journal, progress: Progress) -> None:
    stamps: deque[list[int | str] | None] = deque()

    def stamped() -> Iterator[Listed]:
        for one in left:
            stamps.append(
                stamp_of(one.file)
            )  # before it is read: a file that is changed meanwhile is read again
            yield one

    for rows in answered(stamped()):
        journal.append(rows, [stamps.popleft() for _ in rows])
        progress.advance(len(rows))


def _some(paths: Sequence[str]) -> Iterator[Listed]:
    """Return the listing; refuse an empty one."""
    listed = open_listing(paths)
    first = next(listed, None)
    if first is None:
        raise PicturesError(
            "At least one picture was expected.",
            found="none",
            where=", ".join(map(shown, paths)),
            advice="check the path, and that the files are pictures",
        )
    return chain([first], listed)


def _check_on(on: Place, explain: Path | None) -> None:
    if on != HERE and explain is not None:
        raise OptionError(
            "Heatmaps are drawn by one process.",
            found="--explain and --on ray",
            where="--on",
            advice="predict all with --on, then explain the pictures that matter without it",
        )


def _check_out(out: Path, paths: Sequence[str]) -> None:
    if out.suffix.lower() not in ENDINGS:
        raise OptionError(
            "--out ends with .csv or .parquet.",
            found=out.name,
            where=str(out),
            advice="name it so: predictions.csv",
        )
    if _whole(str(out)) in map(_whole, paths):
        raise OptionError(
            "--out is another file than those to predict.",
            found="a PATH that would be overwritten",
            where=str(out),
            advice="name another file",
        )
    if out.suffix.lower() == ".parquet":
        check_parquet()


def _whole(path: str) -> str:
    if is_address(path):
        return shown(path)
    return path if path == STDIN else os.path.abspath(path)  # noqa: PTH100 - links are not resolved: names count


def _digest(file: Path) -> str:
    with file.open("rb") as model:
        return hashlib.file_digest(model, "sha256").hexdigest()
