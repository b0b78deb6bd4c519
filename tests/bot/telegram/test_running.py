import asyncio
import io
import logging
import re
import sqlite3
from pathlib import Path

import pytest

from bot.telegram import redaction
from bot.telegram.desk import noted
from bot.telegram.polling import batch, gives_way
from bot.telegram.store import Pending, Store
from retrieval.errors import ConfigError, NoIndexError, RetrievalError
from tests.bot.telegram import double
from tests.bot.telegram.double import TOKEN
from tests.bot.telegram.world import ADMIN


async def test_a_second_poller_ends_with_one_sentence(world):
    """Not with an endless quarrel."""
    world.api.fail("getUpdates", double.CONFLICT)
    await world.start()
    with pytest.raises(
        RetrievalError, match="Another program is fetching this bot's updates; stop it"
    ) as caught:
        await world.task
    assert caught.value.exit_code != 0


def test_of_two_pollers_the_second_gives_way():
    """The first one bears with it for a while; one that never goes away wins."""
    assert gives_way(running=1.0, conflicts=1)
    assert not gives_way(running=3600.0, conflicts=1)
    assert gives_way(running=3600.0, conflicts=10)


async def test_the_first_poller_survives_a_conflict(world):
    """The other one is gone by then."""
    await world.start()
    await world.time.advance(3600)
    world.api.fail("getUpdates", double.CONFLICT, double.CONFLICT)
    assert "toothbrush" in (await world.ask("why?")).text


@pytest.mark.parametrize("method", ["getMe", "getUpdates"])
async def test_a_token_telegram_rejects_is_a_sentence_without_it(world, method):
    """At the start and later, when it was revoked."""
    world.api.fail(method, double.UNAUTHORIZED)
    await world.start()
    with pytest.raises(ConfigError, match="Telegram does not accept the token; set") as caught:
        await world.task
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(caught.value.__cause__)


async def test_a_webhook_that_cannot_be_deleted_stops_nothing(world):
    """Most bots have none."""
    world.api.fail("deleteWebhook", double.Fault(404, "Not Found"))
    await world.start()
    assert "toothbrush" in (await world.ask("why?")).text


async def test_the_bot_waits_for_a_network_that_is_not_there_yet(world):
    """A machine that boots starts its services in any order."""
    world.api.fail("getMe", *[double.BAD_GATEWAY] * 6, double.DROPPED)
    starting = asyncio.create_task(world.start())
    await world.time.until_waiting(8.0)
    await world.time.advance(8.0)
    await starting
    assert "toothbrush" in (await world.ask("why?")).text


async def test_a_stop_before_telegram_was_reached_is_a_stop(world):
    """Nothing hangs."""
    await world.api.start()
    world.api.fail("getMe", double.flood(200))
    starting = asyncio.create_task(world.start())
    await world.time.until_waiting(200.0)
    await world.stop()
    await starting


async def test_without_an_index_nothing_is_started(world):
    """The sentence says what to do."""

    def warm():
        raise NoIndexError("There is no index; run `threadbot ingest YOUR_FOLDER` first.")

    world.archive.warm = warm
    await world.start()
    with pytest.raises(NoIndexError):
        await world.task


async def test_a_stop_finishes_the_answer_that_is_running(slow):
    """And apologises for those that wait."""
    await slow.start()
    await slow.api.say("one")
    await slow.begun("one")
    await slow.api.say("two")
    await slow.settled()
    stopping = asyncio.create_task(slow.stop())
    apology = await slow.api.until("sendMessage")
    assert "restarted before I could answer" in apology.text
    slow.archive.gate.set()
    await stopping
    assert "toothbrush" in slow.api.of("sendMessage")[-1].text
    with Store(slow.data_dir / "bot.sqlite") as store:
        assert store.unanswered() == []


async def test_a_stop_takes_no_longer_than_its_grace(world):
    """Telegram asked for five minutes; the next start apologises for what was left."""
    world.grace = 0.05
    world.api.fail("sendMessage", *[double.flood(300)] * 2)
    await world.start()
    await world.api.say("/help")
    await world.api.say("why?", user=2)
    await world.time.until_waiting(300.0)
    await world.api.until("sendMessage", 2)
    await world.settled()
    await world.stop()
    await world.start()
    await world.settled()
    assert any("Sorry" in call.text for call in world.api.to(2)[1:])


async def test_a_stop_confirms_what_was_fetched(world):
    """Otherwise it would be sent, and answered, again."""
    await world.start()
    await world.ask("why?")
    await world.stop()
    last = world.api.of("getUpdates")[-1]
    assert (last["timeout"], last["offset"]) == (0, 102)


async def test_questions_a_crash_left_behind_get_an_apology(world):
    """Where they were asked, as a reply; their words were never kept."""
    with Store(world.data_dir / "bot.sqlite") as store:
        store.begin(Pending(1, 66, None, "zh"))
    await world.start()
    apology = await world.api.until("sendMessage")
    assert "重新启动" in apology.text
    assert apology["reply_parameters"]["message_id"] == 66
    await world.settled()
    with Store(world.data_dir / "bot.sqlite") as store:
        assert store.unanswered() == []


