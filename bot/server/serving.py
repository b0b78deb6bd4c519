"""The life of the service: open, listen, answer until told to stop, finish what runs, leave."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from bot.server.access import Access, is_loopback
from bot.server.application import application
from bot.server.service import Service, Timeouts
from bot.server.worker import Worker
from retrieval.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.server.health import Health
    from bot.server.hook import Hook
    from bot.server.metrics import Metrics
    from bot.settings import Settings
    from retrieval.archive import Archive

#: Where the settings do not say.
PORT = 8080
#: Questions that may wait at a time: some ten seconds of work on two cores.
_WAITING = 200


@asynccontextmanager
async def listening(
    app: web.Application, host: str, port: int, timeouts: Timeouts | None = None
) -> AsyncIterator[str]:
    """Serve an application while the context lasts; give its address. Port 0 lets the system choose.

    :raises ConfigError: If the address cannot be listened on.
    """
    timeouts = timeouts or Timeouts()
    runner = web.AppRunner(
        app,
        access_log=None,
        # Counted from the start of a connection too, so it bounds how slowly headers may come.
        keepalive_timeout=timeouts.headers,
        lingering_time=timeouts.lingering,
        shutdown_timeout=timeouts.finishing,
        handler_cancellation=True,
        logger=_library_log(),
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ConfigError(*_cannot_listen(host, port, error)) from error
        name = f"[{host}]" if ":" in host else host
        yield f"http://{name}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def service_of(
    archive: Archive,
    settings: Settings,
    host: str,
    metrics: Metrics,
    health: Health,
    hook: Hook | None = None,
) -> Service:
    """Put a service together as the settings say."""
    worker = Worker(_WAITING)
    metrics.waits("http", lambda: worker.pending)
    access = Access(settings.http_token.get_secret_value(), local=is_loopback(host))
    return Service(archive, worker, access, metrics, settings.count, health, hook=hook)


@asynccontextmanager
async def running(service: Service, host: str, port: int) -> AsyncIterator[str]:
    """Serve while the context lasts; what was accepted by its end is answered."""
    async with listening(application(service), host, port, service.timeouts) as address:
        yield address
    await service.worker.close()


async def serve(
    service: Service, host: str, port: int, stop: asyncio.Event, ready: Callable[[str], object]
) -> None:
    """Serve until `stop` is set; what was accepted by then is answered."""
    async with running(service, host, port) as address:
        await asyncio.to_thread(service.archive.warm)
        service.health.model = True
        ready(address)
        await stop.wait()


def _library_log() -> logging.Logger:
    """Return a log for the library that says what went wrong, and nothing of what was sent."""
    log = logging.getLogger("threadbot.http.library")

    def bare(record: logging.LogRecord) -> bool:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        record.msg, record.args = json.dumps({"refused": kind or "a malformed request"}), None
        record.exc_info = record.exc_text = None
        return True

    log.filters = [bare]
    return log


def _cannot_listen(host: str, port: int, error: OSError) -> tuple[str, str]:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use; stop what listens there, or set THREADBOT_HTTP_PORT.",
            f"{host} 的端口 {port} 已被占用；请停止占用它的程序，或另设 THREADBOT_HTTP_PORT。",
        )
    return (
        f"Cannot listen on {host}, port {port} ({error.strerror}); "
        "set THREADBOT_HTTP_HOST and THREADBOT_HTTP_PORT.",
        f"无法在 {host} 的端口 {port} 上监听（{error.strerror}）；"
        "请设置 THREADBOT_HTTP_HOST 和 THREADBOT_HTTP_PORT。",
    )
