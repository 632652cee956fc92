"""What can be asked about the service itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from tellapart.deploy.service.served import ServedRun
from tellapart.versions import versions

SCHEMA = 1

router = APIRouter(tags=["about"])


class Health(BaseModel):
    """The service lives."""

    status: str = "ok"


class Model(BaseModel):
    """What is served; `decision`, `fit_for_use` and `trained_with` are the run's, null where it says nothing."""

    schema_: int = Field(alias="schema")
    classes: list[str]
    positive: str | None
    threshold: float | None
    not_sure_below: float
    decision: str | None
    fit_for_use: dict[str, Any] | None
    sha256: str
    trained_with: dict[str, str] | None
    versions: dict[str, str]
    limits: dict[str, float]


@router.get("/v1/health")
def health() -> Health:
    """Say that the service lives; asks for no token."""
    return Health()


@router.get("/v1/model")
def model(served: ServedRun) -> Model:
    """Describe the model that answers."""
    predictor = served.predictor
    return Model(
        schema=SCHEMA,
        classes=list(predictor.classes),
        positive=predictor.positive,
        threshold=predictor.threshold,
        not_sure_below=predictor.not_sure_below,
        decision=served.metrics.get("decision"),
        fit_for_use=served.metrics.get("fit_for_use"),
        sha256=served.model_sha256,
        trained_with=served.trained_with,
        versions=versions(),
        limits=asdict(served.limits),
    )


@router.get("/metrics", response_class=Response)
def metrics(served: ServedRun) -> Response:
    """Return the counters in Prometheus' text format."""
    return Response(generate_latest(served.counts.registry), headers={"content-type": CONTENT_TYPE_LATEST})
