"""The network: fetch one address, with every redirect, length, type and encoding checked on the way."""

from __future__ import annotations

import asyncio
import netrc
import os
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import hdrs
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter
from yarl import URL

from ingest.web import content, headers
from ingest.web.addresses import AddressError, host, is_plain, normalised
from ingest.web.guard import RefusedError, anywhere, is_public, socket_maker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tenacity import RetryCallState

    from ingest.web.content import Want
    from ingest.web.headers import Logins
    from ingest.web.types import Web
    from retrieval.generations import Remote

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 10
#: Answers that may be another one a moment later.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
#: The longest a server may make a run wait, in seconds.
_LONGEST_WAIT = 60.0
#: So many addresses of one host that fail in a row, and the others are left for the next run.
_MOST_FAILURES = 5
_BACK_OFF = wait_exponential_jitter(initial=1, max=20, jitter=1)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document as it came."""

    #: Where it was in the end.
    final: str
    data: bytes
    #: Whether the server said where it ends; without that it may be cut short and nobody knows.
    framed: bool
    etag: str | None
    modified: str | None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The server says that an address still holds what it did."""


class FetchError(Exception):
    """An address that could not be fetched; the message is a clause without any secret."""

    def __init__(
        self, reason: str, *, status: int | None = None, again: bool = False, after: float = 0.0
    ) -> None:
        super().__init__(reason)
        self.status = status
        #: Whether another try may end otherwise, and in how many seconds at the earliest.
        self.again = again
        self.after = after

    @property
    def passing(self) -> bool:
        """Tell whether the server is to blame, and other addresses of its will fail as well."""
        return self.again or self.status in _PASSING


@dataclass(slots=True)
class Client:
    """A session with as many connections as it may have; it is opened and closed by `connected`."""

    web: Web
    session: aiohttp.ClientSession
    _slots: asyncio.Semaphore
    _logins: Logins
    #: By host: addresses that failed one after the other.
    _failures: Counter[str] = field(default_factory=Counter)

    async def fetch(self, address: str, want: Want, known: Remote | None = None) -> Fetched | Unchanged:
        """Fetch an address, trying again where that may help.

        With what is known from the last time, the server is only asked whether that still holds.

        :raises FetchError: If it cannot be had, or is not what is wanted.
        """
        where = host(address)
        async with self._slots:
            if self._failures[where] >= _MOST_FAILURES:
                raise FetchError(f"was not tried: {where} failed {_MOST_FAILURES} times in a row")
            try:
                got = await self._persistently(address, want, known)
            except FetchError as error:
                self._failures[where] = self._failures[where] + 1 if error.passing else 0
                raise
            self._failures[where] = 0
            return got

    async def _persistently(self, address: str, want: Want, known: Remote | None) -> Fetched | Unchanged:
        attempts = AsyncRetrying(
            sleep=self.web.sleep or asyncio.sleep,
            stop=stop_after_attempt(self.web.tries),
            wait=_pause,
            retry=retry_if_exception(_may_pass),
            reraise=True,
        )
        got: Fetched | Unchanged = await attempts(self._once, address, want, known)
        return got

    async def _once(self, address: str, want: Want, known: Remote | None) -> Fetched | Unchanged:
        """Try once, within the time a try may take."""
        try:
            async with asyncio.timeout(self.web.timeout):
                return await self._follow(address, want, known)
        except TimeoutError:
            raise FetchError(f"did not answer within {self.web.timeout:g} seconds", again=True) from None
        except aiohttp.ClientConnectorError as error:
            raise _unreached(error) from None
        except aiohttp.ClientPayloadError:
            raise FetchError("was cut short", again=True) from None
        except aiohttp.InvalidURL:
            raise FetchError("is not an address") from None
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            raise FetchError(f"could not be fetched ({type(error).__name__})", again=True) from None

    async def _follow(self, address: str, want: Want, known: Remote | None) -> Fetched | Unchanged:
        """Go from redirect to redirect, each checked like the first address."""
        at = address
        for _ in range(_MOST_REDIRECTS + 1):
            if is_plain(at) and not self.web.http:
                raise FetchError("is not encrypted (http://); THREADBOT_FETCH_HTTP=true allows that")
            asked = known if known is not None and known.final == at else None
            async with self.session.get(
                URL(at, encoded=True),
                headers=headers.of_request(at, want, asked, self._logins),
                allow_redirects=False,
            ) as response:
                if response.status not in _REDIRECTS:
                    return await self._answer(response, at, want, asked)
                target = response.headers.get(hdrs.LOCATION, "")
            try:
                at = normalised(target, at)
            except AddressError as error:
                raise FetchError(f"leads to something that {error}") from None
        raise FetchError(f"leads on and on, more than {_MOST_REDIRECTS} times")

    async def _answer(
        self, response: aiohttp.ClientResponse, at: str, want: Want, asked: Remote | None
    ) -> Fetched | Unchanged:
        if response.status == HTTPStatus.NOT_MODIFIED and asked is not None:
            return Unchanged()
        if response.status != HTTPStatus.OK:
            raise _refusal(response)
        media_type = headers.media_type(response.headers)
        if reason := content.unwelcome(media_type, at, want):
            raise FetchError(reason)
        try:
            data = content.unpacked(await self._body(response), self.web.largest)
        except content.TooLargeError:
            raise FetchError(
                f"is larger than {self.web.largest / 1e6:g} MB; THREADBOT_FETCH_SIZE allows more"
            ) from None
        except content.CutShortError as error:
            raise FetchError(f"was cut short: {error}", again=True) from None
        told = response.headers
        framed = hdrs.CONTENT_LENGTH in told or hdrs.TRANSFER_ENCODING in told
        return Fetched(at, data, framed, headers.etag(told), headers.modified(told))

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        """Take in a body and undo its compression, never more of either than is allowed."""
        limit = self.web.largest
        if (response.content_length or 0) > limit:
            raise content.TooLargeError
        parts = bytearray()
        async for part in response.content.iter_any():
            parts += part
            if len(parts) > limit:
                raise content.TooLargeError
        coding = response.headers.get(hdrs.CONTENT_ENCODING, "identity").strip().lower()
        if coding in {"gzip", "x-gzip"}:
            return content.inflated(bytes(parts), limit)
        if coding not in {"identity", ""}:
            raise FetchError("is compressed in a way that was not asked for")
        return bytes(parts)


