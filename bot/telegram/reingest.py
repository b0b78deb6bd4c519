"""Re-ingest in a child process: the command line's own `ingest`, of the sources the archive was made from.

A child, so that parsing and encoding never hold up an answer, and a crash of theirs costs nothing. Its
environment has no token.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from bot import messages as shared
from bot.telegram import messages, render
from bot.telegram.styled import Styled, name, plain
from ingest import last_runs
from retrieval.errors import RetrievalError
from retrieval.homes import home_of, published

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from retrieval.homes import Home
    from retrieval.types import Language

_SECRETS = ("THREADBOT_TELEGRAM_TOKEN", "THREADBOT_WEBHOOK_SECRET", "THREADBOT_HTTP_TOKEN")
#: Skipped files named in a summary.
_NAMED = 5
_LONGEST_REASON = 300
_STOPPING_SECONDS = 10.0
#: Lines of complaints remembered, and bytes that one may have.
_LAST_WORDS = 100
_LONGEST_LINE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a re-ingest ended: the command's summary, or the sentence it failed with."""

    summary: dict[str, Any] | None
    reason: str = ""
    stopped: bool = False

    @property
    def published(self) -> bool:
        """Tell whether a new generation answers now."""
        return bool(self.summary and self.summary.get("published"))


@dataclass(frozen=True, slots=True)
class Step:
    """How far a re-ingest has come: a stage, and what is done of how much, in the stage's own units."""

    stage: str
    done: int
    total: int | None

    @property
    def share(self) -> int | None:
        """Return how much of the stage is done, in percent, where that is known."""
        return min(100, 100 * self.done // self.total) if self.total else None


class Run(Protocol):
    """How to run a command: here, as a child process."""

    async def __call__(self, arguments: Sequence[str], hear: Callable[[str], None]) -> tuple[int, str]:
        """Let its standard error be heard line by line; return its exit code and its standard output."""


class Reingest:
    """At most one re-ingest at a time, and how the last one ended."""

    def __init__(self, place: Path | Home, run: Run | None = None) -> None:
        self._home = home_of(place)
        self._run = run or child
        self._task: asyncio.Task[Outcome] | None = None
        self.last: Outcome | None = None
        #: How far the running one has come; None before it has said so.
        self.step: Step | None = None

    @property
    def running(self) -> bool:
        """Tell whether one is running."""
        return self._task is not None

    def start(self) -> asyncio.Task[Outcome]:
        """Start one; only where none is running."""
        self._task = asyncio.create_task(self._carry_out())
        return self._task

    async def stop(self) -> None:
        """Stop one that is running; the archive stays as it was."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _carry_out(self) -> Outcome:
        try:
            self.last = await self._ingest()
        except asyncio.CancelledError:
            self.last = Outcome(None, stopped=True)
        except OSError as error:  # no process can be started
            self.last = Outcome(None, str(error))
        finally:
            self._task = self.step = None
        return self.last

    async def last_began(self) -> datetime | None:
        """Return when the sources of the index were last ingested, by whomever; None where nobody knows."""
        with contextlib.suppress(RetrievalError):
            return last_runs.recall(self._home.data_dir, await self._roots())
        return None

    async def _roots(self) -> list[str]:
        manifest = await asyncio.to_thread(published, self._home)
        return sorted({entry.root for entry in manifest.files}) if manifest else []

    async def _ingest(self) -> Outcome:
        try:
            roots = await self._roots()
        except RetrievalError as error:
            return Outcome(None, str(error))
        if not roots:
            return Outcome(
                None, "There is nothing to ingest again; run `threadbot ingest YOUR_FOLDER` first."
            )
        complaints: deque[str] = deque(maxlen=_LAST_WORDS)

        def hear(line: str) -> None:
            found = step(line)
            if found is None:
                complaints.append(line)
            else:
                self.step = found

        options = ("--json", "--progress", "json", "--data", str(self._home.data_dir))
        code, out = await self._run(["ingest", *options, *roots], hear)
        return outcome(code, out, complaints)


def step(line: str) -> Step | None:
    """Read a line of `ingest --progress json`, None for what is none."""
    try:
        found = json.loads(line)
        return Step(str(found["stage"]), int(found["done"]), found["total"] and int(found["total"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def outcome(code: int, out: str, complaints: Sequence[str]) -> Outcome:
    """Read what the command left behind: its summary, else the last thing it complained of."""
    with contextlib.suppress(ValueError):
        summary = json.loads(out)
        if code == 0 and isinstance(summary, dict):
            return Outcome(summary)
    words = [line.strip() for line in complaints if line.strip()]
    return Outcome(None, (words or [f"it ended with exit code {code}"])[-1][:_LONGEST_REASON])


def progressed(at: Step | None, seconds: int, language: Language) -> str:
    """Say how far a re-ingest has come."""
    sentence = shared.STAGES.get(at.stage) if at else None
    if at is None or sentence is None:
        return messages.REINGEST_RUNNING(language, seconds=seconds)
    share = "" if at.share is None else f" {at.share} %"
    return messages.REINGEST_STAGE(language, stage=sentence(language), share=share, seconds=seconds)


def described(ended: Outcome, language: Language) -> Styled:
    """Say how a re-ingest ended: what changed, what was skipped and why."""
    if ended.stopped:
        return plain(messages.REINGEST_STOPPED(language))
    if ended.summary is None:
        return plain(messages.REINGEST_FAILED(language, reason=name(ended.reason)))
    summary = ended.summary
    seconds = round(float(summary.get("seconds", 0)), 1)
    sentence = messages.REINGEST_DONE if ended.published else messages.REINGEST_SAME
    head = sentence(
        language, counts=render.counts(summary), generation=summary.get("generation"), seconds=seconds
    )
    skipped = _skipped(summary.get("skipped", []), language)
    return plain(f"{head}, {skipped}" if skipped else head)


async def child(arguments: Sequence[str], hear: Callable[[str], None]) -> tuple[int, str]:
    """Run `python -m bot` with arguments; see `Run`. A cancelled one is stopped before this returns."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
        env=without_secrets(os.environ),
        start_new_session=True,  # Ctrl-C is for the bot; it stops its child itself
    )
    assert process.stdout is not None  # noqa: S101 - pipes were asked for
    assert process.stderr is not None  # noqa: S101 - the same
    try:
        out, _, code = await asyncio.gather(
            process.stdout.read(), _heard(process.stderr, hear), process.wait()
        )
    except asyncio.CancelledError:
        await _stop(process)
        raise
    return code, out.decode(errors="replace")


async def _heard(stream: asyncio.StreamReader, hear: Callable[[str], None]) -> None:
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # a line too long to be anything of ours
            continue
        if not line:
            return
        hear(line.decode(errors="replace"))


def without_secrets(environment: os._Environ[str] | dict[str, str]) -> dict[str, str]:
    """Return an environment a child may see."""
    return {key: value for key, value in environment.items() if key not in _SECRETS}


async def _stop(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOPPING_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _skipped(entries: Sequence[dict[str, str]], language: Language) -> str:
    if not entries:
        return ""
    reasons = [f"{name(entry['path'])}: {name(entry['reason'])}" for entry in entries[:_NAMED]]
    if len(entries) > _NAMED:
        reasons.append(messages.REINGEST_MORE(language, count=len(entries) - _NAMED))
    return messages.REINGEST_SKIPPED(language, reasons="; ".join(reasons))
