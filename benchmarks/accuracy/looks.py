"""What larger pictures, a second network and mirror images do for the probe.

``python -m benchmarks.accuracy.looks --data DIR``. Out of fold; no test part is opened. Every way to look chooses
depths and strength for itself inside the same folds; gains over the first are paired by picture. Finished rows are
kept in looks.jsonl; looks.md is written anew from them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy.sets import SETS, Folders, PictureSet, lay_out
from benchmarks.rows import Rows
from tellapart.backbones.features import lite0, lite2
from tellapart.members.extraction import extract
from tellapart.members.probe import choose_heads
from tellapart.members.scores import log_losses, paired_gain, softmax
from tellapart.members.sight import MIRRORINGS, Sight
from tellapart.options import TrainOptions
from tellapart.pipeline import prepare, read_for
from tellapart.plan import LARGER_SIDE
from tellapart.progress import Quiet
from tellapart.run_folder import RunFolder
from tellapart.scale.processor import sharing_the_processor

HERE = Path(__file__).parent


def main() -> None:
    """Run what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the picture sets")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="scratch folder")
    parser.add_argument("--only", default="", help="sets whose name holds this")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    rows, folders = Rows(HERE / "looks.jsonl"), Folders(options.data, None, options.work)
    for one in SETS:
        if options.only in one.name and not one.split:
            rows.get(one.name, partial(looked, one, folders))
    (HERE / "looks.md").write_text(table(rows))


def ways() -> dict[str, Sight]:
    """Return the ways to look, the plainest first."""
    first, second = lite0(), lite2()
    plain, sideways, both_ways = MIRRORINGS
    return {
        "Lite0": Sight((first,), plain),
        "Lite0, enlarged": Sight((first,), plain, LARGER_SIDE),
        "Lite2": Sight((second,), plain),
        "both": Sight((first, second), plain),
        "Lite0, mirrored": Sight((first,), sideways),
        "Lite0, both ways": Sight((first,), both_ways),
        "both, both ways": Sight((first, second), both_ways),
    }


@sharing_the_processor()
def looked(one: PictureSet, folders: Folders) -> dict[str, Any]:
    """Return the row of one set: per way log loss, gain over the first with its standard error, accuracy."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=folders.work) as scratch:
        options = TrainOptions(members=("probe",))
        prepared = prepare(
            read_for(options, str(lay_out(one, folders))),
            lite0(),
            RunFolder(Path(scratch)),
            options,
            Quiet(),
            time.monotonic(),
        )
        job, shared = prepared.job, prepared.inspection.features_ND
        area, file = job.plan["probe.area_px"], job.work / "features-efficientnet-lite2.npy"
        second = extract(lite2(), area, job.store, file)
        train = job.split.indices("train")
        labels = job.pictures.labels[train]
        first: np.ndarray | None = None
        for name, sight in ways().items():
            own = shared if sight.networks[0].name == "efficientnet-lite0" else second
            logits = choose_heads(job, sight.features(job, own), sight.deepest).logits_NK[train]
            losses = log_losses(softmax(logits), labels)
            first = losses if first is None else first
            gain, error = paired_gain(first, losses)
            found[name] = {
                "log_loss": round(float(losses.mean()), 4),
                "gain": round(gain, 4),
                "error": round(error, 4),
                "accuracy": round(float(np.mean(logits.argmax(1) == labels)), 4),
            }
    return {"pictures": len(labels), "ways": found}


def table(rows: Rows) -> str:
    """Return looks.md."""
    names = list(ways())
    lines = [
        "# Ways of the probe to look",
        "",
        "`python -m benchmarks.accuracy.looks --data DIR`. Out-of-fold log loss on the training part, seed 0; in",
        "brackets by how much it is lower than with Lite0 alone, and the standard error of that (paired). *Enlarged*:",
        "pictures at 1.5 times the side; *both*: the features of EfficientNet-Lite0 and -Lite2 side by side;",
        "*mirrored*: averaged with the mirror image; *both ways*: with three of them. The product takes what helps,",
        "one after another, where the log loss is above .02.",
        "",
        f"Measured {rows.made()}.",
        "",
        f"| set | pictures | {' | '.join(names)} |",
        "|---|---|" + "---|" * len(names),
    ]
    for one in SETS:
        if row := rows.done.get(one.name):
            cells = [_said(row["ways"][name]) for name in names]
            lines.append(f"| {one.name} | {row['pictures']} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _said(way: dict[str, float]) -> str:
    gain = f" ({way['gain']:+.3f} ± {way['error']:.3f})" if way["error"] else ""
    return f"{way['log_loss']:.3f}{gain}"


if __name__ == "__main__":
    main()
