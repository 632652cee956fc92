"""Which stream is which part, and what each part was like.

Legend: ``names`` is stream number -> name of the part; ``arrays`` has one dict for each epoch, with
``{stream}_looks``, ``{stream}_labels``, ``{stream}_outputs`` and ``{stream}_batches``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tellapart.diagnose.observed import Part, Pass, Values
from tellapart.diagnose.plain import from_plain

from .labelling import Labelling

Streams = dict[int, dict[str, Any]]
Arrays = list[dict[str, np.ndarray]]

SAME = 0.99
"""Two streams of which all but 1 % of the pictures are the same show one part."""
MOST_BATCH_SIZES = 1000


def names(streams: Streams, ends: list[dict[str, Any]], arrays: Arrays) -> dict[int, str]:
    """Name the part of each stream.

    What led to steps is ``train``. Otherwise what the framework said counts (Keras's validation and predict), then
    the order in time: ``validation`` was looked at in an epoch with steps before the last one, ``test`` only
    afterwards. A stream that shows the pictures of a part again is ``train again`` or ``validation again``.
    """
    last = max((at for at, end in enumerate(ends) if end["steps"]), default=-1)
    seen = {number: looks_of(number, arrays) for number in streams}
    training = {look for number, one in streams.items() if one["trained"] for look in seen[number]}
    during = {number: sum(f"{number}_looks" in arrays[at] for at in range(last + 1)) for number in streams}
    found: dict[int, str] = {}
    for number, one in streams.items():
        if one["trained"]:
            role = "train"
        elif one["role"]:
            role = one["role"]
        else:
            # Only the last epoch with steps: an evaluation after it falls into that epoch too.
            several = last > 0
            role = "validation" if during[number] > (1 if several else 0) else "test"
        found[number] = role
    _tell_repeats_apart(found, streams, seen, training)
    return _numbered(found)


def _tell_repeats_apart(
    found: dict[int, str], streams: Streams, seen: dict[int, set[int]], training: set[int]
) -> None:
    """Rename evaluations that show another part again; one that is the only evaluation stays, and is a suspect."""
    judged = [number for number, role in found.items() if role in ("validation", "test")]
    free = [number for number in judged if not streams[number]["role"] and seen[number]]
    repeats = [n for n in free if len(seen[n] & training) >= SAME * len(seen[n])]
    if len(repeats) < len(judged):
        for number in repeats:
            found[number] = "train again"
    firsts = [n for n, role in found.items() if role == "validation"]
    for number in free:
        for first in firsts:
            judging = found[number] in ("validation", "test") and first < number
            if judging and len(seen[number] & seen[first]) >= SAME * len(seen[number]):
                found[number] = "validation again"
    tests = [n for n, role in found.items() if role == "test"]
    if len(tests) == 1 and "validation" not in found.values():
        found[tests[0]] = "validation"  # the only evaluation there is


def _numbered(found: dict[int, str]) -> dict[int, str]:
    used: dict[str, int] = {}
    result = {}
    for number, role in found.items():
        used[role] = used.get(role, 0) + 1
        result[number] = role if used[role] == 1 else f"{role} {used[role]}"
    return result


def looks_of(number: int, arrays: Arrays) -> set[int]:
    """Return all looks that a stream has shown."""
    return {look for one in arrays for look in one.get(f"{number}_looks", np.zeros(0, np.int64)).tolist()}


def parts(
    named: dict[int, str], streams: Streams, ends: list[dict[str, Any]], arrays: Arrays, labelling: Labelling
) -> dict[str, Part]:
    """Return the parts by name."""
    seen = {number: looks_of(number, arrays) for number in streams}
    found = {}
    for number, name in named.items():
        one = streams[number]
        passes = _passes(number, ends, arrays, labelling, len(seen[number]))
        labels = labelling.of_stream(number)
        found[name] = Part(
            name=name,
            source=one["source"],
            pictures=len(seen[number]),
            known=one["known"],
            copies=passes[0].pictures - passes[0].distinct if passes else 0,
            inputs=_values(one["inputs"]),
            outputs=_values(one["outputs"]),
            labels=_values(one["labels"]),
            labels_kept=labels.counts,
            conflicting=labels.conflicting,
            rows_sum_to_one=one["sum_to_one"],
            cut_anew=one["cut_anew"],
            folders=one["folders"],
            shared={
                named[other]: len(seen[number] & seen[other]) / len(seen[number])
                for other in named
                if other != number and seen[number]
            },
            passes=passes,
        )
    return found


def _passes(
    number: int, ends: list[dict[str, Any]], arrays: Arrays, labelling: Labelling, known: int
) -> tuple[Pass, ...]:
    found = []
    seen: set[int] = set()
    before: set[int] = set()
    for end, one in zip(ends, arrays, strict=True):
        looks = one.get(f"{number}_looks")
        facts = next((p for p in end["passes"] if p["stream"] == number), None)
        if looks is None or facts is None:
            continue
        own = set(looks.tolist())
        distinct = len(own)
        sizes = one[f"{number}_batches"]
        codes = labelling.codes(one.get(f"{number}_labels"))
        found.append(
            Pass(
                epoch=end["number"],
                pictures=len(looks),
                distinct=distinct,
                coverage=distinct / known,
                batch_sizes=tuple(sizes[:MOST_BATCH_SIZES].tolist()),
                classes_per_batch=_classes_per_batch(codes, sizes),
                labels_in_order=None
                if codes is None or len(codes) < 2
                else float((codes[1:] == codes[:-1]).mean()),
                training_mode=facts["training_mode"],
                seconds=facts["seconds"],
                fresh=len(own - seen) / distinct if seen and own else None,
                changed=len(own - before) / distinct if seen and own else None,
            )
        )
        before = own
        seen |= own
    return tuple(found)


def _classes_per_batch(codes: np.ndarray | None, sizes: np.ndarray) -> float | None:
    if codes is None or not len(codes):
        return None
    ends = np.cumsum(sizes)[:-1]
    return float(np.mean([len(np.unique(batch)) for batch in np.split(codes, ends)]))


def _values(facts: dict[str, Any] | None) -> Values | None:
    if facts is None:
        return None
    found: Values = from_plain(Values, facts)
    return found
