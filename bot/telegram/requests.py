"""The library's HTTP and its bot, taught what threadbot knows about failing requests.

What is certain not to have reached Telegram is tried again, and so is what may safely be done twice.
Anything else is left to the caller: Telegram may have taken it.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext import BaseRateLimiter, ExtBot
from telegram.request import HTTPXRequest

from bot.telegram.limits import Window

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine

    from telegram._utils.types import JSONDict

    from bot.server.health import Health
    from bot.telegram.ports import Clock, Sleep

_TOO_MANY, _THEIR_FAULT = 429, 500
#: Seconds to wait where Telegram asks for patience but does not say how much.
_UNSAID = 3
#: Telegram asking for more than this (seconds) is as good as a refusal.
_LONGEST_WAIT = 300.0
_TRIES = 6
#: Connections that stay open for the next request.
_KEPT = 8
#: A message that never left is tried for a quarter of an hour before its question is left unanswered.
_MESSAGE_TRIES = 36
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
#: Doing these twice is as good as doing them once.
_REPEATABLE = ("edit", "get", "set", "delete", "answer", "sendChatAction")
#: Telegram's own limits on messages, see https://core.telegram.org/bots/faq#my-bot-is-hitting-limits.
_OVERALL, _OVERALL_SECONDS = 30, 1.0
_GROUP, _GROUP_SECONDS = 20, 60.0


@cache
def _trusted() -> ssl.SSLContext:
    """Read the machine's certificates, once; that takes as long as everything else at a start."""
    return httpx.create_ssl_context()


class Request(HTTPXRequest):
    """HTTP that logs nothing it reads, and names every 429 for what it is."""

    def __init__(self, connections: int, timeout: float, health: Health) -> None:
        self._health = health
        # Every request looks at every connection that is kept open: a few suffice between rushes.
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=_KEPT)
        super().__init__(read_timeout=timeout, httpx_kwargs={"verify": _trusted(), "limits": limits})

    async def do_request(self, *args: Any, **named: Any) -> tuple[int, bytes]:  # noqa: ANN401 - handed on
        """See `BaseRequest.do_request`."""
        try:
            code, payload = await super().do_request(*args, **named)
        except TelegramError:
            self._health.telegram = False
            raise
        self._health.telegram = code < _THEIR_FAULT
        if code == _TOO_MANY and not _names_its_wait(payload):
            raise RetryAfter(_UNSAID)
        return code, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> JSONDict:
        """Read an answer of Telegram's; the library's own method logs it where it cannot."""
        try:
            data = json.loads(payload)
        except ValueError as error:
            raise TelegramError("Invalid server response") from error
        if not isinstance(data, dict):
            raise TelegramError("Invalid server response")
        return data


class Bot(ExtBot[None]):
    """The library's bot, and updates before anybody has tried to understand them."""

    async def raw_updates(self, offset: int | None, wait: int, kinds: list[str]) -> list[dict[str, Any]]:
        """Return updates as JSON, waiting so many seconds for the first."""
        data = {"offset": offset, "timeout": wait, "allowed_updates": kinds}
        timeout = (self.request.read_timeout or 0) + wait
        found: list[dict[str, Any]] = await self._post("getUpdates", data, read_timeout=timeout)
        return found


@dataclass(frozen=True, slots=True)
class _Gate:
    """A window that messages pass in the order in which they came, so that none is overtaken for ever."""

    window: Window
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Patience(BaseRateLimiter[None]):
    """Keep to Telegram's limits, wait when asked to, and repeat what may be repeated.

    Chats wait for themselves only: one that Telegram slows down holds up no other.
    """

    def __init__(self, sleep: Sleep, clock: Clock) -> None:
        self._sleep, self._clock = sleep, clock
        self._overall = _Gate(Window(_OVERALL, _OVERALL_SECONDS))
        self._groups: dict[int, _Gate] = {}
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """Wait for nothing any more: what would be made again fails instead."""
        self._hurry.set()

    async def initialize(self) -> None:
        """Do nothing."""

    async def shutdown(self) -> None:
        """Do nothing."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, bool | JSONDict | list[JSONDict]]],
        args: Any,  # noqa: ANN401 - as the library has it
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: None,
    ) -> bool | JSONDict | list[JSONDict]:
        """See `BaseRateLimiter.process_request`."""
        del rate_limit_args
        tries = _MESSAGE_TRIES if endpoint == "sendMessage" else _TRIES
        for attempt in range(tries):
            await self._pace(endpoint, data.get("chat_id"))
            try:
                return await callback(*args, **kwargs)
            except TelegramError as error:
                pause = pause_after(error, attempt, repeatable=endpoint.startswith(_REPEATABLE))
                if pause is None or attempt == tries - 1:
                    raise
                await self._wait(pause)
                if self._hurry.is_set():
                    raise
        raise AssertionError  # the last attempt returns or raises

    async def _pace(self, endpoint: str, chat: object) -> None:
        """Wait until one more message is within the limits."""
        if not endpoint.startswith("send") or endpoint == "sendChatAction":
            return
        if isinstance(chat, int) and chat < 0:
            await self._pass(self._groups.setdefault(chat, _Gate(Window(_GROUP, _GROUP_SECONDS))))
        await self._pass(self._overall)

    async def _pass(self, gate: _Gate) -> None:
        """Wait for one's turn, and then until a window has room."""
        async with gate.turn:
            while (wait := gate.window.wait(self._clock())) > 0 and not self._hurry.is_set():
                await self._wait(wait)
            gate.window.count(self._clock())

    async def _wait(self, seconds: float) -> None:
        """Wait, unless there is no time left for that."""
        waits = [asyncio.ensure_future(self._sleep(seconds)), asyncio.ensure_future(self._hurry.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()


def pause_after(error: TelegramError, attempt: int, *, repeatable: bool) -> float | None:
    """Decide how long to wait before a request is made again, None if it must not be."""
    if isinstance(error, RetryAfter):
        wait = seconds_of(error)
        return wait if wait <= _LONGEST_WAIT and attempt < _TRIES else None
    if not_sent(error) or (repeatable and may_be_taken(error)):
        return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**attempt)
    return None


def seconds_of(error: RetryAfter) -> float:
    """Return how long Telegram wants us to wait; the library says it as a number or as a timedelta."""
    wait = error.retry_after
    return float(wait) if isinstance(wait, int | float) else wait.total_seconds()


def not_sent(error: TelegramError) -> bool:
    """Tell whether a request certainly never reached Telegram: no connection was made."""
    return isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def certainly_lost(error: TelegramError) -> bool:
    """Tell whether a message is worth another try some other day: nobody has seen it, nobody refused it."""
    return not_sent(error) or isinstance(error, RetryAfter)


def may_be_taken(error: TelegramError) -> bool:
    """Tell whether Telegram may have done what it was asked, although no good answer came back."""
    if not_sent(error) or isinstance(
        error, BadRequest | Forbidden | InvalidToken | Conflict | ChatMigrated | RetryAfter
    ):
        return False
    return isinstance(error, NetworkError) or "Invalid server response" in error.message


def _names_its_wait(payload: bytes) -> bool:
    try:
        return bool(json.loads(payload)["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError):
        return False
