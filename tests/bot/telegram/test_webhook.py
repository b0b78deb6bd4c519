"""Updates brought by Telegram: the double calls the real service over HTTP."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest
from telegram import Update

from bot.server.access import Access
from bot.server.hook import Hook, Taken, update
from bot.server.service import Service
from bot.server.serving import running
from bot.server.worker import Worker
from bot.telegram.intake import Updates
from retrieval.errors import ConfigError, RetrievalError
from tests.bot.telegram import double
from tests.bot.telegram.double import TOKEN

URL, SECRET = "https://bot.example/telegram", "A-secret_123"


@asynccontextmanager
async def beside(world, **changes):
    """Run the bot with its webhook beside the HTTP service; give the service's address."""
    hook = Hook(URL, SECRET)
    access = Access("", local=True)
    service = Service(world.archive, Worker(9), access, world.metrics, 5, world.health, hook=hook)
    async with running(service, "127.0.0.1", 0) as address:
        world.api.leads_to = f"{address}/telegram"
        await world.start(hook, **changes)
        yield address
        if not world.task.done():
            await world.stop()


async def got(url):
    """Return a status and a text."""
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        return answer.status, await answer.text()


async def test_a_question_comes_by_webhook_and_is_answered(world):
    """Set by the bot itself, with its secret and the kinds it wants, and nothing waiting dropped."""
    async with beside(world):
        assert "toothbrush" in (await world.ask("why?")).text
        assert world.api.of("getUpdates") == []
    asked = world.api.of("setWebhook")[0]
    assert (asked["url"], asked["secret_token"]) == (URL, SECRET)
    assert asked["allowed_updates"] == ["message", "callback_query", "inline_query", "my_chat_member"]
    assert 1 <= asked["max_connections"] <= 100
    assert asked["drop_pending_updates"] in (None, "false", "False")
    assert world.api.of("deleteWebhook") == []


async def test_going_back_to_polling_removes_the_webhook(world):
    """Telegram would refuse to be polled; what waits there is kept."""
    async with beside(world):
        assert world.api.webhook is not None
    assert world.api.webhook is not None  # a restart goes on with it
    await world.start()
    assert world.api.webhook is None
    assert "toothbrush" in (await world.ask("why?")).text


async def test_an_update_brought_twice_is_answered_once(world):
    """Telegram brings it again where an answer was lost; it is told to be content."""
    async with beside(world):
        raw = {"update_id": 500, "message": world.api.message("why?")}
        assert [await world.api.bring(raw) for _ in range(3)] == [200, 200, 200]
        await world.api.until("sendMessage")
        await world.settled()
        assert len(world.api.of("sendMessage")) == 1
        assert b'threadbot_updates_total{outcome="again"} 2.0' in world.metrics.text()


@pytest.mark.parametrize("secret", ["", "wrong", "A-secret_1234", "A-secret_12é".encode().decode("latin-1")])
async def test_who_does_not_know_the_secret_is_turned_away(world, secret):
    """And brings nothing in."""
    async with beside(world):
        raw = {"update_id": 500, "message": world.api.message("why?")}
        assert await world.api.bring(raw, secret) == 403
        await world.settled()
        assert world.archive.asked == []


async def test_what_is_no_update_is_refused_and_a_strange_one_taken(world):
    """What nobody understands would be no better for being brought again."""
    async with beside(world), aiohttp.ClientSession() as client:
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        for data in (b"", b"[]", b"{}", b'{"update_id": "1"}', b'{"update_id": 1e400}', b"\xff", b"[" * 9999):
            async with client.post(world.api.leads_to, data=data, headers=headers) as answer:
                assert answer.status == 400
        assert await world.api.bring({"update_id": 7, "message": {"odd": True}}) == 200
        assert await world.api.bring({"update_id": 8, "message": world.api.message("x" * 200_000)}) == 200
        async with client.post(world.api.leads_to, data=b"x" * 2_000_000, headers=headers) as answer:
            assert answer.status == 413


async def test_updates_that_find_no_room_are_to_be_brought_again(slow):
    """503, so that Telegram keeps them; once there is room they are taken."""
    slow.archive.gate.clear()
    hook = Hook(URL, SECRET)
    taken = iter([Taken.FULL, Taken.TAKEN])
    service = Service(
        slow.archive, Worker(9), Access("", local=True), slow.metrics, 5, slow.health, hook=hook
    )
    async with running(service, "127.0.0.1", 0) as address:
        slow.api.webhook, slow.api.leads_to = {"secret_token": SECRET}, f"{address}/telegram"
        assert await slow.api.bring({"update_id": 1}) == 503  # nobody takes them yet
        hook.take = lambda _: next(taken)
        assert await slow.api.bring({"update_id": 1}) == 503
        assert await slow.api.bring({"update_id": 1}) == 200


