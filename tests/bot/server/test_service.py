import asyncio
import json
import threading
from pathlib import Path

import aiohttp
import jsonschema
import pytest
from yarl import URL

from bot.server.access import Access, is_loopback
from bot.server.application import application
from bot.server.health import Health
from bot.server.metrics import Metrics
from bot.server.openapi import document
from bot.server.service import Service, Timeouts
from bot.server.serving import listening, running
from bot.server.worker import Worker
from retrieval.errors import ConfigError, NoIndexError, UnavailableError
from tests.bot.server.place import Slow, serving
from tests.fakes import FakeArchive

TOKEN = "s3cret"  # noqa: S105 - it guards nothing
SECRET = {"question": "my secret"}


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
    """Whoever was accepted is answered, whoever comes later sent away; the process itself is healthy."""
    archive, stop = Slow(), asyncio.Event()
    async with serving(archive, health=Health(stop, model=True)) as (client, _):
        first = asyncio.create_task(client.post("/api/ask", json={"question": "bees"}))
        await asyncio.to_thread(archive.begun.wait, 10)
        stop.set()
        async with client.post("/api/ask", json={"question": "late"}) as late:
            assert (late.status, late.headers["Retry-After"]) == (503, "1")
        async with client.get("/readyz") as ready, client.get("/healthz") as healthy:
            assert (ready.status, healthy.status) == (503, 200)
        archive.let.set()
        async with await first as answer:
            assert answer.status == 200


async def test_closing_waits_for_running_answers():
    """Nobody who was accepted sees the connection break."""
    archive = Slow()
    async with aiohttp.ClientSession() as client:
        async with serving(archive) as (near, _):
            first = asyncio.create_task(client.post(near._base_url / "api/ask", json={"question": "bees"}))
            await asyncio.to_thread(archive.begun.wait, 10)
            asyncio.get_running_loop().call_later(0.05, archive.let.set)
        async with await first as answer:
            assert answer.status == 200


async def test_a_model_that_is_being_loaded_is_not_ready():
    """And nobody waits for it to be told so."""
    health = Health()
    async with serving(health=health) as (client, _):
        async with client.get("/readyz") as answer:
            assert (answer.status, await answer.text()) == (503, "The model is not loaded yet.\n")
        async with client.get("/metrics") as answer:
            assert answer.status == 200
        health.model = True
        async with client.get("/readyz") as answer:
            assert (answer.status, await answer.text()) == (200, "ready\n")


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


async def test_an_index_that_is_away_is_said_to_be(caplog):
    """Where it is kept on a server that does not answer: come again, and the log says what is wrong."""

    class Away(FakeArchive):
        def answer(self, question):
            raise UnavailableError("The Chroma server at http://10.0.0.5 cannot be used.")

    async with serving(Away()) as (client, _), client.post("/api/ask", json=SECRET) as answer:
        assert (answer.status, "Retry-After" in answer.headers) == (503, True)
        assert "10.0.0.5" not in await answer.text()
        follows(await answer.json(), "Error")
    assert "10.0.0.5" in caplog.text
    assert "secret" not in caplog.text


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
    assert 'threadbot_questions_total{front="http",language="en",outcome="answered"} 1.0' in text
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


async def test_an_index_that_does_not_answer_is_not_ready():
    """Whoever asks is told so in time; the other metrics are there."""
    let = threading.Event()

    class Hanging(FakeArchive):
        def manifest(self):
            let.wait(10)
            return super().manifest()

    async with serving(Hanging(), timeouts=Timeouts(index=0.05)) as (client, _):
        async with client.get("/readyz") as answer:
            assert (answer.status, await answer.text()) == (503, "The index does not answer.\n")
        async with client.get("/metrics") as answer:
            assert "threadbot_errors_total 0.0" in await answer.text()
        let.set()


async def test_without_a_webhook_there_is_no_such_route():
    """`serve` takes no updates."""
    async with serving() as (client, _), client.post("/telegram", json={"update_id": 1}) as answer:
        assert answer.status == 404


def test_the_readme_lists_every_metric():
    """No more and no fewer than there are."""
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    _, _, below = readme.partition("### Metrics\n")
    rows = [line.split("`")[1] for line in below.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(Metrics().names())


async def test_every_stage_of_an_answer_is_measured(tmp_path):
    """Waiting, encoding, searching, quoting, and all of it."""
    from ingest import sync
    from retrieval.archive import Archive
    from tests.fakes import FakeEmbedder

    sync.ingest([Path(sync.__file__).parent / "samples"], tmp_path, FakeEmbedder())
    archive = Archive(tmp_path, FakeEmbedder())
    async with serving(archive) as (client, service):
        archive.observe(service.metrics.stage)
        async with client.post("/api/ask", json={"question": "bees"}) as answer:
            assert answer.status == 200
        async with client.get("/metrics") as answer:
            text = await answer.text()
    archive.close()
    for stage in ("wait", "answer", "embed", "search", "quote"):
        assert f'threadbot_stage_seconds_count{{stage="{stage}"}} 1.0' in text


@pytest.mark.parametrize(
    ("host", "status"), [("[::1]", 200), ("localhost", 200), ("evil.example", 403), (None, 403)]
)
async def test_loopback_has_another_address_too(host, status):
    """On ::1 as on 127.0.0.1: a loopback name is answered, another or none is not."""
    access = Access("", local=is_loopback("::1"))
    service = Service(FakeArchive(), Worker(5), access, Metrics(), 5, Health(model=True))
    async with running(service, "::1", 0) as url:
        reader, writer = await asyncio.open_connection("::1", URL(url).port)
        body = b'{"question": "bees"}'
        named = b"" if host is None else b"Host: " + host.encode() + b"\r\n"
        version = b"1.0" if host is None else b"1.1"
        head = b"POST /api/ask HTTP/%b\r\n%bContent-Length: %d\r\nConnection: close\r\n\r\n"
        writer.write(head % (version, named, len(body)) + body)
        assert int((await reader.read()).split(b" ")[1]) == status
        writer.close()
