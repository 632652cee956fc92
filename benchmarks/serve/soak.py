"""The memory of the service under load for a long time."""

from __future__ import annotations

import contextlib
import csv
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.serve.service import Service

EVERY_SECONDS = 10.0
SETTLED = 0.1
"""Share of the time after which caches are filled, by which growth is counted."""


def soak(service: Service, load: list[str], pictures: list[str], seconds: float, log: Path) -> dict[str, Any]:
    """Load the service, and now and then send it what it has to refuse.

    Parameters
    ----------
    service
        To be measured.
    load
        The command that loads it for so long.
    pictures
        Of the heatmaps.
    seconds
        How long.
    log
        The table of memory to be written.

    Returns
    -------
    dict
        ``first_mib``, ``last_mib``: medians of the tenth after the first one, and of the last one;
        ``mib_an_hour``: the slope from then on.
    """
    rows: list[tuple[float, float]] = []
    began = time.monotonic()
    with subprocess.Popen(load, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            rows.append((time.monotonic() - began, service.resident_mib()))
            odd_requests(service.url, Path(pictures[len(rows) % len(pictures)]).read_bytes())
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, len(rows) * EVERY_SECONDS - (time.monotonic() - began)))
    with log.open("w", newline="") as out:
        csv.writer(out).writerows([("seconds", "resident_mib"), *((f"{t:.0f}", f"{m:.1f}") for t, m in rows)])
    times, mib = np.array(rows).T
    settled = times >= SETTLED * seconds
    first = settled & (times < 2 * SETTLED * seconds)
    last = times >= (1 - SETTLED) * seconds
    return {
        "seconds": round(float(times[-1])),
        "first_mib": round(float(np.median(mib[first])), 1),
        "last_mib": round(float(np.median(mib[last])), 1),
        "mib_an_hour": round(float(np.polyfit(times[settled], mib[settled], 1)[0]) * 3600, 1),
    }


def odd_requests(url: str, picture: bytes) -> None:
    """Ask for a heatmap, and send a broken picture, one that is too large, and no picture."""
    post(f"{url}/v1/explain", picture, 200)
    post(f"{url}/v1/predict", picture[: len(picture) // 2], 422)
    post(f"{url}/v1/predict", bytes(33 * 2**20), 413)
    post(f"{url}/v1/predict", b"", 400)


def post(url: str, body: bytes, expected: int) -> None:
    """Send a request whose status is known; anything else ends the benchmark."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=120) as response:  # noqa: S310
            status = response.status
    except urllib.error.HTTPError as error:
        with error:
            status = error.code
    if status != expected:
        raise SystemExit(f"{url} answered {status}, not {expected}")
