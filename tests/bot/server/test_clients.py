"""Clients that are slow, rude or gone, over real sockets; the times they have are short here."""

import asyncio
import json
import logging
from contextlib import suppress
from dataclasses import replace

import pytest

from bot.server.service import Timeouts
from retrieval.types import Bilingual
from tests.bot.server.place import Slow, serving
from tests.fakes import COMMENT, FakeArchive, excerpt
from tests.fakes import answer as answer_of

QUICK = Timeouts(headers=0.2, body=0.2, sending=0.2, lingering=0.1)
HEADERS = b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = b'{"question": "bees"}'


async def connected(client):
    """Open a socket to the service."""
    url = client._base_url
    return await asyncio.open_connection(url.host, url.port)


async def ended(reader):
    """Return all that comes until the service closes the connection; fail if it never does."""
    async with asyncio.timeout(10):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def serves(client):
    """Fail unless somebody else is answered."""
    async with client.post("/api/ask", json={"question": "bees"}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "sent", [b"", b"G", b"POST /api/ask HTTP/1.1\r\nHost: local", HEADERS + b"X-A: b\r\n"]
)
async def test_headers_that_never_end_cost_a_connection_and_no_more(sent):
    """Closed without an answer; others are answered meanwhile."""
    async with serving(timeouts=QUICK) as (client, _):
        reader, writer = await connected(client)
        writer.write(sent)
        await writer.drain()
        await serves(client)
        assert await ended(reader) == b""
        writer.close()


async def test_headers_that_come_drop_by_drop_have_no_longer():
    """Each drop buys nothing."""
    async with serving(timeouts=QUICK) as (client, _):
        reader, writer = await connected(client)

        async def dripping():
            with suppress(ConnectionError):
                for byte in HEADERS + b"X-Slow: " + b"x" * 8_000:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await serves(client)

        task = asyncio.create_task(dripping())
        assert await ended(reader) == b""
        task.cancel()
        await asyncio.wait({task})
        writer.close()


async def test_a_body_that_never_comes_is_answered_with_408():
    """In a sentence, and the connection is closed after it."""
    async with serving(timeouts=QUICK) as (client, service):
        reader, writer = await connected(client)
        writer.write(HEADERS + b"Content-Length: 50\r\n\r\n{")
        await serves(client)
        said = await ended(reader)
        assert said.startswith(b"HTTP/1.1 408")
        assert json.loads(said.partition(b"\r\n\r\n")[2]) == {
            "error": "The body did not arrive within 0.2 seconds."
        }
        assert b'threadbot_refusals_total{reason="slow"} 1.0' in service.metrics.text()
        writer.close()


class Long(FakeArchive):
    """An archive whose answers are larger than what sockets hold on the way."""

    def answer(self, question):
        """Answer with one very long comment."""
        comment = replace(COMMENT, text=Bilingual(en=COMMENT.text.en * 400_000))
        return answer_of(question, excerpt(1, comment=comment))


async def test_a_client_that_does_not_read_its_answer_is_left(caplog):
    """Its connection is given up, so that what it holds is freed."""
    caplog.set_level(logging.INFO, "threadbot.http")
    async with serving(Long(), timeouts=QUICK) as (client, _):
        _, writer = await connected(client)
        writer.transport.pause_reading()
        writer.write(HEADERS + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
        await writer.drain()
        async with asyncio.timeout(10):
            while not any('"status": 499' in line for line in caplog.messages):
                async with client.get("/healthz") as answer:
                    assert answer.status == 200
        writer.transport.abort()


@pytest.mark.parametrize("sent", [b"Content-Length: 50\r\n\r\n{", b"Content-Length: 5", b""])
async def test_half_a_request_stops_nobody(sent):
    """A client that sends half a request and leaves does not keep others from being answered."""
    async with serving() as (client, _):
        _, writer = await connected(client)
        writer.write(HEADERS + sent)
        await writer.drain()
        writer.close()
        await serves(client)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Large: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X-Many: x\r\n" * 10_000 + b"\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01 this is no HTTP at all\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        HEADERS + b"Content-Length: -1\r\n\r\n",
        HEADERS + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEADERS + b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\n",
    ],
    ids=["large", "many", "long", "tls", "version", "negative", "both", "chunk"],
)
async def test_what_is_no_request_is_refused_and_not_repeated_in_the_log(sent, caplog):
    """400, a closed connection, and others are answered."""
    caplog.set_level(logging.INFO)
    async with serving(timeouts=QUICK) as (client, _):
        reader, writer = await connected(client)
        writer.write(sent)
        said = await ended(reader)
        writer.close()
        assert said.split(b" ")[1] in {b"400", b"431", b"404", b"505"}
        await serves(client)
    assert "xxxx" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_body_larger_than_any_question_is_not_read():
    """413 at once where its length is said, and where it only turns out."""

    async def endless():
        while True:
            yield b"x" * 10_000

    async with serving(timeouts=QUICK) as (client, _):
        async with client.post("/api/ask", data=b"x" * 100_000) as answer:
            assert answer.status == 413
        async with client.post("/api/ask", data=endless()) as answer:
            assert answer.status == 413
        await serves(client)


async def test_a_client_that_leaves_costs_no_place():
    """What it asked is worked off, and counted no more."""
    async with serving(waiting=1) as (client, service):
        for _ in range(5):
            _, writer = await connected(client)
            writer.write(HEADERS + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
            await writer.drain()
            writer.close()
        async with asyncio.timeout(10):
            while service.worker.pending:
                async with client.get("/healthz"):
                    pass
        await serves(client)


async def test_a_question_whose_client_left_is_not_worked_on():
    """Nor does it take a place from those who wait for their answer."""
    archive = Slow()
    async with serving(archive, waiting=2) as (client, service):
        first = asyncio.create_task(client.post("/api/ask", json={"question": "first"}))
        await asyncio.to_thread(archive.begun.wait, 10)
        gone = asyncio.create_task(client.post("/api/ask", json={"question": "gone"}))
        async with asyncio.timeout(10):
            while service.worker.pending < 2:
                async with client.get("/healthz"):
                    pass
        gone.cancel()
        async with asyncio.timeout(10):
            while service.worker.pending > 1:
                async with client.get("/healthz"):
                    pass
        third = asyncio.create_task(client.post("/api/ask", json={"question": "third"}))
        archive.let.set()
        for task in (first, third):
            async with await task as answer:
                assert answer.status == 200
        assert [question.text for question in archive.asked] == ["first", "third"]
