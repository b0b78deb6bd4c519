"""SIGTERM and Ctrl-C wait until a piece of work is done and kept; then they do what they always did."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Deferred:
    """Within it the first of these signals waits for the end; a second one does not wait."""

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._caught: tuple[int, FrameType | None] | None = None

    def __enter__(self) -> Self:
        # Python hands signals to the main thread, and lets only that one ask for them.
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._catch) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()
        if self._caught is not None:
            self._hand_on(*self._caught)

    def _catch(self, number: int, frame: FrameType | None) -> None:
        self._caught = (number, frame)
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            # None stands for a handler that was not installed from Python.
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def _hand_on(self, number: int, frame: FrameType | None) -> None:
        handler = self._before[number]
        if callable(handler):
            handler(number, frame)
        elif handler != signal.SIG_IGN:
            signal.raise_signal(number)
