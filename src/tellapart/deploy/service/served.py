"""What every route is handed: the run folder, its opened model, and the way to answer for pictures.

A router of its own module asks for it by type::

    router = APIRouter()

    @router.get("/v1/something")
    def something(served: ServedRun) -> dict[str, Any]:
        return served.run.read_json("metrics.json")

and is included in `app.ROUTERS`. Whatever a route raises as a `RefusedRequestError` becomes its 4xx.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request

from tellapart.deploy.predictor import Predictor
from tellapart.deploy.service.batching import Batcher
from tellapart.deploy.service.counting import Counts
from tellapart.deploy.service.heatmaps import Heatmaps
from tellapart.deploy.service.limits import Limits
from tellapart.deploy.service.reading import Decoder
from tellapart.run_folder import RunFolder


@dataclass(frozen=True)
class Served:
    """A run while it is served.

    Attributes
    ----------
    run
        The run folder; ``run.path`` is where it lies.
    metrics, trained_with
        The run's metrics.json and versions.json; empty and None where there are none.
    model_sha256
        Of model.onnx, as it was opened.
    predictor
        Its model; synchronous: routes that answer for pictures go through `batcher`.
    decoder
        ``await served.decoder.decode(upload)``: a file's bytes as the picture that the model is asked about.
    batcher
        ``await served.batcher.answers(images)``: answers for decoded pictures, computed with other requests'.
    heatmaps
        ``await served.heatmaps.png(image, class_name)``: the picture with what speaks for the class, PNG.
    counts
        For Prometheus.
    limits
        What a request may cost.
    """

    run: RunFolder
    metrics: dict[str, Any]
    trained_with: dict[str, str] | None
    model_sha256: str
    predictor: Predictor
    decoder: Decoder
    batcher: Batcher
    heatmaps: Heatmaps
    counts: Counts
    limits: Limits

    def close(self) -> None:
        """Let the threads end."""
        self.decoder.close()
        self.batcher.close()
        self.heatmaps.close()


def open_served(run: Path, limits: Limits) -> Served:
    """Open the model of a run.

    Raises
    ------
    RunFolderError
        There is no model, or a file of the run is damaged.
    """
    file, folder = run / "model.onnx", RunFolder(run)
    predictor = Predictor(file, spin=False)  # the cores are wanted for decoding the next pictures
    counts = Counts(predictor.classes)
    return Served(
        run=folder,
        metrics=_read(folder, "metrics.json") or {},
        trained_with=_read(folder, "versions.json"),
        model_sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        predictor=predictor,
        decoder=Decoder(limits),
        batcher=Batcher(predictor, counts),
        heatmaps=Heatmaps(predictor),
        counts=counts,
        limits=limits,
    )


def _read(folder: RunFolder, name: str) -> dict[str, Any] | None:
    """Return a file of the run; None where there is none: a model alone can be served too."""
    found: dict[str, Any] | None = folder.read_json(name) if (folder.path / name).exists() else None
    return found


def _served(request: Request) -> Served:
    found: Served = request.app.state.served
    return found


ServedRun = Annotated[Served, Depends(_served)]
"""The type of a route's argument that is to be the `Served`."""
