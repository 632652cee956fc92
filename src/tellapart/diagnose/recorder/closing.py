"""The end of the run: outputs for everything that was kept, in either mode and with other preparations.

They settle most questions of metric, split, preparation and mode without another training.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from .fingerprint import channel_axis, shifted_thumbnails, thumbnails
from .stream import Stream
from .watch import Watched

Prepare = Callable[[np.ndarray], np.ndarray]

# A part is as the training part in range where their spreads differ by less than this factor: augmentation and
# chance move a spread by some tens of percent, a forgotten scaling by 2 (0..1 against -1..1) to 255.
SPREAD_FACTOR = 1.6
# Pictures of a part that are looked at moved: 24 small thumbnails of each, some 1.5 MB and half a second.
MOST_SHIFTED = 256


def close(one: Watched, deadline: float) -> None:
    """Close the last epoch, look at the layers again and score every stream; stop at `deadline` (monotonic)."""
    one.clock.free = True
    one.end_epoch()
    one.probe("end")
    training = next((s for s in one.streams.values() if s.trained), None)
    # Other parts first: they are smaller, and more hangs on them.
    for stream in sorted(one.streams.values(), key=lambda s: s.trained):
        if time.monotonic() > deadline:
            one.journal.line("note", text="time ran out before every kept picture was scored again")
            return
        _score(one, stream, training, deadline)


def _score(one: Watched, stream: Stream, training: Stream | None, deadline: float) -> None:
    chosen = list(stream.pool)
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
    # One by one: a part may hold pictures of several sizes.
    arrays["thumbnails"] = np.concatenate([thumbnails(stream.pool[look][None]) for look in chosen])
    if not stream.trained:
        some = np.unique(np.linspace(0, len(chosen) - 1, min(MOST_SHIFTED, len(chosen))).astype(int))
        arrays["shifted_at"] = some
        arrays["shifted"] = np.concatenate(
            [shifted_thumbnails(stream.pool[chosen[at]][None]) for at in some.tolist()]
        )
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


def preparations(stream: Stream, training: Stream) -> list[tuple[str, Prepare]]:
    """Return what may bring a part's inputs to where the training part's are."""
    own, wanted = stream.inputs, training.inputs
    found: list[tuple[str, Prepare]] = []
    if not own.n or not wanted.n:
        return found
    spread, target = _std(own.squares, own.total, own.n), _std(wanted.squares, wanted.total, wanted.n)
    if spread > 0 and target > 0 and not 1 / SPREAD_FACTOR < spread / target < SPREAD_FACTOR:
        if 255 / SPREAD_FACTOR < spread / target < 255 * SPREAD_FACTOR:
            found.append(("divided by 255", lambda batch: (batch / 255).astype(np.float32)))
        elif 255 / SPREAD_FACTOR < target / spread < 255 * SPREAD_FACTOR:
            found.append(("multiplied by 255", lambda batch: (batch * 255).astype(np.float32)))
        means, mean = own.total / own.n, wanted.total / wanted.n
        found.append(
            (
                "moved to the mean and spread of the training part",
                lambda batch: ((batch - means) / spread * target + mean).astype(np.float32),
            )
        )
    found += _reversed_channels(stream, training)
    return found


def _reversed_channels(stream: Stream, training: Stream) -> list[tuple[str, Prepare]]:
    """Return the other order of colours: where red and blue are alike on average, only the answers can tell."""
    if any(len(one.inputs.channel_moments()[0]) != 3 for one in (stream, training)):
        return []

    def turn(batch: np.ndarray) -> np.ndarray:
        axis = channel_axis(batch.shape)
        return batch if axis is None else np.flip(batch, axis=axis).copy()

    return [("channels reversed", turn)]


def _std(squares: float, total: float, n: int) -> float:
    return max(squares / n - (total / n) ** 2, 0.0) ** 0.5
