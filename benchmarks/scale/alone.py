"""What the command does alone: its list, its rows, handing tasks out; and what it takes to decode a picture.

Used by `benchmarks.scale.workers`; no network runs here.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tellapart.deploy.bulk.journal import open_journal
from tellapart.deploy.bulk.listing import Listed, open_listing
from tellapart.deploy.bulk.rows import CHUNK, Row
from tellapart.deploy.bulk.spread import MOST_CHUNKS
from tellapart.deploy.bulk.tables import write_table
from tellapart.pictures.collection import stamp_of
from tellapart.pictures.decode import decode
from tellapart.scale.executor import results_in_order
from tellapart.scale.opening import PREDICTING, open_executor, parse_on

CLASSES = ("disc", "square")
TASKS, DECODED = 1_000, 20
PART = MOST_CHUNKS * CHUNK  # pictures of a task of a long list


def bookkeeping(names: str, out: Path) -> dict[str, Any]:
    """Take a list through all that `predict` does but read and answer; microseconds a picture.

    Parameters
    ----------
    names
        Files that are there, one a line.
    out
        The CSV table to write; it is taken away again.
    """
    began = time.process_time()
    listed = list(open_listing(["-"], io.BytesIO(names.encode())))
    seconds = {"list": time.process_time() - began}
    answered = _answers()
    with open_journal(out, {}) as journal:
        left = journal.resume(listed)
        began = time.process_time()
        while part := list(islice(left, CHUNK)):
            journal.append([answered(one) for one in part], [stamp_of(one.file) for one in part])
        seconds["journal"] = time.process_time() - began
        size = journal.file.stat().st_size
        began = time.process_time()
        write_table(out, CLASSES, journal.rows())
        seconds["table"] = time.process_time() - began
    out.unlink()
    each = {name: round(1e6 * one / len(listed), 1) for name, one in seconds.items()}
    return {"pictures": len(listed), "microseconds": each, "journal_bytes": round(size / len(listed))}


def decoding(folder: Path) -> dict[str, Any]:
    """Decode JPEGs of soft noise, as large as those of a web page and of a camera; milliseconds of one core each."""
    found, rng = {}, np.random.default_rng(0)
    for width, height in ((1000, 1000), (4000, 3000)):
        coarse = Image.fromarray(rng.integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8))
        soft = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
        pixels = np.clip(soft + rng.normal(0, 6, soft.shape), 0, 255).astype(np.uint8)
        file = folder / f"noise-{width}.jpg"
        Image.fromarray(pixels).save(file, quality=90)
        began = time.process_time()
        for _ in range(DECODED):
            decode(file)
        each = 1000 * (time.process_time() - began) / DECODED
        found[f"{width} x {height}"] = {"kB": round(file.stat().st_size / 1000), "ms": round(each, 1)}
        file.unlink()
    return {"decoded": found}


def _answers() -> Callable[[Listed], Row]:
    shares = np.random.default_rng(0).random(997)

    def answered(one: Listed) -> Row:
        share = float(shares[len(one.name) % len(shares)])
        return Row(one.name, CLASSES[share > 0.5], True, (1 - share, share), "")

    return answered


def handing_out(address: str, names: str) -> dict[str, Any]:
    """Hand out tasks that do nothing, each with a part of a list; tasks a second."""
    part = tuple(Listed(name, name) for name in names.splitlines()[:PART])
    with open_executor(parse_on(address), PREDICTING, print) as executor:
        shared = executor.share(b"model")
        seconds = []
        for count in (TASKS // 10, TASKS):  # the first warm the workers up
            began = time.perf_counter()
            for _ in results_in_order(executor, echo, _calls(shared, part, count)):
                pass
            seconds.append(time.perf_counter() - began)
    rate = TASKS / seconds[-1]
    return {
        "tasks": TASKS,
        "rows_each": PART,
        "seconds": round(seconds[-1], 2),
        "tasks_a_second": round(rate, 1),
    }


def _calls(shared: bytes, part: tuple[Listed, ...], count: int) -> Iterator[tuple[Any, ...]]:
    return ((shared, part) for _ in range(count))


def echo(
    _model: bytes, part: tuple[Listed, ...], *, advance: Callable[[int], None]
) -> tuple[list[Row], list[str], str]:
    """Return rows of the size of real ones."""
    advance(len(part))
    return [Row(one.name, CLASSES[0], True, (0.25, 0.75), "") for one in part], [], ""
