"""What the service counts; nothing here knows a question or a token."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retrieval.generations import Manifest
    from retrieval.types import Answer

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One service's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._questions = Counter(
            "threadbot_questions",
            "Questions, by language and outcome.",
            ["language", "outcome"],
            registry=self._registry,
        )
        self._refusals = Counter(
            "threadbot_refusals", "Requests turned away, by reason.", ["reason"], registry=self._registry
        )
        self._errors = Counter(
            "threadbot_errors", "Requests that failed for our fault.", registry=self._registry
        )
        self._seconds = Histogram(
            "threadbot_stage_seconds",
            "Seconds by stage.",
            ["stage"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._running = Gauge(
            "threadbot_running", "Questions accepted and not answered yet.", registry=self._registry
        )
        self._generation = Gauge(
            "threadbot_generation", "The generation answers come from.", registry=self._registry
        )
        self._comments = Gauge("threadbot_comments", "Comments in that generation.", registry=self._registry)
        self._created = Gauge(
            "threadbot_generation_created_seconds",
            "When that generation was made, Unix time.",
            registry=self._registry,
        )

    def answered(self, answer: Answer) -> None:
        """Count a question that got an answer, or the word that there is none."""
        self._questions.labels(answer.question.language, "answered" if answer.answered else "nothing").inc()

    def refused(self, reason: str) -> None:
        """Count a request that was turned away."""
        self._refusals.labels(reason).inc()

    def failed(self) -> None:
        """Count a request that failed for our fault."""
        self._errors.inc()

    def shows(self, manifest: Manifest, created: float) -> None:
        """Say which generation answers come from."""
        self._generation.set(manifest.generation)
        self._comments.set(sum(entry.comments for entry in manifest.threads))
        self._created.set(created)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count a question as under way."""
        with self._running.track_inprogress():
            yield

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._seconds.labels(name).observe(time.perf_counter() - began)

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self._registry)
