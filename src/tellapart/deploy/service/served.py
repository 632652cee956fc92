"""What every route is handed: the run folder, its opened model, and the way to answer for pictures.

A router of its own module asks for it by type::

    router = APIRouter()

    @router.get("/v1/something")
    def something(served: ServedRun) -> dict[str, Any]:
        return served.run.read_json("metrics.json")

and is included in `app.ROUTERS`. Whatever a route raises as a `RefusedRequestError` becomes its 4xx.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from tellapart.deploy.predictor import Predictor
from tellapart.deploy.service.batching import Batcher
from tellapart.deploy.service.limits import Limits
from tellapart.run_folder import RunFolder


@dataclass(frozen=True)
class Served:
    """A run while it is served.

    Attributes
    ----------
    run
        The run folder; ``run.path`` is where it lies.
    predictor
        Its model; synchronous: routes that answer for pictures go through `batcher`.
    batcher
        ``await served.batcher.answers(images)``: answers for decoded pictures, computed together with other requests'.
    limits
        What a request may cost.
    """

    run: RunFolder
    predictor: Predictor
    batcher: Batcher
    limits: Limits


def _served(request: Request) -> Served:
    found: Served = request.app.state.served
    return found


ServedRun = Annotated[Served, Depends(_served)]
"""The type of a route's argument that is to be the `Served`."""
