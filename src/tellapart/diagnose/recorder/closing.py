"""The end of the run: outputs for everything that was kept, in either mode and with other preparations.

They settle most questions of metric, split, preparation and mode without another training.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from .by_folder import label_by_folder
from .fingerprint import shifted_thumbnails, thumbnails
from .past_the_end import more_batches
from .preparing import Prepare, preparations
from .stream import Stream
from .watch import Watched

# Of the time there is, for reading files whose pictures no label is known of.
READING_SHARE = 0.3
# Pictures of a part that are looked at moved: 24 small thumbnails of each, some 1.5 MB.
MOST_SHIFTED = 256
# Of pictures shrunk at once: small ones are mostly overhead one by one, more than the cache holds is slower again.
BYTES_TOGETHER = 2**19


def close(one: Watched, deadline: float, pictures: Path | None, *, count_folders: bool = False) -> None:
    """Close the last epoch, look at the layers again and score every stream; stop at `deadline` (monotonic).

    Labels that the script does not show are told by the folders of `pictures`; with `count_folders` those that it
    shows are held against them.
    """
    one.clock.free = True
    one.end_epoch()
    one.probe("end")
    training = next((s for s in one.streams.values() if s.trained), None)
    if training is not None:
        with one.clock.ours():
            more = more_batches(training, one.streams.values())
            if more:
                training.source["more_batches"] = more
                one.journal.line("stream", model=one.number, **training.facts())
    if pictures is not None:
        reading_ends = time.monotonic() + READING_SHARE * (deadline - time.monotonic())
        with one.clock.ours():  # whatever goes wrong with a file, the rest is scored
            label_by_folder(one.streams.values(), pictures, reading_ends, count=count_folders)
            if training is not None and training.folders:
                one.journal.line("stream", model=one.number, **training.facts())
    # Other parts first: they are smaller, and more hangs on them.
    for stream in sorted(one.streams.values(), key=lambda s: s.trained):
        if time.monotonic() > deadline:
            one.journal.line("note", text="time ran out before every kept picture was scored again")
            return
        score(one, stream, training, deadline)


def score(
    one: Watched, stream: Stream, training: Stream | None, deadline: float, most: int | None = None
) -> None:
    """Score kept pictures of a stream in both modes; with `most` only so many, and not to be searched for copies."""
    chosen = list(stream.pool)
    if most is not None:  # evenly spaced: the pool may be in class order
        chosen = [chosen[at] for at in np.linspace(0, len(chosen) - 1, min(most, len(chosen))).astype(int)]
    if not chosen:
        return
    arrays: dict[str, np.ndarray] = {"looks": np.array(chosen, dtype=np.int64)}
    labels = [stream.pool_labels.get(look) for look in chosen]
    known = np.array([label is not None for label in labels])
    arrays["known"] = known
    shapes = {np.shape(label) for label in labels if label is not None}
    if len(shapes) == 1:
        blank = np.zeros(next(iter(shapes)))
        arrays["labels"] = np.stack([blank if label is None else label for label in labels])
    if most is None:
        arrays |= _for_copies(stream, chosen)
    variants: list[tuple[str, str, Prepare | None]] = [("eval", "", None), ("train", "", None)]
    if training is not None and training is not stream:
        variants += [("eval", words, prepare) for words, prepare in preparations(stream, training)]
    done: list[list[str]] = []
    for mode, words, prepare in variants:
        if time.monotonic() > deadline:
            break
        outputs = one.scores(stream, chosen, training=mode == "train", prepare=prepare)
        if outputs is not None:
            arrays[f"outputs_{len(done)}"] = outputs
            done.append([mode, words])
    name = f"scores-{one.number}-{stream.number}"
    one.journal.arrays(name, arrays)
    one.journal.line(
        "scores",
        model=one.number,
        stream=stream.number,
        variants=done,
        batch=stream.largest_batch,
        array=name,
    )


def _for_copies(stream: Stream, chosen: list[int]) -> dict[str, np.ndarray]:
    """Return what near copies of pictures are searched by."""
    pictures = [stream.pool[look] for look in chosen]
    found = {"thumbnails": np.concatenate([thumbnails(batch) for batch in batches(pictures)])}
    if not stream.trained:
        some = np.unique(np.linspace(0, len(chosen) - 1, min(MOST_SHIFTED, len(chosen))).astype(int))
        found["shifted_at"] = some
        moved = [pictures[at] for at in some.tolist()]
        found["shifted"] = np.concatenate([shifted_thumbnails(batch) for batch in batches(moved)])
    return found


def batches(pictures: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield pictures in their order as batches (n, ...) of one size: a part may hold several sizes."""
    for _, alike in groupby(pictures, key=lambda one: one.shape):
        same = list(alike)
        step = max(1, BYTES_TOGETHER // max(1, same[0].nbytes))
        for at in range(0, len(same), step):
            yield np.stack(same[at : at + step])
