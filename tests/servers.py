"""A real Chroma server, `chroma run`, for the tests of one process; each test has a database of its own."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import httpx

from retrieval.server.connection import Address
from retrieval.server.home import ServerHome


class ChromaRun:
    """A server on a free port of the loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Return its process."""
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = subprocess.Popen(
            [
                Path(sys.executable).with_name("chroma"),
                "run",
                *("--path", self.folder, "--host", "127.0.0.1", "--port", str(self.port)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        said = []
        for line in self._process.stdout:
            said.append(line)
            if "listening on address" in line:
                break
        else:
            raise RuntimeError("".join(said))
        threading.Thread(target=self._process.stdout.read, daemon=True).start()
        # It says so a moment before it does.
        with httpx.Client(transport=httpx.HTTPTransport(retries=9)) as client:
            client.get(f"{self.url}/api/v2/heartbeat", timeout=60).raise_for_status()

    def stop(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait()

    def address(self, name: str = "") -> Address:
        """Return a database that nobody else uses."""
        return Address(self.url, database=re.sub(r"\W", "-", name) + uuid.uuid4().hex)

    def home(self, data_dir: Path, address: Address | None = None, lease: float = 30.0) -> ServerHome:
        """Return a database as the home of an index, by default a new one."""
        return ServerHome(data_dir, address or self.address(), lease)
