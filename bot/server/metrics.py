"""What one process counts, over HTTP and in Telegram; nothing here knows a question or a token."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from retrieval.generations import Manifest
    from retrieval.types import Answer

    Front = Literal["http", "telegram"]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One process's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._questions = Counter(
            "threadbot_questions",
            "Questions, by where they were asked, language and outcome (answered, nothing).",
            ["front", "language", "outcome"],
            registry=registry,
        )
        self._refusals = Counter(
            "threadbot_refusals",
            "Questions and updates turned away, by reason (busy, denied, slow; limit, line, stranger).",
            ["reason"],
            registry=registry,
        )
        self._errors = Counter("threadbot_errors", "What failed for our fault.", registry=registry)
        self._seconds = Histogram(
            "threadbot_stage_seconds",
            "Seconds by stage: wait; answer, of which embed, search and quote; send (to Telegram).",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._waiting = Gauge(
            "threadbot_waiting",
            "Questions accepted and not answered yet, by where they were asked.",
            ["front"],
            registry=registry,
        )
        self._updates = Counter(
            "threadbot_updates",
            "Telegram's updates, by what became of them (taken, again, odd, full).",
            ["outcome"],
            registry=registry,
        )
        self._telegram = Gauge(
            "threadbot_telegram_up",
            "Whether Telegram answered when last spoken to; not a number where no bot runs.",
            registry=registry,
        )
        self._telegram.set(float("nan"))
        self._generation = Gauge(
            "threadbot_generation", "The generation answers come from.", registry=registry
        )
        self._comments = Gauge("threadbot_comments", "Comments in that generation.", registry=registry)
        self._created = Gauge(
            "threadbot_generation_created_seconds",
            "When that generation was made, Unix time.",
            registry=registry,
        )

    def answered(self, front: Front, answer: Answer) -> None:
        """Count a question that got an answer, or the word that there is none."""
        outcome = "answered" if answer.answered else "nothing"
        self._questions.labels(front, answer.question.language, outcome).inc()

    def refused(self, reason: str) -> None:
        """Count a question that was turned away."""
        self._refusals.labels(reason).inc()

    def failed(self) -> None:
        """Count what failed for our fault."""
        self._errors.inc()

    def took_update(self, outcome: str) -> None:
        """Count an update of Telegram's."""
        self._updates.labels(outcome).inc()

    def reaches_telegram(self, up: Callable[[], bool]) -> None:
        """Ask, whenever the metrics are read, whether Telegram answers."""
        self._telegram.set_function(lambda: float(up()))

    def waits(self, front: Front, number: Callable[[], int]) -> None:
        """Ask, whenever the metrics are read, how many questions wait."""
        self._waiting.labels(front).set_function(number)

    def shows(self, manifest: Manifest, created: float) -> None:
        """Say which generation answers come from."""
        self._generation.set(manifest.generation)
        self._comments.set(sum(entry.comments for entry in manifest.threads))
        self._created.set(created)

    def took(self, stage: str, seconds: float) -> None:
        """Note how long a stage took."""
        self._seconds.labels(stage).observe(seconds)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.took(name, time.perf_counter() - began)

    def names(self) -> list[str]:
        """Return the names of all metrics, as they are scraped."""
        suffixes = {"counter": "_total"}
        return [family.name + suffixes.get(family.type, "") for family in self._registry.collect()]

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self._registry)
