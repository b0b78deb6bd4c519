"""How far an ingest has come, on standard error: bars where a person looks, lines where a program asks."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal

from bot import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from rich.progress import Progress as RichProgress
    from rich.progress import Task, TaskID

    from bot.streams import Streams
    from ingest.progress import Progress
    from retrieval.types import Language

#: What is counted in each stage, for its rate; reading is counted in bytes.
_BYTES = "read"
#: Seconds between two lines of one stage at least.
_PAUSE = 0.25

Form = Literal["bar", "json"]


class Bar:
    """A bar per stage, with its rate and the time it still takes."""

    def __init__(self, drawing: RichProgress, language: Language) -> None:
        self._drawing = drawing
        self._language = language
        self._task: TaskID | None = None

    def stage(self, name: str, total: int | None) -> None:
        """See `ingest.progress.Progress.stage`."""
        self.done()
        sentence = messages.STAGES.get(name)
        shown = sentence(self._language) if sentence else name
        self._task = self._drawing.add_task(shown, total=total, unit=name)

    def advance(self, units: int) -> None:
        """See `ingest.progress.Progress.advance`."""
        if self._task is not None:
            self._drawing.advance(self._task, units)

    def done(self) -> None:
        """See `ingest.progress.Progress.done`."""
        if self._task is None:
            return
        task = next(task for task in self._drawing.tasks if task.id == self._task)
        total = task.total or task.completed or 1
        self._drawing.update(self._task, total=total, completed=total)
        self._task = None


class Lines:
    """A JSON object a line: `stage`, `done` and `total`, which is null where it is unknown.

    A stage has a line at its beginning and at its end, and a few a second between.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._stage: str | None = None
        self._total: int | None = None
        self._done = 0
        self._next = 0.0

    def stage(self, name: str, total: int | None) -> None:
        """See `ingest.progress.Progress.stage`."""
        self._stage, self._total, self._done = name, total, 0
        self._write()

    def advance(self, units: int) -> None:
        """See `ingest.progress.Progress.advance`."""
        self._done += units
        if self._clock() >= self._next:
            self._write()

    def done(self) -> None:
        """See `ingest.progress.Progress.done`."""
        if self._total is None:
            self._total = self._done
        self._done = self._total
        self._write()
        self._stage = None

    def _write(self) -> None:
        if self._stage is None:
            return
        line = json.dumps({"stage": self._stage, "done": self._done, "total": self._total})
        with suppress(OSError):  # whoever read them has seen enough; the ingest goes on
            self._stream.write(line + "\n")
            self._stream.flush()
        self._next = self._clock() + _PAUSE


@contextmanager
def progress(streams: Streams, language: Language, form: Form = "bar") -> Iterator[Progress | None]:
    """Give a progress to report to, None where bars are wanted and standard error is no terminal."""
    if form == "json":
        yield Lines(streams.stderr)
        return
    if not streams.stderr.isatty():
        yield None
        return
    from rich import progress as rich
    from rich.console import Console

    class Rate(rich.ProgressColumn):
        """How many units a second."""

        def render(self, task: Task) -> str:
            return rate(task.speed, str(task.fields.get("unit")))

    columns = (
        rich.SpinnerColumn(finished_text="✓"),
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(bar_width=24),
        rich.TaskProgressColumn(),
        Rate(),
        rich.TimeRemainingColumn(compact=True),
    )
    with rich.Progress(*columns, console=Console(file=streams.stderr)) as drawing:
        yield Bar(drawing, language)


def rate(speed: float | None, stage: str) -> str:
    """Write how fast a stage goes, in megabytes where it counts bytes."""
    if speed is None:
        return ""
    return f"{speed / 1e6:.1f} MB/s" if stage == _BYTES else f"{speed:.0f}/s"
