import asyncio
import json
import threading
from contextlib import asynccontextmanager

import aiohttp
import jsonschema
import pytest

from bot.server.access import Access
from bot.server.application import Service, application
from bot.server.metrics import Metrics
from bot.server.openapi import document
from bot.server.serving import listening
from bot.server.worker import Worker
from retrieval.errors import ConfigError, NoIndexError
from tests.fakes import FakeArchive

TOKEN = "s3cret"  # noqa: S105 - it guards nothing
SECRET = {"question": "my secret"}


@asynccontextmanager
async def serving(archive=None, *, token="", waiting=10):
    """Serve on a free port; give a client whose addresses are relative to it, and the service."""
    service = Service(archive or FakeArchive(), Worker(waiting), Access(token, local=True), Metrics(), 5)
    async with listening(application(service), "127.0.0.1", 0) as url, aiohttp.ClientSession(url) as client:
        yield client, service
    await service.worker.close()


def follows(value, schema):
    """Hold a JSON value against a schema of the description."""
    components = document()["components"]
    jsonschema.validate(value, {"$ref": f"#/components/schemas/{schema}", "components": components})


async def test_a_question_is_answered_as_described():
    """`POST /api/ask` gives the object of the command line, with the headers of an API."""
    async with serving() as (client, _), client.post("/api/ask", json={"question": "bees", "n": 2}) as answer:
        found = await answer.json()
        assert answer.status == 200
        assert answer.headers["X-Request-Id"]
    follows(found, "Answer")
    assert [excerpt["rank"] for excerpt in found["excerpts"]] == [1, 2]


async def test_an_excerpt_is_given_whole():
    """`GET /api/excerpts/{id}` gives a comment in the language asked for."""
    async with serving() as (client, _), client.get("/api/excerpts/comment00001?lang=zh") as answer:
        found = await answer.json()
    follows(found, "Excerpt")
    assert found["quote"] == found["text"]["zh"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/excerpts/unknown", 404),
        ("GET", "/api/ask", 405),
        ("GET", "/nowhere", 404),
        ("POST", "/api/ask", 422),
        ("GET", "/api/excerpts/%00%ff", 404),
    ],
)
async def test_what_cannot_be_given_is_said_in_json(method, path, status):
    """Every error is one sentence in an object."""
    async with serving() as (client, _), client.request(method, path) as answer:
        assert answer.status == status
        follows(await answer.json(), "Error")


async def test_a_body_too_large_is_refused():
    """A body larger than any question is not read."""
    async with serving() as (client, _), client.post("/api/ask", data=b"x" * 100_000) as answer:
        assert answer.status == 413
        follows(await answer.json(), "Error")


async def test_huge_headers_are_refused_and_the_service_goes_on():
    """A request that aiohttp itself refuses costs nobody else anything."""
    async with serving() as (client, _):
        async with client.get("/healthz", headers={"X-Large": "x" * 100_000}) as answer:
            assert answer.status == 400
        async with client.get("/healthz") as answer:
            assert await answer.text() == "ok\n"


