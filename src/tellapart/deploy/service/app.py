"""The application: what is served, and what stands in front of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import Response

from tellapart import __version__
from tellapart.deploy.predictor import Predictor
from tellapart.deploy.service import facts
from tellapart.deploy.service.batching import Batcher
from tellapart.deploy.service.limits import Limits
from tellapart.deploy.service.refusal import RefusedRequestError, refusal
from tellapart.deploy.service.served import Served
from tellapart.run_folder import RunFolder

ROUTERS = (facts.router,)
"""All routes; each is an APIRouter whose functions ask for a `ServedRun`."""


def create_app(run: Path, limits: Limits, token: str | None) -> FastAPI:
    """Open the model of a run and return the application that serves it.

    Parameters
    ----------
    run
        A run folder with a model.
    limits
        What is taken in.
    token
        Asked of every request but that for its health; None asks for none.

    Raises
    ------
    RunFolderError
        There is no model, or it is damaged.
    """
    predictor = Predictor(run / "model.onnx")
    served = Served(RunFolder(run), predictor, Batcher(predictor), limits)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        served.batcher.close()

    app = FastAPI(title="tellapart", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.served, app.state.token = served, token
    app.add_exception_handler(RefusedRequestError, _refused)
    for router in ROUTERS:
        app.include_router(router)
    return app


def _refused(_: Request, error: Exception) -> Response:
    return refusal(error) if isinstance(error, RefusedRequestError) else Response(status_code=500)
