"""The application: its routes and their handlers."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from aiohttp import web

from bot import as_json
from bot.server import body, hook, openapi
from bot.server.hook import SECRET_HEADER, Taken
from bot.server.middleware import answered, explained, guarded, logged
from bot.server.service import SERVICE, Service
from bot.server.worker import Busy
from retrieval.errors import RetrievalError, UsageError

if TYPE_CHECKING:
    from retrieval.types import Answer, Language, Question

__all__ = ["SERVICE", "Service", "application"]

#: A question has 2,000 characters at most, six bytes each where JSON escapes them.
_LARGEST_BODY = 64 * 1024
#: An update may hold two messages with their entities and buttons; one refused would be brought for ever.
_LARGEST_UPDATE = 1024 * 1024


def application(service: Service) -> web.Application:
    """Return the application; nothing runs yet."""
    app = web.Application(client_max_size=_LARGEST_BODY, middlewares=[logged, explained, guarded])
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
    if service.hook is not None:
        app.add_routes([web.post("/telegram", telegram)])
    return app


async def ask(request: web.Request) -> web.Response:
    """Answer a question."""
    service = request.app[SERVICE]
    async with asyncio.timeout(service.timeouts.body):
        question = body.read(await request.read(), service.count)
    answer: Answer = await service.worker.run(_measured, service, question, time.perf_counter())
    service.metrics.answered("http", answer)
    return answered(as_json.answer(answer))


async def excerpt(request: web.Request) -> web.Response:
    """Give one comment whole."""
    service = request.app[SERVICE]
    language = _language(request.query.get("lang", "en"))
    try:
        found = await service.worker.run(service.archive.show, request.match_info["id"], language)
    except UsageError as error:
        return answered({"error": str(error)}, status=404)
    return answered(as_json.excerpt(found, language))


async def telegram(request: web.Request) -> web.Response:
    """Take an update of Telegram's and answer at once; anything but 200 makes Telegram bring it again."""
    service = request.app[SERVICE]
    door = service.hook
    assert door is not None  # noqa: S101 - else there is no such route
    if not door.knows(request.headers.get(SECRET_HEADER, "")):
        service.metrics.refused("denied")
        raise web.HTTPForbidden
    async with asyncio.timeout(service.timeouts.body):
        raw = hook.update(await request.clone(client_max_size=_LARGEST_UPDATE).read())
    if raw is None:
        raise web.HTTPBadRequest
    if door.take is None:
        raise Busy("The bot is not running.")
    if door.take(raw) is Taken.FULL:
        raise Busy("Too many updates are waiting.")
    return answered({})


async def description(_: web.Request) -> web.Response:
    """Describe the service to programs."""
    return answered(openapi.document())


async def healthy(_: web.Request) -> web.Response:
    """Say that the process runs."""
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """Say whether questions can be answered: index open, model loaded, Telegram reached where a bot runs."""
    service = request.app[SERVICE]
    complaints = service.health.complaints()
    if service.health.model:  # while it is being loaded nobody gets at the archive
        try:
            await _show_generation(service)
        except RetrievalError as error:
            complaints.append(str(error))
        except TimeoutError:
            complaints.append("The index does not answer.")
    if complaints:
        return web.Response(status=503, text="".join(f"{each}\n" for each in complaints))
    return web.Response(text="ready\n")


async def metrics(request: web.Request) -> web.Response:
    """Give the metrics in Prometheus' text format."""
    service = request.app[SERVICE]
    if service.health.model:
        with suppress(RetrievalError, TimeoutError):  # the other figures are worth having all the same
            await _show_generation(service)
    return web.Response(body=service.metrics.text(), content_type="text/plain", charset="utf-8")


async def _show_generation(service: Service) -> None:
    """Bring the metrics that speak of the index up to date."""
    async with asyncio.timeout(service.timeouts.index):
        manifest = await asyncio.to_thread(service.archive.manifest)
    service.metrics.shows(manifest, datetime.fromisoformat(manifest.created).timestamp())


def _language(code: str) -> Language:
    if code not in ("en", "zh"):
        raise UsageError("The parameter `lang` is `en` or `zh`.")
    return "zh" if code == "zh" else "en"


def _measured(service: Service, question: Question, accepted: float) -> Answer:
    service.metrics.took("wait", time.perf_counter() - accepted)
    with service.metrics.stage("answer"):
        return service.archive.answer(question)
