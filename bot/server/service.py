"""What the handlers of one service need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from bot.server.health import Health

if TYPE_CHECKING:
    from bot.server.access import Access
    from bot.server.hook import Hook
    from bot.server.metrics import Metrics
    from bot.server.worker import Worker
    from retrieval.archive import Archive


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How many seconds clients have."""

    #: To send a request's headers, the first or the next ones.
    headers: float = 30.0
    #: To send its body.
    body: float = 10.0
    #: To take the answer.
    sending: float = 30.0
    #: To send the rest of a body that nobody reads.
    lingering: float = 5.0
    #: That the index has to say which generation is published; it may be on another machine.
    index: float = 5.0
    #: That running answers have when the service stops.
    finishing: float = 30.0


@dataclass(frozen=True, slots=True)
class Service:
    """One service's parts."""

    archive: Archive
    worker: Worker
    access: Access
    metrics: Metrics
    #: How many comments an answer has where the request does not say.
    count: int
    health: Health = field(default_factory=Health)
    timeouts: Timeouts = Timeouts()
    #: Where Telegram brings updates; None where it does not.
    hook: Hook | None = None


SERVICE = web.AppKey("service", Service)
