"""What every request passes on its way to its handler: the log, the last word on errors, the guard."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from http import HTTPStatus
from traceback import extract_tb
from typing import TYPE_CHECKING

from aiohttp import web

from bot import as_json
from bot.server.service import SERVICE
from bot.server.worker import Busy
from retrieval.errors import NoIndexError, UnavailableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOG = logging.getLogger("threadbot.http")
#: Seconds after which whoever was turned away may come again.
_RETRY_AFTER = "1"
#: As nginx has it: the client left before there was an answer.
_LEFT = 499
_IDENTITY = web.RequestKey("identity", str)


@web.middleware
async def logged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log a line per request, sent to its end: never its body, its query or its headers."""
    identity = request[_IDENTITY] = uuid.uuid4().hex[:16]
    began = time.perf_counter()
    status = _LEFT
    try:
        response = await handler(request)
        response.headers["X-Request-Id"] = identity
        await _sent(request, response)
        status = response.status
    finally:
        resource = request.match_info.route.resource
        line = {
            "request": identity,
            "method": request.method,
            "route": resource.canonical if resource else None,
            "status": status,
            "ms": round((time.perf_counter() - began) * 1000, 1),
        }
        _LOG.info(json.dumps(line))
    return response


@web.middleware
async def explained(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn everything that can go wrong into one sentence of JSON."""
    service = request.app[SERVICE]
    metrics = service.metrics
    try:
        return await handler(request)
    except UsageError as error:
        return answered({"error": str(error)}, status=422)
    except Busy as busy:
        metrics.refused("busy")
        return answered({"error": str(busy)}, status=503, retry=True)
    except NoIndexError as error:
        return answered({"error": str(error)}, status=503, retry=True)
    except UnavailableError as error:
        metrics.failed()
        _LOG.error(json.dumps({"request": request[_IDENTITY], "error": str(error)}))
        sentence = "The index cannot be read just now; try again in a while."
        return answered({"error": sentence}, status=503, retry=True)
    except TimeoutError:
        metrics.refused("slow")
        seconds = service.timeouts.body
        return answered({"error": f"The body did not arrive within {seconds:g} seconds."}, status=408)
    except web.HTTPException as error:
        return answered({"error": f"{error.reason}."}, status=error.status, headers=_kept(error))
    except ConnectionError:
        raise  # nobody is there to be told
    except Exception as error:  # noqa: BLE001 - the last word on a request, whatever went wrong
        metrics.failed()
        # Where, not what: the message of an error may hold the question.
        where = [f"{frame.name}:{frame.lineno}" for frame in extract_tb(error.__traceback__)]
        _LOG.error(json.dumps({"request": request[_IDENTITY], "error": type(error).__name__, "where": where}))
        return answered({"error": "Something went wrong here; the log says what."}, status=500)


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let only those to the API who may use it, and nobody once the service is stopping."""
    resource = request.match_info.route.resource  # the route, for there is more than one way to write a path
    if not (resource.canonical if resource else request.path).startswith("/api/"):
        return await handler(request)
    service = request.app[SERVICE]
    # Not `request.host`: without the header that asks the name service for this machine's name, and waits.
    denial = service.access.denial(request.headers.get("Host", ""), request.headers)
    if denial is not None:
        service.metrics.refused("denied")
        headers = {"WWW-Authenticate": "Bearer"} if denial.status == HTTPStatus.UNAUTHORIZED else None
        return answered({"error": denial.reason}, status=denial.status, headers=headers)
    if service.health.stopping:
        raise Busy("The service is stopping; ask again in a moment.")
    return await handler(request)


def answered(
    value: object, *, status: int = 200, retry: bool = False, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return a JSON response; `retry` says when to come again."""
    more = {"Retry-After": _RETRY_AFTER} if retry else {}
    return web.Response(
        status=status,
        text=as_json.dumps(value),
        content_type="application/json",
        charset="utf-8",
        headers={**(headers or {}), **more, "Cache-Control": "no-store"},
    )


async def _sent(request: web.Request, response: web.StreamResponse) -> None:
    """Send a response here, for the library waits for ever for a client that does not read it."""
    try:
        async with asyncio.timeout(request.app[SERVICE].timeouts.sending):
            await response.prepare(request)
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError from None


def _kept(error: web.HTTPException) -> dict[str, str]:
    """Return the headers of an error that mean something to a client."""
    return {name: value for name, value in error.headers.items() if name in {"Allow", "Location"}}
