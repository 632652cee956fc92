"""The exported model against the run, on real pictures: how far their answers are apart.

N pictures, K classes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from tellapart.deploy.export.model import INPUT, OUTPUT
from tellapart.deploy.predictor import Predictor
from tellapart.errors import PicturesError, RunFolderError
from tellapart.evaluate.intervals import proportion
from tellapart.pictures.decode import decode_image

MOST_DIFFERENCE = 0.01
"""Of the probabilities of one picture's pixels. Both sum in float32 and round to uint8 in between: bit for bit the same
pixels give 1e-6; Pillow resizes tall pictures along the height first, which moves some pixels by one in 255 (1e-3)."""

LEAST_EQUAL = 0.98
"""Share of equal labels, where `predict` reads the file and the exported model is given all its pixels: of large JPEG
files `predict` decodes a fraction of the pixels, which looks a little different, and may move a picture at the
threshold."""


@dataclass(frozen=True, eq=False)
class Pair:
    """One picture: all its pixels, and as `predict` reads it (at most `STORE_SIDE` px); uint8 HWC."""

    full: np.ndarray
    read: np.ndarray


@dataclass(frozen=True, eq=False)
class Comparison:
    """Probabilities (N, K): the exported model's, and the run's from the same pixels and from files."""

    exported: np.ndarray
    same_pixels: np.ndarray
    files: np.ndarray


def compare(export: bytes, predictor: Predictor, pairs: Iterable[Pair]) -> Comparison:
    """Let both answer, one picture after the other: large ones are held one at a time.

    Raises
    ------
    PicturesError
        There is none.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(export, options, providers=["CPUExecutionProvider"])
    rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for pair in pairs:
        given = session.run([OUTPUT], {INPUT: pair.full[None]})[0][0]
        from_file = predictor.probabilities([pair.read])[0]
        reduced, _ = decode_image(Image.fromarray(pair.full), "the picture")
        same = from_file if np.array_equal(reduced, pair.read) else predictor.probabilities([reduced])[0]
        rows.append((given.astype(np.float64), same, from_file))
    if not rows:
        raise PicturesError(
            "At least one picture that can be read was expected, to hold the exported model against the run.",
            found="none",
            where="the run's pictures",
            advice="say where they are: --pictures PICTURES; from Python: export(to, X)",
        )
    exported, same_pixels, files = (np.stack(column) for column in zip(*rows, strict=True))
    return Comparison(exported, same_pixels, files)


def certify(comparison: Comparison, predictor: Predictor) -> dict[str, Any]:
    """Return the certificate's figures.

    Returns
    -------
    dict
        ``n``, ``largest_difference`` of a probability and ``equal_labels`` (share, 95 % interval), between `predict` on
        the file and the exported model on all its pixels; ``same_pixels``: the same where both are given all pixels;
        ``limits``; ``agrees``: whether they are kept; ``words``.
    """
    files = _agreement(comparison.exported, comparison.files, predictor)
    same = _agreement(comparison.exported, comparison.same_pixels, predictor)
    agrees = same["largest_difference"] <= MOST_DIFFERENCE and files["equal_labels"]["value"] >= LEAST_EQUAL
    return {
        "agrees": bool(agrees),
        **files,
        "same_pixels": same,
        "limits": {"same_pixels.largest_difference": MOST_DIFFERENCE, "equal_labels": LEAST_EQUAL},
        "words": _words(files, same),
    }


def refuse_unless_it_agrees(figures: dict[str, Any], where: str) -> None:
    """Refuse a model that answers otherwise than the run.

    Raises
    ------
    RunFolderError
        The certificate says so.
    """
    if not figures["agrees"]:
        raise RunFolderError(
            f"The exported model should answer as the run: from the same pixels, probabilities within "
            f"{MOST_DIFFERENCE}, and from files at least {LEAST_EQUAL:.0%} equal labels.",
            found=figures["words"],
            where=where,
            advice="nothing was written; use the run itself (tellapart predict), and report this with versions.json",
        )


def _agreement(one_NK: np.ndarray, other_NK: np.ndarray, predictor: Predictor) -> dict[str, Any]:
    equal = predictor.predicted(one_NK) == predictor.predicted(other_NK)
    return {
        "n": len(equal),
        # A probability that is no number compares as infinitely far: it must not pass.
        "largest_difference": float(np.nan_to_num(np.abs(one_NK - other_NK), nan=1.0).max()),
        "equal_labels": proportion(int(equal.sum()), len(equal)).to_dict(),
    }


def _words(files: dict[str, Any], same: dict[str, Any]) -> str:
    share = files["equal_labels"]
    apart = f"probabilities differ by at most {files['largest_difference']:.2g}"
    if same["largest_difference"] != files["largest_difference"]:
        apart += f", by {same['largest_difference']:.2g} from the same pixels"
    return (
        f"Held against the run on {files['n']} of its pictures: {share['value']:.1%} of the labels are equal "
        f"(95 % interval {share['low']:.1%} to {share['high']:.1%}), {apart}."
    )
