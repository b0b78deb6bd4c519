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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from bot.telegram import messages, render
from bot.telegram.styled import Styled, name, plain
from retrieval import generations
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from retrieval.types import Language

_SECRETS = ("THREADBOT_TELEGRAM_TOKEN", "THREADBOT_WEBHOOK_SECRET", "THREADBOT_HTTP_TOKEN")
#: Skipped files named in a summary.
_NAMED = 5
_LONGEST_REASON = 300
_STOPPING_SECONDS = 10.0


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


class Run(Protocol):
    """How to run a command: here, as a child process."""

    async def __call__(self, arguments: Sequence[str]) -> tuple[int, str, str]:
        """Return its exit code, its standard output and its standard error."""


class Reingest:
    """At most one re-ingest at a time, and how the last one ended."""

    def __init__(self, data_dir: Path, run: Run | None = None) -> None:
        self._data_dir = data_dir
        self._run = run or child
        self._task: asyncio.Task[Outcome] | None = None
        self.last: Outcome | None = None

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
            self._task = None
        return self.last

    async def _ingest(self) -> Outcome:
        try:
            manifest = generations.read_manifest(self._data_dir)
        except RetrievalError as error:
            return Outcome(None, str(error))
        roots = sorted({entry.root for entry in manifest.files}) if manifest else []
        if not roots:
            return Outcome(
                None, "There is nothing to ingest again; run `threadbot ingest YOUR_FOLDER` first."
            )
        code, out, complaints = await self._run(["ingest", "--json", "--data", str(self._data_dir), *roots])
        return outcome(code, out, complaints)


def outcome(code: int, out: str, complaints: str) -> Outcome:
    """Read what the command left behind."""
    with contextlib.suppress(ValueError):
        summary = json.loads(out)
        if code == 0 and isinstance(summary, dict):
            return Outcome(summary)
    last = complaints.strip().splitlines()[-1:] or [f"it ended with exit code {code}"]
    return Outcome(None, last[0][:_LONGEST_REASON])


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


async def child(arguments: Sequence[str]) -> tuple[int, str, str]:
    """Run `python -m bot` with arguments; see `Run`. A cancelled one is stopped before this returns."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=without_secrets(os.environ),
        start_new_session=True,  # Ctrl-C is for the bot; it stops its child itself
    )
    try:
        out, complaints = await process.communicate()
    except asyncio.CancelledError:
        await _stop(process)
        raise
    return process.returncode or 0, out.decode(errors="replace"), complaints.decode(errors="replace")


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
