"""`audit`: what is wrong with the pictures; and the part of it that every training begins with.

N pictures, D features.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tellapart import __version__
from tellapart.audit import Audit, Kinship, audit_pictures, find_kinship
from tellapart.backbones.features import Backbone, lite0
from tellapart.gallery import small_pairs
from tellapart.members.extraction import extract_on
from tellapart.members.probe import quick_probe
from tellapart.pictures.collection import Pictures
from tellapart.pictures.features import StoredFeatures
from tellapart.pictures.read import check_enough, read_pictures
from tellapart.pictures.store import PictureStore, decode_all
from tellapart.plan import probe_area
from tellapart.progress import Progress, Quiet
from tellapart.result import Result
from tellapart.run_folder import RunFolder
from tellapart.scale.executor import THIS_PROCESS, Executor
from tellapart.scale.processor import sharing_the_processor

FILES = ("audit.json", "audit.html", "groups.csv")


@dataclass(frozen=True, eq=False)
class Inspection:
    """What is known of the pictures before anything is trained on them.

    Attributes
    ----------
    features_ND
        Of the backbone, for audit and probe alike.
    embedding_NE
        Those columns that say whether two pictures look alike.
    probe
        A quick classifier: (N,) groups -> (N, K) out-of-fold probabilities.
    kinship
        What belongs together.
    """

    features_ND: StoredFeatures
    embedding_NE: StoredFeatures
    probe: Callable[[np.ndarray], np.ndarray]
    kinship: Kinship


def inspect(
    pictures: Pictures,
    store: PictureStore,
    backbone: Backbone,
    work: Path,
    seed: int,
    progress: Progress,
    executor: Executor = THIS_PROCESS,
) -> Inspection:
    """Compute the features, and find copies and series; features are kept in `work` and read from there again."""
    progress.stage("features", len(store))
    area = probe_area(store.facts, backbone.area_px)
    features = extract_on(executor, backbone, area, store, work / "features.npy", progress.advance)
    embedding = features.last(backbone.embedding)
    probe = quick_probe(features, pictures.labels, len(pictures.classes), seed)
    kinship = find_kinship(
        pictures, store, features=embedding, probe=probe, seed=seed, advance=shown_by(progress)
    )
    return Inspection(features, embedding, probe, kinship)


def key_of(pictures: Pictures, store: PictureStore, backbone: Backbone) -> str:
    """Return what all further work depends on, in short: version, pixels as stored, labels, parts, groups, weights."""
    digest = hashlib.blake2b(store.index().encode(), digest_size=16)
    said = (
        __version__,
        backbone.name,
        backbone.source,
        pictures.classes,
        pictures.labels.tolist(),
        pictures.parts.tolist(),
        pictures.groups.tolist(),
    )
    digest.update(json.dumps(said).encode())
    return digest.hexdigest()


def shown_by(progress: Progress) -> Callable[[str, int, int], None]:
    """Return what shows the audit's stages."""
    current: list[str] = []

    def advance(words: str, done: int, of: int) -> None:
        if current != [words]:
            current[:] = [words]
            progress.stage(words, of)
        progress.advance(done)

    return advance


@sharing_the_processor()
def audit_source(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str] | None,
    progress: Progress,
    *,
    groups_file: str | os.PathLike[str] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Audit PICTURES and return audit.json.

    Parameters
    ----------
    source
        PICTURES of the interface.
    out
        A folder for audit.json, audit.html and, where series are suspected, the proposed groups.csv; None: none.
    progress
        Where work is shown.
    groups_file
        A table of what belongs together.
    seed
        Draws folds, trees and random pairs.

    Raises
    ------
    TellapartError
        The pictures or the folder cannot be used.
    """
    folder = None if out is None else RunFolder(Path(out))
    pictures = read_pictures(source, groups_file=groups_file)
    if folder is not None:
        folder.open_for(FILES)
    with tempfile.TemporaryDirectory(prefix="tellapart-") as scratch:
        progress.stage("read", len(pictures))
        store, pictures = decode_all(pictures, Path(scratch), advance=progress.advance)
        check_enough(pictures, str(pictures.root))
        seen = inspect(pictures, store, lite0(), Path(scratch), seed, progress)
        audit = audit_pictures(
            pictures,
            store,
            seen.kinship,
            features=seen.embedding_NE,
            probe=seen.probe,
            seed=seed,
            advance=shown_by(progress),
        )
        if folder is not None:
            write_audit(folder, pictures, store, audit)
    return audit.to_dict()


def audit(
    pictures: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    groups: str | os.PathLike[str] | None = None,
    random_state: int = 0,
) -> Result:
    """Say what is wrong with PICTURES before anything is trained on them: ``tellapart.audit(…)``.

    Parameters
    ----------
    pictures
        A folder or table, see the interface.
    out
        As for `audit_source`; None leaves nothing on disk.
    groups
        A table ``file,group`` of what belongs together.
    random_state
        The same number gives the same findings.

    Returns
    -------
    Result
        Prints its findings; in a notebook it is the page; ``to_dict()`` is audit.json.

    Raises
    ------
    TellapartError
        The pictures or the folder cannot be used.
    """
    from tellapart.report import audit_in_words

    with tempfile.TemporaryDirectory(prefix="tellapart-") as scratch:
        folder = Path(scratch if out is None else out)
        document = audit_source(pictures, folder, Quiet(), groups_file=groups, seed=random_state)
        page = (folder / "audit.html").read_text(encoding="utf-8")
    return Result(audit_in_words(document), page, document)


def write_audit(folder: RunFolder, pictures: Pictures, store: PictureStore, audit: Audit) -> None:
    """Write audit.json, audit.html and the proposed groups.csv."""
    from tellapart.report import render_audit

    document = audit.to_dict()
    folder.write_json("audit.json", document)
    (folder.path / "groups.csv").unlink(missing_ok=True)  # of an audit before this one
    if audit.suspected is not None:
        folder.write_text("groups.csv", audit.suspected.to_csv(pictures))
    page = render_audit(document, small_pairs(audit.pairs(pictures), store), pictures.root.name)
    folder.write_text("audit.html", page)
