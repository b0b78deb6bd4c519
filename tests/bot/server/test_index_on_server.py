"""The HTTP service over an index on a real Chroma server, which may go away and come back."""

from contextlib import closing

import pytest

from retrieval.archive import Archive
from tests.bot.server.place import serving
from tests.ingest.bench import BICYCLES, TOMATOES, Bench
from tests.servers import ChromaRun

ASKED = {"question": "早上浇水", "n": 9}


async def answered(client):
    """Ask; return the generation and the comments' texts."""
    async with client.post("/api/ask", json=ASKED) as answer:
        assert answer.status == 200
        found = await answer.json()
    return found["generation"], {excerpt["text"]["zh"] for excerpt in found["excerpts"]}


async def status(client, method, path, **body):
    """Return a status, and what was said."""
    async with client.request(method, path, **body) as answer:
        return answer.status, await answer.text()


@pytest.mark.slow
async def test_the_service_follows_its_server(tmp_path):
    """It sees others' publications, says 503 while the server is away, and answers again when it is back."""
    server = ChromaRun(tmp_path / "server")
    address = server.address()
    bench = Bench(tmp_path, lambda data: server.home(data, address))
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    with closing(Archive(server.home(tmp_path / "service", address), bench.embedder)) as archive:
        async with serving(archive) as (client, _):
            assert await answered(client) == (1, {text for _, text in TOMATOES})
            bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")
            bench.ingest()
            assert (await answered(client))[0] == 2
            server.stop()
            for method, path, body in (
                ("POST", "/api/ask", {"json": ASKED}),
                ("GET", "/api/excerpts/any", {}),
            ):
                code, said = await status(client, method, path, **body)
                assert (code, server.url in said) == (503, False)
            assert (await status(client, "GET", "/readyz"))[0] == 503
            assert (await status(client, "GET", "/healthz"))[0] == 200
            assert (await status(client, "GET", "/metrics"))[0] == 200
            server.start()
            assert (await status(client, "GET", "/readyz"))[0] == 200
            assert (await answered(client))[0] == 2
    server.stop()