@asynccontextmanager
async def connected(web: Web) -> AsyncIterator[Client]:
    """Open a client for one run: no cookies, no proxies, no redirects of its own accord."""
    allowed = web.allowed or (anywhere if web.private else is_public)
    connector = aiohttp.TCPConnector(
        limit=web.concurrency,
        resolver=web.resolver() if web.resolver else None,
        socket_factory=socket_maker(allowed),
    )
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(web.timeout, 15.0)),
    ) as session:
        yield Client(web, session, asyncio.Semaphore(web.concurrency), _logins())


def _logins() -> Logins:
    """Return the user names and passwords that ~/.netrc has, by host."""
    try:
        return netrc.netrc().hosts
    except (OSError, netrc.NetrcParseError, RuntimeError, UnicodeDecodeError):
        return {}


def _refusal(response: aiohttp.ClientResponse) -> FetchError:
    """Return what an answer other than the document means."""
    status = response.status
    after = headers.seconds(response.headers.get(hdrs.RETRY_AFTER, ""), datetime.now(UTC))
    phrase = next((f" ({known.phrase})" for known in HTTPStatus if known == status), "")
    reason = f"was answered with {status}{phrase}"
    if after > _LONGEST_WAIT:
        return FetchError(f"{reason}, to be asked again in {after:.0f} seconds", status=status)
    return FetchError(reason, status=status, again=status in _PASSING, after=after)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, FetchError) and error.again


def _pause(state: RetryCallState) -> float:
    """Return the seconds before the next try: ever longer, never in step with others, and as asked for."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.after if isinstance(error, FetchError) else 0.0
    return max(asked, _BACK_OFF(state))


def _unreached(error: aiohttp.ClientConnectorError) -> FetchError:
    """Say why there is no connection."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return FetchError("has a certificate that is not trusted")
    if isinstance(error.os_error, RefusedError):
        return FetchError(
            f"leads to {error.host}, which {error.os_error}; THREADBOT_FETCH_PRIVATE=true allows that"
        )
    number = error.os_error.errno or 0
    # Those of name resolution are negative and have a text of their own.
    reason = os.strerror(number) if number > 0 else error.os_error.strerror or "no connection"
    return FetchError(f"could not be reached at {error.host} ({reason})", again=True)
