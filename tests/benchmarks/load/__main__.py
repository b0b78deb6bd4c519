"""Put the real services under load: `python -m tests.benchmarks.load chats|together [--seconds 60]`.

`chats`: fifty Telegram chats ask `threadbot telegram` at once, each again as soon as it is answered.
`together`: twenty HTTP clients ask the service beside the bot, while chats ask the bot and an ingest
publishes a changed file every ten seconds; each answer is compared with that of the generation it names.

The bot is a child process that ends as it would under a service manager; the chats, the Bot API's double
and the clients live in this process. They share the machine's cores, so that what this process needs is
taken from the bot: figures are rather worse than they would be alone. How late the event
loop of an idle process is tells how much of the lateness is the machine's. The archive is the
samples and 1,000 made-up comments. Ends with 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.archive import Archive
from retrieval.embedder import embedder_for
from retrieval.questions import ask
from tests.benchmarks.load.chats import Chats
from tests.benchmarks.load.child import Child, running
from tests.benchmarks.load.clients import Clients
from tests.benchmarks.load.field import CHANGING, COUNT, QUESTIONS, Field
from tests.benchmarks.load.figures import Figure, dumps, growth, percentile, table

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHATS, _CLIENTS, _CHATS_BESIDE = 50, 20, 5
_COMMENTS = 1_000
_PUBLISHED_EVERY = 10.0
#: What is promised: milliseconds, and how much more memory late than early, a share.
_LATENESS, _GROWTH = 50.0, 1.05
_PORT = 18080


async def chats(field: Field, seconds: float) -> list[Figure]:
    """Fifty chats at once."""
    await field.publish()
    alone = _alone(field)
    loop, cores = asyncio.get_running_loop(), len(os.sched_getaffinity(0))
    api = Chats(QUESTIONS)
    await api.start()
    beside = running("idle", field.data)
    async with beside as idle, running("telegram", field.data, **api.settings()) as bot:
        await api.until_polled(bot)
        await api.one_after_another(len(QUESTIONS))
        serial = await api.one_after_another(_CHATS)
        right = {question: text for _, question, text in api.ledger.answers}
        before = len(api.ledger.answers)
        begin = loop.time()
        await api.all_at_once(_CHATS, seconds)
        end, after = loop.time(), len(api.ledger.answers)
        # Before and after, so that a machine that has other work meanwhile slows both alike.
        serial = (serial + await api.one_after_another(_CHATS)) / 2
        await asyncio.sleep(1)  # for what should not come
    await api.close()
    taken = [took for took, _, _ in api.ledger.answers[before:after]]
    wrong = sum(right[question] != text for _, question, text in api.ledger.answers)
    return [
        Figure("answers", len(taken)),
        Figure("answers a second", len(taken) / (end - begin)),
        *_whole(api, bot),
        Figure("wrong answers", wrong, at_most=0),
        Figure(f"{_CHATS} answers one after another", serial, "s"),
        Figure("the same without Telegram", alone, "s"),
        Figure("p50", percentile(taken, 50), "s"),
        Figure("p95", percentile(taken, 95), "s", 3 * serial / cores),
        *_process("bot", bot, begin, end),
        Figure("idle process beside it: late, p99", 1000 * percentile(idle.lateness(begin, end), 99), "ms"),
    ]


async def together(field: Field, seconds: float) -> list[Figure]:
    """HTTP clients and chats, while new generations are published."""
    await field.publish()
    loop = asyncio.get_running_loop()
    api = Chats([*QUESTIONS, CHANGING])
    await api.start()
    http = {"THREADBOT_HTTP_PORT": str(_PORT), "THREADBOT_COUNT": str(COUNT)}
    async with running("telegram", field.data, **http, **api.settings()) as bot:
        clients = Clients(f"http://127.0.0.1:{_PORT}")
        await api.until_polled(bot)
        begin = loop.time()
        publishing = asyncio.create_task(_publish(field, begin + seconds))
        await asyncio.gather(
            clients.all_at_once(_CLIENTS, [*QUESTIONS, CHANGING], seconds),
            api.all_at_once(_CHATS_BESIDE, seconds),
        )
        end = loop.time()
        published = await publishing
        await asyncio.sleep(1)  # for what should not come
    await api.close()
    wrong = [question for question, found in clients.answers if not field.is_right(question, found)]
    chats_taken = [took for took, _, _ in api.ledger.answers]
    return [
        Figure("HTTP answers", len(clients.taken)),
        Figure("HTTP answers a second", len(clients.taken) / (end - begin)),
        Figure("HTTP errors", sum(clients.errors.values()), at_most=0),
        Figure("HTTP 503 with Retry-After", clients.busy),
        Figure("HTTP answers not of the generation named", len(wrong), at_most=0),
        Figure("generations answered from", len({found["generation"] for _, found in clients.answers})),
        Figure("HTTP p50", percentile(clients.taken, 50), "s"),
        Figure("HTTP p95", percentile(clients.taken, 95), "s"),
        Figure("HTTP most", max(clients.taken, default=0.0), "s"),
        Figure("ingests", len(published)),
        Figure("ingest, median", percentile(published, 50), "s"),
        Figure("Telegram answers", len(chats_taken)),
        *_whole(api, bot),
        Figure("Telegram p50", percentile(chats_taken, 50), "s"),
        Figure("Telegram p95", percentile(chats_taken, 95), "s"),
        *_process("bot", bot, begin, end, bars=False),
    ]


async def _publish(field: Field, end: float) -> list[float]:
    """Publish every ten seconds, or as often as that can be done; return what each took."""
    loop = asyncio.get_running_loop()
    took, due = [], loop.time()
    while (due := max(due + _PUBLISHED_EVERY, loop.time())) < end:
        await asyncio.sleep(due - loop.time())
        took.append(await field.publish())
    return took


def _alone(field: Field) -> float:
    """Return the seconds that fifty answers take one after another without any service."""
    with closing(Archive(field.data, field.embedder)) as archive:
        archive.warm()
        began = time.perf_counter()
        for question in islice(cycle(QUESTIONS), _CHATS):
            archive.answer(ask(question, count=COUNT + 1))
        return time.perf_counter() - began


def _whole(api: Chats, bot: Child) -> list[Figure]:
    """Return what must not have happened in the chats."""
    for line in [*api.ledger.lost(), *api.ledger.strays, *bot.complaints()][:10]:
        sys.stderr.write(f"{line}\n")
    return [
        Figure("lost answers", len(api.ledger.lost()), at_most=0),
        Figure("doubled or stray messages", len(api.ledger.strays), at_most=0),
        Figure("complaints in the bot's log", len(bot.complaints()), at_most=0),
    ]


def _process(name: str, child: Child, begin: float, end: float, *, bars: bool = True) -> list[Figure]:
    early, late = growth(child.resident(begin, end))
    lateness = [1000 * each for each in child.lateness(begin, end)]
    return [
        Figure(f"{name}: event loop late, p99", percentile(lateness, 99), "ms", _LATENESS if bars else None),
        Figure(f"{name}: event loop late, most", max(lateness, default=0.0), "ms"),
        Figure(f"{name}: memory early", early, "MiB"),
        Figure(f"{name}: memory late", late, "MiB", _GROWTH * early if bars else None),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the two, print its figures, and tell by the exit code whether all bars are met."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.load")
    parser.add_argument("what", choices=["chats", "together"])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the children end with it
    with tempfile.TemporaryDirectory() as folder:
        field = Field(Path(folder), embedder_for())
        field.prepare(_COMMENTS)
        work = {"chats": chats, "together": together}[arguments.what]
        figures = asyncio.run(work(field, arguments.seconds))
    sys.stdout.write((dumps(figures) if arguments.json else table(figures)) + "\n")
    return 0 if all(one.met for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
