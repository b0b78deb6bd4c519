"""The life of the service: open, listen, answer until told to stop, finish what runs, leave."""

from __future__ import annotations

import asyncio
import errno
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from retrieval.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.server.application import Service

#: Seconds an idle connection is kept, and seconds running answers have when the service stops.
_KEEP_ALIVE = 30
_LAST_ANSWERS = 30


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve an application while the context lasts; give its address. Port 0 lets the system choose.

    :raises ConfigError: If the address cannot be listened on.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=_KEEP_ALIVE,
        shutdown_timeout=_LAST_ANSWERS,
        handler_cancellation=True,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ConfigError(_cannot_listen(host, port, error)) from error
        name = f"[{host}]" if ":" in host else host
        yield f"http://{name}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def serve(
    app: web.Application, service: Service, host: str, port: int, ready: Callable[[str], object]
) -> None:
    """Serve until SIGTERM or SIGINT; what was accepted by then is answered."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with listening(app, host, port) as address:
        await asyncio.to_thread(service.archive.warm)
        ready(address)
        await stop.wait()
    await service.worker.close()


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use; stop what listens there, or set THREADBOT_HTTP_PORT."
    return (
        f"Cannot listen on {host}, port {port} ({error.strerror}); "
        "set THREADBOT_HTTP_HOST and THREADBOT_HTTP_PORT."
    )
