"""One of threadbot's services as a child process, watched from outside."""

from __future__ import annotations

import asyncio
import os
import sys
from array import array
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[3]
#: Seconds between two looks at its memory.
_EVERY = 0.5
_PAGE = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass
class Child:
    """A running service, or one that has ended."""

    process: asyncio.subprocess.Process
    probe: Path
    log: Path
    #: (monotonic time, MiB resident).
    memory: list[tuple[float, float]] = field(default_factory=list)

    def resident(self, begin: float, end: float) -> list[float]:
        """Return what it held in memory between two times, MiB."""
        return [size for at, size in self.memory if begin <= at <= end]

    def lateness(self, begin: float, end: float) -> list[float]:
        """Return how late its event loop was between two times, seconds; only when it has ended."""
        samples = array("d", self.probe.read_bytes())
        return [late for due, late in zip(samples[::2], samples[1::2], strict=True) if begin <= due <= end]

    def complaints(self) -> list[str]:
        """Return the lines of its log that speak of something wrong."""
        found = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in found if any(word in line for word in ("WARNING", "ERROR", "Traceback"))]


def environment(data: Path, **more: str) -> dict[str, str]:
    """Return the environment of a command on a data folder."""
    return os.environ | {"PYTHONPATH": str(ROOT), "THREADBOT_DATA_DIR": str(data)} | more


@asynccontextmanager
async def running(command: str, data: Path, **settings: str) -> AsyncIterator[Child]:
    """Run a service while the context lasts, and end it as a service manager would.

    :raises AssertionError: If it does not end with 0.
    """
    probe, log = data.parent / f"{command}.probe", data.parent / f"{command}.log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.benchmarks.load.probed", str(probe), command,
            env=environment(data, **settings), cwd=ROOT, stdout=file, stderr=file,
        )  # fmt: skip
    child = Child(process, probe, log)
    watching = asyncio.create_task(_watch(child))
    try:
        yield child
    finally:
        watching.cancel()
        if process.returncode is None:
            process.terminate()
        code = await asyncio.wait_for(process.wait(), 90)
        assert code == 0, f"{command} ended with {code}:\n{log.read_text(encoding='utf-8')}"


async def _watch(child: Child) -> None:
    loop = asyncio.get_running_loop()
    while child.process.returncode is None:
        child.memory.append((loop.time(), _resident(child.process.pid)))
        await asyncio.sleep(_EVERY)


def _resident(process: int) -> float:
    """Return what a process holds in memory, MiB; 0 where it has just ended."""
    fields = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * _PAGE
