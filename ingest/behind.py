"""Work that is done one thing after the other, while whoever asked for it goes on."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

#: How many things may be waiting; each holds what it works on in memory.
_WAITING = 2


class Behind:
    """A thread that does what it is handed, in order; leaving waits for what it does and drops the rest."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    def __call__(self, work: Callable[[], None]) -> None:
        """Hand over some work, once there is room; what failed before is raised here."""
        while len(self._waiting) > _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(work))

    def wait(self) -> None:
        """Wait for all of it; what failed is raised."""
        while self._waiting:
            self._waiting.popleft().result()
