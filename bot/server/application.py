"""The application: routes, and what every request passes on its way to them."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from traceback import format_tb
from typing import TYPE_CHECKING

from aiohttp import web

from bot import as_json
from bot.server import body, openapi
from bot.server.worker import Busy
from retrieval.errors import NoIndexError, RetrievalError, UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.server.access import Access
    from bot.server.metrics import Metrics
    from bot.server.worker import Worker
    from retrieval.archive import Archive
    from retrieval.types import Answer, Language, Question

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOG = logging.getLogger("threadbot.http")
#: A question has 2,000 characters at most, six bytes each where JSON escapes them.
_LARGEST_BODY = 64 * 1024
#: Seconds a client has to send its body.
_BODY_TIMEOUT = 10
#: Seconds after which whoever was turned away may come again.
_RETRY_AFTER = "1"


@dataclass(frozen=True, slots=True)
class Service:
    """What the handlers need."""

    archive: Archive
    worker: Worker
    access: Access
    metrics: Metrics
    #: How many comments an answer has where the request does not say.
    count: int


SERVICE = web.AppKey("service", Service)


def application(service: Service) -> web.Application:
    """Return the application; nothing runs yet."""
    app = web.Application(client_max_size=_LARGEST_BODY, middlewares=[_logged, _explained, _guarded])
    app[SERVICE] = service
    app.add_routes(
        [
            web.post("/api/ask", ask),
            web.get("/api/excerpts/{id}", excerpt),
            web.get("/openapi.json", description),
            web.get("/healthz", healthy),
            web.get("/readyz", ready),
            web.get("/metrics", metrics),
        ]
    )
    return app


async def ask(request: web.Request) -> web.Response:
    """Answer a question."""
    service = request.app[SERVICE]
    async with asyncio.timeout(_BODY_TIMEOUT):
        question = body.read(await request.read(), service.count)
    with service.metrics.running(), service.metrics.stage("wait_and_answer"):
        answer: Answer = await service.worker.run(_measured, service, question)
    service.metrics.answered(answer)
    return _json(as_json.answer(answer))


async def excerpt(request: web.Request) -> web.Response:
    """Give one comment whole."""
    service = request.app[SERVICE]
    language: Language = "zh" if request.query.get("lang") == "zh" else "en"
    try:
        found = await service.worker.run(service.archive.show, request.match_info["id"], language)
    except UsageError as error:
        return _json({"error": str(error)}, status=404)
    return _json(as_json.excerpt(found, language))


async def description(_: web.Request) -> web.Response:
    """Describe the service to programs."""
    return _json(openapi.document())


async def healthy(_: web.Request) -> web.Response:
    """Say that the process runs."""
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """Say whether questions can be answered: the index is open and the model loaded."""
    service = request.app[SERVICE]
    try:
        await _show_generation(service)
    except RetrievalError as error:
        return web.Response(status=503, text=f"{error}\n")
    return web.Response(text="ready\n")


async def metrics(request: web.Request) -> web.Response:
    """Give the metrics in Prometheus' text format."""
    service = request.app[SERVICE]
    with suppress(RetrievalError):  # the other figures are worth having all the same
        await _show_generation(service)
    return web.Response(body=service.metrics.text(), content_type="text/plain", charset="utf-8")


async def _show_generation(service: Service) -> None:
    """Bring the metrics that speak of the index up to date."""
    manifest = await asyncio.to_thread(service.archive.manifest)
    service.metrics.shows(manifest, datetime.fromisoformat(manifest.created).timestamp())


def _measured(service: Service, question: Question) -> Answer:
    with service.metrics.stage("answer"):
        return service.archive.answer(question)


@web.middleware
async def _logged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log a line per request: never its body, its query or its headers."""
    identity = uuid.uuid4().hex[:16]
    began = time.perf_counter()
    status = 499  # as nginx has it: the client left before there was an answer
    try:
        response = await handler(request)
        status = response.status
        response.headers["X-Request-Id"] = identity
    finally:
        line = {
            "request": identity,
            "method": request.method,
            "route": request.match_info.route.resource.canonical
            if request.match_info.route.resource
            else None,
            "status": status,
            "ms": round((time.perf_counter() - began) * 1000, 1),
        }
        _LOG.info(json.dumps(line))
    return response


@web.middleware
async def _explained(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn everything that can go wrong into one sentence of JSON."""
    metrics = request.app[SERVICE].metrics
    try:
        return await handler(request)
    except UsageError as error:
        return _json({"error": str(error)}, status=422)
    except Busy:
        metrics.refused("busy")
        return _json(
            {"error": "Too many questions are waiting; ask again in a moment."}, status=503, retry=True
        )
    except NoIndexError as error:
        return _json({"error": str(error)}, status=503)
    except TimeoutError:
        metrics.refused("slow")
        return _json({"error": f"The body did not arrive within {_BODY_TIMEOUT} seconds."}, status=408)
    except web.HTTPException as error:
        return _json({"error": f"{error.reason}."}, status=error.status, headers=_kept(error))
    except ConnectionError:
        raise  # nobody is there to be told
    except Exception as error:  # noqa: BLE001 - the last word on a request, whatever went wrong
        metrics.failed()
        # Where, not what: the message of an error may hold the question.
        where = "".join(format_tb(error.__traceback__))
        _LOG.error("a request failed: %s\n%s", type(error).__name__, where)
        return _json({"error": "Something went wrong here; the log says what."}, status=500)


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let only those to the API who may use it."""
    if not request.path.startswith("/api/"):
        return await handler(request)
    service = request.app[SERVICE]
    denial = service.access.denial(request.host, request.headers)
    if denial is None:
        return await handler(request)
    service.metrics.refused("denied")
    headers = {"WWW-Authenticate": "Bearer"} if denial.status == HTTPStatus.UNAUTHORIZED else None
    return _json({"error": denial.reason}, status=denial.status, headers=headers)


def _kept(error: web.HTTPException) -> dict[str, str]:
    """Return the headers of an error that mean something to a client."""
    return {name: value for name, value in error.headers.items() if name in {"Allow", "Location"}}


def _json(
    value: object, *, status: int = 200, retry: bool = False, headers: Mapping[str, str] | None = None
) -> web.Response:
    more = {"Retry-After": _RETRY_AFTER} if retry else {}
    return web.Response(
        status=status,
        text=as_json.dumps(value),
        content_type="application/json",
        charset="utf-8",
        headers={**(headers or {}), **more, "Cache-Control": "no-store"},
    )
