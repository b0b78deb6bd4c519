"""Answers off the event loop: one thread, for the model and the store use every core they get already."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


class Busy(Exception):  # noqa: N818 - not an error: whoever asks is to come again
    """More is waiting than can be answered in reasonable time."""


class Worker:
    """Runs calls one after the other, and takes no more than `limit` at a time."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pending = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="answer")

    @property
    def pending(self) -> int:
        """Return how many calls wait or run."""
        return self._pending

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a call returns, once its turn has come.

        :raises Busy: If as many as may wait are waiting.
        """
        if self._pending >= self._limit:
            raise Busy("Too many questions are waiting; ask again in a moment.")
        self._pending += 1
        self._idle.clear()
        loop = asyncio.get_running_loop()
        future = self._executor.submit(call, *args, **kwargs)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._finished))
        # A client that leaves takes a call back that has not begun; one that has cannot be stopped.
        return await asyncio.wrap_future(future)

    async def close(self) -> None:
        """Wait until what was accepted is done."""
        await self._idle.wait()
        self._executor.shutdown()

    def _finished(self) -> None:
        self._pending -= 1
        if self._pending == 0:
            self._idle.set()