async def test_an_update_delivered_again_after_a_restart_is_not_answered_again(world):
    """Telegram had not heard that it was taken."""
    await world.start()
    update = {"update_id": 500, "message": world.api.message("why?")}
    await world.api.push(update)
    await world.api.until("sendMessage")
    await world.settled()
    await world.stop()
    await world.api.push(update)
    await world.start()
    await world.settled()
    assert len(world.api.of("sendMessage")) == 1


async def test_menus_are_set_for_everybody_in_both_languages(world):
    """Default, Chinese and English; administrators have theirs."""
    await world.start()
    await world.api.until("setMyCommands", 12)
    menus = [
        (call["scope"]["type"], call["language_code"], call["commands"])
        for call in world.api.of("setMyCommands")
    ]
    assert {(scope, code) for scope, code, _ in menus} == {
        (scope, code)
        for scope in ("default", "all_private_chats", "all_group_chats", "chat")
        for code in (None, "zh", "en")
    }
    for scope, code, commands in menus:
        described = {each["command"]: each["description"] for each in commands}
        assert ("reingest" in described) == (scope == "chat")
        assert ("start" in described) == (scope != "all_group_chats")
        assert (described["ask"] == "提问") == (code == "zh")
    assert world.api.of("setMyCommands")[-1]["scope"]["chat_id"] == ADMIN


async def test_a_menu_that_cannot_be_set_stops_nothing(world):
    """An administrator who never wrote to the bot has no chat to set it in."""
    world.api.fail("setMyCommands", *[double.Fault(400, "Bad Request: chat not found")] * 12)
    await world.start()
    assert "toothbrush" in (await world.ask("why?")).text
    await world.api.until("setMyCommands", 12)


async def test_only_what_is_handled_is_asked_for(world):
    """Explicit kinds of updates; and no webhook is left in the way."""
    await world.start()
    kinds = world.api.of("getUpdates")[0]["allowed_updates"]
    assert kinds == ["message", "callback_query", "inline_query", "my_chat_member"]
    assert world.api.of("deleteWebhook")


async def test_neither_the_token_nor_a_question_is_in_any_log(world, caplog):
    """At no level, from no library, whatever goes wrong."""
    stream = io.StringIO()
    handler = redaction.handler(stream, redaction.secrets(TOKEN))
    logging.getLogger().addHandler(handler)
    try:
        with caplog.at_level(0):
            world.api.fail("getUpdates", double.BAD_JSON, double.BAD_GATEWAY, double.DROPPED)
            world.api.fail("sendMessage", double.BAD_JSON)
            await world.start()
            await world.ask("unmistakable words", messages=2)
            await world.ask("/help")
            logging.getLogger("anybody").error("GET https://api.telegram.org/bot%s/getMe", TOKEN)
            logging.getLogger("anybody").error("odd", exc_info=ValueError(TOKEN))
            await world.stop()
    finally:
        logging.getLogger().removeHandler(handler)
    ours = [record for record in caplog.records if not record.name.startswith("aiohttp")]
    said = "".join(record.getMessage() for record in ours if record.name != "anybody")
    assert "unmistakable" not in said
    assert TOKEN.partition(":")[2] not in said
    assert "GET https://api.telegram.org/bot<token>/getMe" in stream.getvalue()
    assert "ValueError: <token>" in stream.getvalue()
    assert not {record.name.split(".")[0] for record in ours} & set(redaction.TALKATIVE)


async def test_all_requests_go_to_the_configured_address(world):
    """The token stands in the path, as the Bot API wants it."""
    await world.start()
    await world.ask("why?")
    assert {re.sub(r"/[^/]+$", "", path) for path in world.api.paths} == {f"/bot{TOKEN}"}


def test_a_batch_is_in_order_and_confirms_its_newest():
    """Whatever order it came in; an offset never goes back."""
    found = batch([{"update_id": 7}, {"update_id": 5}, {"update_id": 7}, "odd", {"update_id": "x"}], 4)
    assert [each["update_id"] for each in found.updates] == [5, 7]
    assert found.offset == 8
    assert batch([], 4).offset == 4
    assert batch([{"update_id": 1}], 9).offset == 9


def test_nothing_is_pickled_or_parsed_as_markup():
    """Neither appears in the package."""
    package = Path(__file__).parents[3] / "bot" / "telegram"
    for path in package.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert "import pickle" not in source
        assert "parse_mode" not in source


async def test_house_keeping_goes_on_after_a_locked_file(world, monkeypatch, caplog):
    """Compaction may have the file just then; an hour later it is tried again."""
    calls = []

    def expire(self, now, **kept):
        calls.append(now)
        if len(calls) == 1:
            raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(Store, "expire", expire)
    await world.start()
    await world.time.until_waiting(3600.0)
    await world.time.advance(3600)
    await world.settled()
    assert len(calls) == 2
    assert "was not removed: OperationalError" in caplog.text


async def test_what_fails_beside_the_answers_is_logged(caplog):
    """Nobody waits for it, so nobody else would hear of it; its words stay out of the log."""

    async def failing():
        raise ValueError("what somebody asked")

    await noted(failing())
    assert "ValueError" in caplog.text
    assert "what somebody asked" not in caplog.text
