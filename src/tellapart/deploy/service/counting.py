"""What the service counts about itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from tellapart.deploy.predictor import Answer

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
"""Edges of the histograms, s: from one small picture to the longest body."""

PICTURES = (1, 2, 4, 8, 16, 32, 64)
"""Edges of the histogram of batches."""


class Counts:
    """One service's counters, in a registry of their own: two services in a process do not mix theirs."""

    def __init__(self, classes: Sequence[str]) -> None:
        self.registry = own = CollectorRegistry()
        self.requests = Counter("tellapart_requests", "Requests answered.", ["route", "status"], registry=own)
        self.seconds = Histogram(
            "tellapart_request_seconds", "From head to answer.", ["route"], buckets=SECONDS, registry=own
        )
        self.refused = Counter("tellapart_refused", "Requests refused with a 4xx.", ["code"], registry=own)
        self.now = Gauge("tellapart_requests_now", "Requests with a body being answered.", registry=own)
        self.batches = Histogram(
            "tellapart_batch_pictures", "Pictures computed together.", buckets=PICTURES, registry=own
        )
        self.batch_seconds = Histogram(
            "tellapart_batch_seconds", "What one batch takes.", buckets=SECONDS, registry=own
        )
        self.unreadable = Counter(
            "tellapart_unreadable_pictures", "Pictures that could not be decoded.", registry=own
        )
        self._pictures = Counter(
            "tellapart_pictures", "Pictures answered for.", ["label", "sure"], registry=own
        )
        for label in classes:
            for sure in ("true", "false"):
                self._pictures.labels(label, sure)
        ProcessCollector(registry=own)

    def answered(self, answers: Iterable[Answer]) -> None:
        """Count what was said of pictures."""
        for one in answers:
            self._pictures.labels(one.label, str(one.sure).lower()).inc()
