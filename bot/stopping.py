"""How services are told to stop."""

from __future__ import annotations

import asyncio
import signal


def on_signals() -> asyncio.Event:
    """Return an event that SIGTERM and Ctrl-C set; nothing is interrupted by them any more."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop
