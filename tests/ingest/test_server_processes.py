"""An index on a Chroma server that processes share, and what stands between them and it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from ingest.compact import compact
from ingest.exclude import exclude
from retrieval.archive import Archive
from retrieval.scrub import main as scrub_main
from retrieval.server.connection import UnreachableError
from retrieval.server.home import ServerHome
from retrieval.types import Question
from tests.ingest.bench import BICYCLES, TOMATOES, Bench, made
from tests.servers import ChromaRun

QUESTION = Question("早上浇水", "zh", 5)

#: A writer that says when it is about to write, and then waits until it is told to go on.
WRITER = """
import sys
from pathlib import Path
from ingest.progress import Silent
from ingest.sync import ingest
from retrieval.server.connection import Address
from retrieval.server.home import ServerHome
from tests.fakes import FakeEmbedder

class Waiting(Silent):
    def stage(self, name, total):
        if name == "probe":
            print("written", flush=True)
            sys.stdin.readline()

archive, data, url, database = sys.argv[1:]
home = ServerHome(Path(data), Address(url, database=database), 2.0)
print(ingest([archive], home, FakeEmbedder(), progress=Waiting()).generation, flush=True)
"""


@pytest.fixture
def bench(request, tmp_path):
    """Give a bench whose index is on a server."""
    request.param = "server"
    bench = made(Bench, request, tmp_path)
    bench.write("tomatoes.txt", *TOMATOES)
    return bench


def writer(bench, name):
    """Start a writer on another machine."""
    address = bench.home.server.address
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            WRITER,
            bench.archive,
            bench.data.parent / name,
            address.url,
            address.database,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.slow
def test_two_writers_on_one_server(bench):
    """The second is refused while the first lives; once that is killed it waits, takes over and finishes."""
    first = writer(bench, "first")
    assert first.stdout.readline() == "written\n"
    second = writer(bench, "second")
    _, complaint = second.communicate()
    assert f"Another ingest (process {first.pid} on " in complaint
    first.kill()
    first.wait()
    assert bench.manifest is None
    third = writer(bench, "third")
    out, complaint = third.communicate("\n")
    assert (out, complaint) == ("written\n1\n", "")
    assert len(bench.texts()) == 3
    listing = bench.home.server.listing()
    left = {name.partition("-")[0]: one.count() for name, one in listing.items()}
    passages = bench.manifest.passages
    assert left == {"comments": 3, "envelopes": 1, "generation": 0, "lease": 0, "passages": passages}


@pytest.mark.slow
def test_a_server_that_is_away_for_a_while(tmp_path):
    """A reader says so in one sentence, and answers again once the server is back; nothing is lost."""
    server = ChromaRun(tmp_path / "server")
    address = server.address()
    bench = Bench(tmp_path, lambda data: server.home(data, address))
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    with closing(Archive(bench.home, bench.embedder)) as reader:
        before = reader.answer(QUESTION)
        server.stop()
        with pytest.raises(UnreachableError, match="cannot be used") as caught:
            reader.answer(QUESTION)
        assert "\n" not in str(caught.value)
        assert "无法使用" in caught.value.sentence("zh")
        with pytest.raises(UnreachableError):
            bench.ingest()
        server.start()
        assert reader.answer(QUESTION) == before
        bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")
        assert bench.ingest().generation == reader.answer(QUESTION).generation == 2
    server.stop()


def traces(folder, secret):
    """Return the files that hold a text, or any run of six of its characters."""
    parts = [secret[n : n + 6] for n in range(len(secret) - 5)]
    forms = [form for part in parts for form in (part.encode(), json.dumps(part)[1:-1].encode())]
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {path.name for path, data in files.items() if any(form in data for form in forms)}


@pytest.mark.slow
def test_what_is_gone_leaves_no_trace(tmp_path):
    """After compacting none on this machine, and none on the server once that was stopped and cleaned."""
    own = "每周三傍晚在阳台上用牙刷替番茄授粉，邻居姓欧阳。"
    server = ChromaRun(tmp_path / "server")
    address = server.address()
    bench = Bench(tmp_path, lambda data: server.home(data, address))
    bench.write("tomatoes.txt", *TOMATOES, ("欧阳", own))
    bench.ingest()
    assert traces(tmp_path / "server", own)
    assert traces(bench.data, own)
    exclude(bench.home, [bench.id_of(own)], [])
    compact(bench.home)
    assert traces(bench.data, own) == set()
    server.stop()
    chroma = Path(sys.executable).with_name("chroma")
    vacuum = [chroma, "vacuum", "--path", tmp_path / "server", "--force", "--timeout", "120"]
    subprocess.run(vacuum, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    # Whether memory with words in it was saved depends on chance, so some is put there.
    room = [path for path in (tmp_path / "server").rglob("length.bin") if path.stat().st_size > len(own) * 3]
    for path in room:
        path.write_bytes(path.read_bytes()[: -3 * len(own)] + own.encode())
    assert traces(tmp_path / "server", own) == {"length.bin"}
    assert scrub_main([str(tmp_path / "server")]) == 0
    assert traces(tmp_path / "server", own) == set()
    server.start()
    assert len(bench.texts()) == 3
    server.stop()


def test_a_folder_has_to_be_named(tmp_path, capsys):
    """One that is there."""
    for wrong in ([], ["--help"], [str(tmp_path / "none")], [str(tmp_path), str(tmp_path)]):
        assert scrub_main(wrong) == 2
        assert capsys.readouterr().err.startswith("Name the folder that `chroma run --path` was given")


class Proxy(BaseHTTPRequestHandler):
    """A proxy that lets through who shows a token, under a path of its own."""

    behind = ""

    def _pass(self):
        if self.headers["Authorization"] != "Bearer secret-token":
            self.send_error(401)
            return
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        there = f"{self.behind}{self.path.removeprefix('/index')}"
        answer = httpx.request(
            self.command, there, content=body, headers={"Content-Type": "application/json"}, timeout=60
        )
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PUT = do_DELETE = _pass  # noqa: N815 - these names are the base class's

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def proxied(chroma_run):
    """Give the server's address behind a proxy, with the header that it wants."""
    handler = type("Handler", (Proxy,), {"behind": chroma_run.url})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    headers = {"Authorization": "Bearer secret-token"}
    yield replace(chroma_run.address(), url=f"http://127.0.0.1:{server.server_port}/index", headers=headers)
    server.shutdown()
    server.server_close()


def test_a_proxy_that_wants_to_see_a_token(proxied, tmp_path, caplog):
    """With it all is as ever; without it one sentence names the setting; the token is in no log."""
    caplog.set_level(logging.DEBUG)
    bench = Bench(tmp_path, lambda data: ServerHome(data, proxied))
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    assert bench.ask("早上浇水").excerpts
    stranger = ServerHome(
        tmp_path / "stranger", replace(proxied, headers={"Authorization": "Bearer guess-1"})
    )
    with pytest.raises(UnreachableError, match="THREADBOT_CHROMA_HEADERS") as caught:
        stranger.follow()
    assert "guess-1" not in f"{caught.value}{caught.value.sentence('zh')}{proxied!r}{caplog.text}"
    assert "secret-token" not in f"{caplog.text}{proxied!r}"
