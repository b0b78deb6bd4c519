"""A web server on this machine that does what it is told, well or badly."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARKDOWN = "text/markdown; charset=utf-8"


class Site:
    """What stands at each path; a list of answers is given one after the other, the last one for ever."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Any]] = {}
        #: What was asked for: (path, headers), in order.
        self.log: list[tuple[str, dict[str, str]]] = []
        self.port = 0
        #: Set at the end, for handlers that wait.
        self.over = asyncio.Event()

    def url(self, path: str = "", host: str = "127.0.0.1") -> str:
        """Return the address of a path."""
        return f"http://{host}:{self.port}{path}"

    def put(self, path: str, body: str | bytes, content_type: str = MARKDOWN, **headers: str) -> str:
        """Let a document stand at a path, with an ETag of its own; return its address."""
        data = body.encode() if isinstance(body, str) else body
        told = {"Content-Type": content_type, "ETag": f'"{hashlib.md5(data).hexdigest()}"'} | {  # noqa: S324 - no secret
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.script(path, (200, told, data))

    def script(
        self, path: str, *answers: int | tuple[int, dict[str, str], bytes] | Callable[..., Any]
    ) -> str:
        """Let a path give these answers: a status, all of it, or a handler; return its address."""
        self.answers[path] = list(answers)
        return self.url(path)

    def asked(self, path: str | None = None) -> int:
        """Return how often a path was asked for, by default any."""
        return sum(path in {None, asked} for asked, _ in self.log)

    def forget(self) -> None:
        """Empty the log."""
        self.log.clear()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Give the next answer of a path."""
        self.log.append((request.path, dict(request.headers)))
        own = self.answers.get(request.path, [404])
        answer = own.pop(0) if len(own) > 1 else own[0]
        if callable(answer):
            return await answer(request)
        status, headers, body = (answer, {}, b"") if isinstance(answer, int) else answer
        if headers.get("ETag") and request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers={"ETag": headers["ETag"]})
        return web.Response(status=status, headers=headers, body=body)


def raw(*parts: bytes) -> Callable[[web.Request], Any]:
    """Return a handler that writes these bytes and closes the connection, whatever HTTP has to say of it."""

    async def handler(request: web.Request) -> web.StreamResponse:
        transport = request.transport
        for part in parts:
            transport.write(part)
        transport.close()
        return web.Response()

    return handler


def redirect(to: str, status: int = 302) -> tuple[int, dict[str, str], bytes]:
    """Return the answer that leads elsewhere."""
    return status, {"Location": to}, b""


@contextmanager
def running() -> Iterator[Site]:
    """Run a site in a thread of its own, on a port that the system chooses."""
    site, started = Site(), Future()

    async def serve() -> None:
        stop = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", site.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        listening = web.TCPSite(runner, "0.0.0.0", 0)  # noqa: S104 - to be found under 127.0.0.2 as well
        await listening.start()
        site.port = runner.addresses[0][1]
        started.set_result((asyncio.get_running_loop(), stop))
        await stop.wait()
        site.over.set()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    loop, stop = started.result(10)
    try:
        yield site
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