async def test_half_a_request_stops_nobody():
    """A client that sends half a request and leaves does not keep others from being answered."""
    async with serving() as (client, _):
        url = client._base_url
        _, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{")
        await writer.drain()
        writer.close()
        async with client.post("/api/ask", json={"question": "bees"}) as answer:
            assert answer.status == 200


async def test_the_token_guards_the_api_alone():
    """With a token set, questions need it; whoever watches over the service does not."""
    async with serving(token=TOKEN) as (client, _):
        async with client.post("/api/ask", json={"question": "bees"}) as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        async with client.get("/healthz") as answer:
            assert answer.status == 200
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with client.post("/api/ask", json={"question": "bees"}, headers=headers) as answer:
            assert answer.status == 200


class Slow(FakeArchive):
    """An archive that answers when it is let."""

    def __init__(self):
        super().__init__()
        self.begun, self.let = threading.Event(), threading.Event()

    def answer(self, question):
        """Wait, then answer."""
        self.begun.set()
        self.let.wait(10)
        return super().answer(question)


async def test_more_than_can_wait_is_sent_away_to_come_again():
    """Past the limit there is 503 with Retry-After, and those who wait are answered."""
    archive = Slow()
    async with serving(archive, waiting=1) as (client, _):
        first = asyncio.create_task(client.post("/api/ask", json={"question": "bees"}))
        await asyncio.to_thread(archive.begun.wait, 10)
        async with client.post("/api/ask", json={"question": "more bees"}) as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        async with client.get("/healthz") as alive:
            assert alive.status == 200
        archive.let.set()
        async with await first as answer:
            assert answer.status == 200


async def test_running_answers_finish_when_the_service_stops():
    """Whoever was accepted is answered, though the service is told to stop meanwhile."""
    archive = Slow()
    service = Service(archive, Worker(10), Access("", local=True), Metrics(), 5)
    async with aiohttp.ClientSession() as client:
        async with listening(application(service), "127.0.0.1", 0) as url:
            first = asyncio.create_task(client.post(f"{url}/api/ask", json={"question": "bees"}))
            await asyncio.to_thread(archive.begun.wait, 10)
            asyncio.get_running_loop().call_later(0.05, archive.let.set)
        async with await first as answer:
            assert answer.status == 200
    await service.worker.close()


async def test_an_archive_without_index_is_not_ready():
    """Without an index the process is healthy, not ready, and questions get the sentence."""

    class Empty(FakeArchive):
        def manifest(self):
            raise NoIndexError("There is no index; ingest first.")

        def answer(self, question):
            raise NoIndexError("There is no index; ingest first.")

    async with serving(Empty()) as (client, _):
        async with client.get("/readyz") as answer:
            assert answer.status == 503
            assert "ingest" in await answer.text()
        async with client.post("/api/ask", json={"question": "bees"}) as answer:
            assert answer.status == 503
        async with client.get("/metrics") as answer:
            assert answer.status == 200


async def test_our_own_fault_is_logged_without_the_question(caplog):
    """A bug gives 500 and a log of where it was; the question is in no log."""

    class Broken(FakeArchive):
        def answer(self, question):
            raise ZeroDivisionError(question.text)

    caplog.set_level("DEBUG", "threadbot.http")
    async with serving(Broken()) as (client, _), client.post("/api/ask", json=SECRET) as answer:
        assert answer.status == 500
        follows(await answer.json(), "Error")
    assert "ZeroDivisionError" in caplog.text
    assert "secret" not in caplog.text


async def test_each_request_is_one_json_line_in_the_log(caplog):
    """A log line says what was asked of which route, and nothing of what was in it."""
    caplog.set_level("INFO", "threadbot.http")
    async with serving() as (client, _), client.get("/api/excerpts/comment00001?token=abc") as answer:
        identity = answer.headers["X-Request-Id"]
    line = json.loads(caplog.messages[-1])
    assert (line["request"], line["route"], line["status"]) == (identity, "/api/excerpts/{id}", 200)
    assert "abc" not in caplog.text


async def test_metrics_count_questions_and_refusals():
    """Questions by outcome, refusals by reason, the generation and its comments are there to be read."""
    async with serving() as (client, _):
        async with client.post("/api/ask", json={"question": "bees"}):
            pass
        async with client.post("/api/ask", json={"question": "b"}, headers={"X-Forwarded-For": "1.1.1.1"}):
            pass
        async with client.get("/metrics") as answer:
            text = await answer.text()
    assert 'threadbot_questions_total{language="en",outcome="answered"} 1.0' in text
    assert 'threadbot_refusals_total{reason="denied"} 1.0' in text
    assert "threadbot_generation 12.0" in text
    assert "threadbot_comments 34.0" in text


async def test_a_port_in_use_is_one_sentence():
    """A second service on the same port says so."""
    async with serving() as (client, service):
        with pytest.raises(ConfigError, match="in use"):
            async with listening(application(service), "127.0.0.1", client._base_url.port):
                pass


async def test_the_description_is_served():
    """`/openapi.json` is the description that these tests hold answers against."""
    async with serving() as (client, _), client.get("/openapi.json") as answer:
        assert await answer.json() == document()
