"""`export`: build the file, hold it against the run, write it with its certificate, or refuse."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import onnx

from tellapart.deploy.export.certificate import Pair, certify, compare, refuse_unless_it_agrees
from tellapart.deploy.export.model import build_export
from tellapart.deploy.export.pictures import drawn_files, read_pairs
from tellapart.deploy.predictor import Predictor
from tellapart.errors import OptionError
from tellapart.run_folder import RunFolder
from tellapart.versions import versions

SCHEMA = 1
CERTIFICATE = ".certificate.json"


def export_run(
    run: str | os.PathLike[str],
    to: str | os.PathLike[str],
    pictures: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Write the model of RUN as one ONNX file that takes decoded pictures of any size.

    Parameters
    ----------
    run
        A finished run.
    to
        The file to write, ``.onnx``; beside it goes the certificate, ``.onnx.certificate.json``.
    pictures
        Where the run's PICTURES are now; None: where `train` read them, unless that is an address.

    Returns
    -------
    dict
        The certificate; see `certify`.

    Raises
    ------
    TellapartError
        The run, its pictures or the file cannot be used, or the exported model answers otherwise than the run. Nothing
        is written then.
    """
    folder = Path(run)
    target = check_target(to, folder)
    predictor = Predictor(folder / "model.onnx")
    files = drawn_files(folder, pictures)
    return write_export((folder / "model.onnx").read_bytes(), predictor, read_pairs(files), target)


def check_target(to: str | os.PathLike[str], run: Path | None) -> Path:
    """Return the file to write; refuse what could not be written, or would overwrite the run's own model.

    Raises
    ------
    OptionError
        It is no name for the file.
    """
    target = Path(to)
    if target.suffix.lower() != ".onnx" or target.is_dir():
        raise OptionError(
            "--to is the ONNX file to write.",
            found=f"{target.name!r}",
            where=str(target.parent.resolve()),
            advice="let it end with .onnx, such as model.onnx",
        )
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        raise OptionError(
            "--to lies in a folder that can be written.",
            found="a folder that cannot" if target.parent.exists() else "no such folder",
            where=str(target.parent),
            advice="make it, or name another",
        )
    if run is not None and target.resolve() == (run / "model.onnx").resolve():
        raise OptionError(
            "--to is another file than the run's own model.",
            found="the model that predict uses",
            where=str(target),
            advice="name another file",
        )
    return target


def write_export(model: bytes, predictor: Predictor, pairs: Iterable[Pair], target: Path) -> dict[str, Any]:
    """Build, compare and write; nothing is written unless the two agree.

    Raises
    ------
    PicturesError
        There is no picture to compare.
    RunFolderError
        The exported model answers otherwise than the run, or the files cannot be written.
    """
    export = build_export(onnx.load_from_string(model), predictor).SerializeToString()
    figures = certify(compare(export, predictor, pairs), predictor)
    refuse_unless_it_agrees(figures, str(target))
    certificate = {
        "schema": SCHEMA,
        "file": target.name,
        "sha256": hashlib.sha256(export).hexdigest(),
        "run_model_sha256": hashlib.sha256(model).hexdigest(),
        "classes": list(predictor.classes),
        **figures,
        "versions": versions(),
    }
    beside = RunFolder(target.parent)
    # The certificate first: whatever happens in between, no model stands there without one that names its digest.
    beside.write_json(target.name + CERTIFICATE, certificate)
    beside.write_bytes(target.name, export)
    return certificate
