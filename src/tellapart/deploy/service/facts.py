"""What can be asked about the service itself."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["about"])


@router.get("/v1/health")
def health() -> dict[str, str]:
    """Say that the service lives."""
    return {"status": "ok"}