async def test_room_is_counted_until_an_update_was_dealt_with():
    """The library empties its queue at once, so its length says nothing."""
    queue = Updates(2)
    for number in (1, 2):
        queue.put_nowait(number)
        await queue.get()
    assert queue.crowded
    waiting = asyncio.ensure_future(queue.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.task_done()
    await asyncio.wait_for(waiting, 1)
    assert not queue.crowded


async def test_an_address_telegram_refuses_is_a_matter_of_configuration(world):
    """Its own words say what is wrong with it."""
    world.api.fail("setWebhook", double.Fault(400, "Bad Request: bad webhook: IP address is private"))
    async with beside(world):
        with pytest.raises(
            ConfigError, match=r"THREADBOT_WEBHOOK_URL \(Bad webhook: ip address is private\)"
        ):
            await world.task


async def test_a_network_that_is_away_is_waited_for(world):
    """A machine that boots starts its services in any order."""
    world.api.fail("setWebhook", *[double.BAD_GATEWAY] * 6)
    async with beside(world):
        await world.time.until_waiting(8.0)
        await world.time.advance(8.0)
        await world.api.until("setWebhook", 7)
        assert "toothbrush" in (await world.ask("why?")).text


async def test_a_webhook_somebody_else_changed_ends_the_bot_with_a_sentence(world):
    """Two programs on one token would take turns."""
    async with beside(world):
        await world.time.until_waiting(60.0)
        world.api.webhook = {"url": "https://other.example/", "secret_token": "x"}
        await world.time.advance(60)
        with pytest.raises(RetrievalError, match="Another program changed this bot's webhook; stop it"):
            await world.task


async def test_what_telegram_complains_of_is_logged_once(world, caplog):
    """Whoever set the proxy up wrong sees why nothing comes."""
    world.api.webhook_state = {"last_error_date": 1_800_000_000, "last_error_message": "Connection refused"}
    async with beside(world):
        for _ in range(2):
            await world.time.until_waiting(60.0)
            seen = len(world.api.of("getWebhookInfo"))
            await world.time.advance(60)
            await world.api.until("getWebhookInfo", seen + 1)
        await world.settled()
    assert caplog.text.count("Telegram could not bring an update: Connection refused") == 1


async def test_readiness_follows_telegram(world):
    """Index, model and Telegram; one that does not answer shows, and that it is back."""
    async with beside(world) as address:
        assert await got(f"{address}/readyz") == (200, "ready\n")
        await world.api.until("setMyCommands", 12)
        await world.settled()
        await world.time.until_waiting(60.0)
        world.api.fail("getWebhookInfo", *[double.BAD_GATEWAY] * 5)
        await world.time.advance(60)
        await world.time.until_waiting(8.0)
        assert await got(f"{address}/readyz") == (503, "Telegram does not answer.\n")
        assert "threadbot_telegram_up 0.0" in (await got(f"{address}/metrics"))[1]
        await world.ask("/help")
        assert await got(f"{address}/readyz") == (200, "ready\n")


async def test_a_stop_turns_updates_away_and_finishes_what_runs(slow):
    """They are brought again after the restart; the running question gets its answer."""
    async with beside(slow):
        await slow.api.say("one")
        await slow.begun("one")
        stopping = asyncio.create_task(slow.stop())
        raw = {"update_id": 500, "message": slow.api.message("late")}
        async with asyncio.timeout(10):
            while await slow.api.bring(raw) == 200:
                raw["update_id"] += 1
        assert await slow.api.bring(raw | {"update_id": 900}) == 503
        slow.archive.gate.set()
        await stopping
        assert any("toothbrush" in call.text for call in slow.api.of("sendMessage"))


async def test_nothing_secret_is_in_logs_metrics_and_answers(world, caplog):
    """Neither token nor secret, whatever goes wrong."""
    with caplog.at_level(0):
        world.api.fail("setWebhook", double.BAD_JSON)
        async with beside(world) as address:
            await world.ask("unmistakable words")
            await world.api.bring({"update_id": 7, "message": {"odd": True}})
            await world.api.bring({"update_id": 8}, "wrong")
            pages = [(await got(f"{address}/{name}"))[1] for name in ("metrics", "readyz", "openapi.json")]
    ours = [record for record in caplog.records if record.name.startswith("threadbot")]
    said = "".join([*(record.getMessage() for record in ours), *pages])
    assert ours
    for hidden in (SECRET, TOKEN.partition(":")[2], "unmistakable"):
        assert hidden not in said


def test_an_update_is_read_strictly():
    """Its number is one that can be kept."""
    assert update(b'{"update_id": 5, "x": 1}') == {"update_id": 5, "x": 1}
    assert update(b'{"update_id": true}') is None
    assert update(b'{"update_id": 99999999999999999999}') is None
    assert Update.de_json({"update_id": 5}, None).update_id == 5
