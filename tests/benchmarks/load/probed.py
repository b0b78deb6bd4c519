"""Run a threadbot command and note how late its event loop is: `… .probed FILE COMMAND …`.

The command `idle` does nothing: how late its loop is says what the machine, not threadbot, is to blame for.

FILE holds pairs of doubles when the command has ended: when the loop should have woken up, by the
monotonic clock that all processes of a machine share, and how many seconds later it did.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import __main__ as threadbot

if TYPE_CHECKING:
    from collections.abc import Coroutine

#: Seconds between two looks at the clock.
EVERY = 0.01


async def _probe(samples: array[float]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + EVERY
        await asyncio.sleep(EVERY)
        samples.extend((due, loop.time() - due))


async def _beside(work: Coroutine[Any, Any, Any], samples: array[float]) -> object:
    probing = asyncio.create_task(_probe(samples))
    try:
        return await work
    finally:
        probing.cancel()


async def _idle() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


def main(argv: list[str]) -> int:
    """Run the command as it always runs, with the probe beside it in its event loop."""
    samples = array("d")
    run = asyncio.run
    asyncio.run = lambda work, **options: run(_beside(work, samples), **options)
    try:
        if argv[1:] == ["idle"]:
            asyncio.run(_idle())
            return 0
        return threadbot.main(argv[1:])
    finally:
        Path(argv[0]).write_bytes(samples.tobytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
