"""`predict --explain DIR`: a heatmap of every picture, under names that are safe, unique and stay inside DIR."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tellapart.deploy.bulk.listing import Listed
from tellapart.deploy.bulk.rows import Row, answer
from tellapart.deploy.explain.explainer import Explainer
from tellapart.deploy.explain.overlay import painted
from tellapart.deploy.predictor import Predictor
from tellapart.errors import BrokenPictureError, OptionError
from tellapart.pictures.address import Address
from tellapart.pictures.collection import stamp_of
from tellapart.pictures.decode import decode

MOST_BYTES = 200  # of a name's part; file systems allow 255, and ours are longer than those they stand for
SOURCE, STATE = "tellapart:source", "tellapart:state"
"""Text of our PNGs, digests both: of the file that is explained, and of what the map depends on besides its name."""


class Heatmaps:
    """The heatmaps of one command; use `open_heatmaps`."""

    def __init__(self, folder: Path, explainer: Explainer, model: str) -> None:
        self._folder = folder
        self._explainer = explainer
        self._model = model
        self._made = self._kept = self._failed = 0

    def answer(self, listed: Iterable[Listed]) -> Iterator[list[Row]]:
        """Yield rows as `rows.answer` does, once the heatmaps of their pictures are written."""
        files: deque[str | Address] = deque()

        def noted() -> Iterator[Listed]:
            for one in listed:
                files.append(one.file)
                yield one

        for rows in answer(self._explainer.predictor, noted()):
            for row in rows:
                self._write(row, files.popleft())
            yield rows

    def words(self) -> str:
        """Say what was done."""
        kept = f", {self._kept:,} were there already" if self._kept else ""
        failed = (
            f", {self._failed:,} picture{'s' * (self._failed != 1)} could not be read" if self._failed else ""
        )
        return f"{self._folder}: {self._made:,} heatmap{'s' * (self._made != 1)}{kept}{failed}"

    def _write(self, row: Row, file: str | Address) -> None:
        if row.error:
            self._failed += 1
            return
        # A link and its file are two rows.
        source = _digest(str(file) if isinstance(file, Address) else os.path.abspath(file))  # noqa: PTH100
        state = _digest(f"{stamp_of(file)} {self._model} {self._explainer.method} {row.label}")
        target = self._target(row.name, source)
        if _texts(target) == (source, state):
            self._kept += 1
            return
        try:
            image_HWC, _ = decode(file)
        except BrokenPictureError:  # changed since it was predicted
            self._failed += 1
            return
        png, notes = painted(image_HWC, self._explainer.heatmap(image_HWC, row.label)), PngInfo()
        notes.add_text(SOURCE, source)
        notes.add_text(STATE, state)
        temporary = target.with_name(f"{source[:16]}.part")
        with _writing(self._folder):
            temporary.unlink(missing_ok=True)  # not followed, should it be a link
            png.save(temporary, "PNG", pnginfo=notes)
            temporary.replace(target)
        self._made += 1

    def _target(self, name: str, source: str) -> Path:
        """Return where the map of a row goes: its own path below the folder, else a name made from the digest."""
        parts = [part for part in PurePosixPath(name).parts if part != "/"]
        plain = parts and ".." not in parts and not name.startswith("/")
        last = parts[-1] if parts else "picture"
        alone = self._folder / f"{_shortened(last)}-{source[:16]}.png"
        if not plain or any(len(os.fsencode(part)) > MOST_BYTES for part in parts):
            return alone
        target = self._folder.joinpath(*parts[:-1], f"{last}.png")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError:  # a file where a folder should be, or a path too long
            return alone
        # A link in DIR must not lead out of it; a map of another file of this name keeps its place.
        inside = target.parent.resolve().is_relative_to(self._folder.resolve())
        taken = target.is_dir() or (_texts(target) or (source,))[0] != source
        return alone if not inside or taken else target


def open_heatmaps(folder: Path, paths: Sequence[str], predictor: Predictor, model: str) -> Heatmaps:
    """Make the folder for heatmaps.

    Parameters
    ----------
    folder, paths
        DIR and PATH….
    predictor, model
        The opened model and its digest.

    Raises
    ------
    OptionError
        The folder lies in one that is predicted, or cannot be made.
    """
    whole = folder.resolve()
    for path in paths:
        given = Path(path)
        if os.path.isdir(path) and whole.is_relative_to(given.resolve()):  # noqa: PTH112 - unlike Path's it never raises
            raise OptionError(
                "--explain is a folder outside those to predict.",
                found="one whose heatmaps would be taken for pictures the next time",
                where=str(folder),
                advice="name another folder",
            )
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return Heatmaps(folder, Explainer(predictor), model)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Say it plainly where the system refuses to write."""
    try:
        yield
    except OSError as error:
        raise OptionError(
            "--explain is a folder that can be written.",
            found=error.strerror or str(error),
            where=str(folder),
            advice="make room, or name another folder; the same command goes on from here",
        ) from error


def _texts(png: Path) -> tuple[str, str] | None:
    """Return the two texts of a PNG of ours; None where there is none."""
    try:
        with Image.open(png, formats=["PNG"]) as found:
            return str(found.info.get(SOURCE)), str(found.info.get(STATE))
    except (OSError, ValueError, SyntaxError):
        return None


def _shortened(name: str) -> str:
    return os.fsdecode(os.fsencode(name)[:MOST_BYTES])


def _digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()
