"""The application: what is served, and what stands in front of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from tellapart import __version__
from tellapart.deploy.service import facts, predicting
from tellapart.deploy.service.guard import Guard
from tellapart.deploy.service.limits import Limits
from tellapart.deploy.service.page import routes as page
from tellapart.deploy.service.refusal import answer_errors
from tellapart.deploy.service.served import open_served
from tellapart.pictures.address import Location

ROUTERS = (predicting.router, facts.router, page.router)
"""All routes; each is an APIRouter whose functions ask for a `ServedRun`."""


def create_app(run: Path, limits: Limits, token: str | None, pictures: Location | None = None) -> FastAPI:
    """Open the model of a run and return the application that serves it.

    Parameters
    ----------
    run
        A run folder with a model.
    limits
        What is taken in.
    token
        Asked of every request but that for its health. With None the service answers only what is sent to localhost.
    pictures
        Where the run's own pictures are now, for the page; None: where `train` read them.

    Raises
    ------
    RunFolderError
        There is no model, or a file of the run is damaged.
    """
    served = open_served(run, limits)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        served.close()

    app = FastAPIOffline(
        title="tellapart", version=__version__, redoc_url=None, static_url="/docs/files", lifespan=lifespan
    )
    app.state.served, app.state.looked = served, page.Looked(served, pictures)
    answer_errors(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(Guard, limits=limits, token=token, counts=served.counts)
    return app
