"""Ingest again and again until told to stop: on a schedule, or whenever files were written to.

Each run is a process of its own, and begins when the one before has ended, so they never overlap; one
that finds somebody else at work fails, and the next is tried when it is due. A run that fails is a line,
and no end.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import as_json, messages
from bot.render_terminal import one_line
from ingest import last_runs, schedule, watch
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, tzinfo
    from pathlib import Path

    from bot.parts import Parts
    from bot.streams import Streams
    from ingest.schedule import Schedule
    from ingest.summary import Summary
    from retrieval.types import Language

#: The longest wait at a time, in seconds: a clock that was set, or a machine that slept, is noticed by then.
_GLANCE = 30.0


@dataclass(frozen=True, slots=True)
class Repeating:
    """Runs of one command, each told in a line."""

    once: Callable[[], Summary]
    roots: Sequence[Path | str]
    data_dir: Path
    parts: Parts
    streams: Streams
    language: Language
    zone: tzinfo
    #: Whether summaries go to standard output, a line of JSON each.
    json: bool

    def by(self, plan: Schedule, *, at_once: bool) -> int:
        """Run as a schedule says; return when told to stop.

        The first run is due at once where that is wanted, where one of the sources was never ingested, and
        where one was missed since.
        """
        last = None if at_once else last_runs.recall(self.data_dir, self.roots)
        now = self.parts.clock()
        due = now if last is None else schedule.due(plan, last, now)
        with _ending():
            if due > now:
                self._tell(messages.RUN_WAITING(self.language), due)
            while True:
                self._wait_until(due)
                began = self.parts.clock()
                told = self._run()
                due = schedule.due(plan, began, self.parts.clock())
                self._tell(told, due)
        return self._stop()

    def when_written(self, paths: Sequence[Path]) -> int:
        """Run now and whenever something was written to files or folders; return when told to stop."""
        with _ending():
            self._tell(messages.RUN_WATCHING(self.language))
            for _ in watch.settled(self.parts.changes(paths), lambda: self.parts.clock().timestamp()):
                self._tell(self._run())
        return self._stop()

    def _run(self) -> str:
        """Ingest once and return what there is to say of it."""
        try:
            summary = self.once()
        except RetrievalError as error:
            return self._failed(error.sentence(self.language))
        except Exception as error:  # noqa: BLE001 - whatever it is, the next run may well do better
            return self._failed(f"{type(error).__name__}: {error}")
        if self.json:
            self.streams.say(as_json.dumps(summary.to_json()))
        return described(summary, self.language)

    def _failed(self, reason: str) -> str:
        if self.json:
            self.streams.say(as_json.dumps({"error": reason}))
        return messages.RUN_FAILED(self.language, reason=one_line(reason))

    def _wait_until(self, due: datetime) -> None:
        while (left := (due - self.parts.clock()).total_seconds()) > 0:
            self.parts.wait(min(left, _GLANCE))

    def _tell(self, sentence: str, due: datetime | None = None) -> None:
        """Write a line with the time, and when the next run is due."""
        if due is not None:
            moment = due.astimezone(self.zone).isoformat(" ", "seconds")
            sentence = f"{sentence}; {messages.RUN_NEXT(self.language, moment=moment)}"
        now = self.parts.clock().astimezone(self.zone).isoformat(" ", "seconds")
        self.streams.complain(f"{now} {sentence}")

    def _stop(self) -> int:
        self._tell(messages.RUN_STOPPED(self.language))
        return 0


def described(summary: Summary, language: Language) -> str:
    """Say in one line what a run did, and the first of what it skipped."""
    sentence = messages.RUN_PUBLISHED if summary.published else messages.RUN_SAME
    parts = [
        sentence(
            language,
            new=summary.new,
            changed=summary.changed,
            removed=summary.removed,
            generation=summary.generation,
            seconds=summary.seconds,
        )
    ]
    if summary.skipped:
        path, reason = summary.skipped[0]
        first = one_line(f"{path}: {reason}")
        parts.append(messages.RUN_SKIPPED(language, count=len(summary.skipped), first=first))
    return ", ".join(parts)


def _ending() -> suppress:
    """Take Ctrl-C and SIGTERM for the end of a service, which is no failure."""
    return suppress(KeyboardInterrupt, SystemExit)
