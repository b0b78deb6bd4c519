"""Pure: how often something may happen; the caller says what time it is."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

#: How many keys are remembered before idle ones are dropped.
_MANY = 1_000


@dataclass(slots=True)
class Window:
    """At most `most` events in any `seconds`."""

    most: int
    seconds: float
    _events: deque[float] = field(default_factory=deque)

    def wait(self, now: float) -> float:
        """Return in how many seconds the next event may happen, 0 for at once; forget what is past."""
        while self._events and self._events[0] <= now - self.seconds:
            self._events.popleft()
        if len(self._events) < self.most:
            return 0.0
        return self._events[len(self._events) - self.most] + self.seconds - now

    def count(self, at: float) -> None:
        """Note an event."""
        self._events.append(at)

    @property
    def idle(self) -> bool:
        """Tell whether nothing was noted that still counts."""
        return not self._events


class Limits:
    """A window per key within one for all of them."""

    def __init__(self, each: int, total: int, seconds: float) -> None:
        self._each, self._seconds = each, seconds
        self._total = Window(total, seconds)
        self._windows: dict[int, Window] = {}

    def take(self, key: int, now: float) -> float:
        """Return 0 and note an event if it may happen now, else in how many seconds it may."""
        window = self._windows.setdefault(key, Window(self._each, self._seconds))
        wait = max(window.wait(now), self._total.wait(now))
        if wait <= 0:
            window.count(now)
            self._total.count(now)
        if len(self._windows) > _MANY:
            self._tidy(now)
        return max(0.0, wait)

    def _tidy(self, now: float) -> None:
        for key, window in list(self._windows.items()):
            window.wait(now)
            if window.idle:
                del self._windows[key]
