import asyncio
import random

import httpx
import pytest
from telegram.error import BadRequest, Conflict, NetworkError, RetryAfter, TimedOut

from bot.telegram.requests import Patience, Request, may_be_taken, pause_after, seconds_of
from bot.telegram.store import Store
from tests.bot.telegram import double
from tests.bot.telegram.world import GROUP, Time


def answers(world, chat=1):
    """Return the messages with an answer that reached a chat."""
    return [text for (where, _), text in world.api.shown.items() if where == chat and "toothbrush" in text]


async def test_telegram_asking_for_patience_gets_it(world):
    """429 with its wait: nothing was taken, so the same message comes again, once, and then."""
    world.api.fail("sendMessage", double.flood(7))
    await world.start()
    await world.api.say("why?")
    await world.time.until_waiting(7.0)
    await world.time.advance(7.0)
    await world.api.until("sendMessage", 2)
    await world.settled()
    assert len(answers(world)) == 1


async def test_patience_without_a_time_is_a_few_seconds(world):
    """429 without `retry_after`."""
    world.api.fail("sendMessage", double.flood(None))
    await world.start()
    await world.ask("why?", messages=2)
    assert 3 in world.time.waits
    assert len(answers(world)) == 1


async def test_a_chat_that_has_to_wait_holds_up_no_other(world):
    """The library's own limiter stops everything."""
    world.api.fail("sendMessage", double.flood(100))
    await world.start()
    await world.api.say("why?")
    await world.time.until_waiting(100.0)
    await world.ask("why?", user=2)
    assert len(answers(world, 2)) == 1
    await world.time.advance(100.0)
    await world.api.until("sendMessage", 3)


@pytest.mark.parametrize(
    ("fault", "taken"),
    [
        (double.BAD_GATEWAY, False),
        (double.DROPPED, False),
        (double.TAKEN_AND_DROPPED, True),
        (double.BAD_JSON, True),
        (double.Fault(500, "Internal Server Error"), False),
    ],
    ids=["502", "dropped", "taken and dropped", "half an answer", "500"],
)
async def test_a_message_telegram_may_have_taken_is_not_sent_again_blindly(world, fault, taken):
    """The asker is told that it may be missing, and can have it again; it never comes twice on its own."""
    world.api.fail("sendMessage", fault)
    await world.start()
    apology = await world.ask("why?", messages=2)
    assert "did not confirm" in apology.text
    assert len(answers(world)) == taken
    await world.press(apology, "Show the answer again", messages=1)
    assert len(answers(world)) == taken + 1


async def test_a_slow_answer_counts_as_not_confirmed(world):
    """A timeout says nothing about whether it was taken."""
    world.timeout = 0.2
    world.api.fail("sendMessage", double.SLOW)
    await world.start()
    apology = await world.ask("why?", messages=2)
    assert "did not confirm" in apology.text
    assert len(answers(world)) == 1


async def test_half_an_answer_is_apologised_for(world):
    """The second of two messages did not get through."""
    from retrieval.types import Quote, Span
    from tests.fakes import FakeArchive, answer, excerpt

    long = "toothbrush " * 300

    class Long(FakeArchive):
        def answer(self, question):
            quote = Quote("en", Span(0, len(long)), long)
            return answer(question, *(excerpt(rank, quote=quote, other=None) for rank in (1, 2)))

    world.archive = Long()
    await world.start()
    world.api.fail("sendMessage", double.FINE, double.BAD_GATEWAY)
    apology = await world.ask("why?", messages=3)
    assert "may be missing" in apology.text
    assert len(answers(world)) == 1


async def test_entities_telegram_refuses_are_left_out(world):
    """The words arrive as plain text."""
    world.api.fail("sendMessage", double.BAD_ENTITIES)
    await world.start()
    answer = await world.ask("why?", messages=2)
    assert not answer["entities"]
    assert len(answers(world)) == 1


async def test_an_address_telegram_refuses_is_left_out(world):
    """A source may have any address."""
    from tests.fakes import FakeArchive, answer, excerpt

    class Linked(FakeArchive):
        def answer(self, question):
            return answer(question, excerpt(1, path="http://localhost/x"))

    world.archive = Linked()
    world.api.fail("sendMessage", double.Fault(400, "Bad Request: BUTTON_URL_INVALID"))
    await world.start()
    answer_sent = await world.ask("why?", messages=2)
    assert "Source ↗" not in answer_sent.buttons
    assert "Whole comment" in answer_sent.buttons


async def test_a_bug_gets_an_apology_and_no_words_into_the_log(world, caplog):
    """What an error says may hold the question."""

    def answer(question):
        raise RuntimeError(f"cannot parse {question.text}")

    world.archive.answer = answer
    with caplog.at_level(0):
        await world.start()
        assert "went wrong here" in (await world.ask("secret question")).text
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


async def test_what_an_administrator_can_mend_is_logged_in_words(world, caplog):
    """A sentence of ours holds no question."""
    from retrieval.errors import RetrievalError

    def answer(question):
        raise RetrievalError("Chroma cannot use its index; free some space.")

    world.archive.answer = answer
    await world.start()
    assert "went wrong here" in (await world.ask("why?")).text
    assert "free some space" in caplog.text


async def test_an_index_of_another_model_is_said_to_be_missing(world):
    """Nothing a user could mend."""
    from retrieval.errors import NoIndexError

    def answer(question):
        raise NoIndexError("made with another model")

    await world.start()
    world.archive.answer = answer
    assert "no index" in (await world.ask("why?")).text


async def test_an_index_that_is_away_is_said_to_be(world):
    """Where it is kept on a server that does not answer just now; the next question may find it again."""
    from retrieval.errors import UnavailableError

    await world.start()
    real = world.archive.answer

    def answer(question):
        raise UnavailableError("The Chroma server cannot be used")

    world.archive.answer = answer
    assert "cannot be reached just now" in (await world.ask("why?")).text
    world.archive.answer = real
    assert "cannot be reached" not in (await world.ask("why?")).text


@pytest.mark.parametrize(("command", "calls"), [("/more", 0), ("/more", 1), ("/threads balcony", 1)])
async def test_an_index_that_goes_away_between_two_looks_at_it(world, command, calls):
    """Whatever was found before, the chat hears why there is no more of it."""
    from retrieval.errors import UnavailableError

    await world.start()
    await world.ask("why?")
    real, looked = world.archive.manifest, []

    def manifest():
        looked.append(1)
        if len(looked) > calls:
            raise UnavailableError("The Chroma server cannot be used")
        return real()

    world.archive.manifest = manifest
    assert "cannot be reached just now" in (await world.ask(command)).text
    assert len(looked) == calls + 1


async def test_who_blocks_the_bot_is_forgotten(world):
    """No apology can reach them."""
    await world.start()
    await world.ask("/lang zh")
    world.api.fail("sendMessage", double.BLOCKED)
    await world.ask("why?", messages=1)
    with Store(world.data_dir / "bot.sqlite") as store:
        assert store.choices(1).language == "auto"
        assert store.latest(1, None) is None
    assert len(world.api.of("sendMessage")) == 2


async def test_a_group_that_put_the_bot_out_is_forgotten(world):
    """Telegram says so by itself."""
    await world.start()
    await world.ask("/lang zh@", chat=GROUP)
    await world.ask("/lang zh", chat=GROUP)
    member = {"user": double.BOT, "status": "left"}
    change = {
        "chat": {"id": GROUP, "type": "supergroup"},
        "from": {"id": 1, "is_bot": False, "first_name": "Ada"},
        "date": 1,
        "old_chat_member": member | {"status": "member"},
        "new_chat_member": member,
    }
    await world.api.update(my_chat_member=change)
    await world.settled()
    with Store(world.data_dir / "bot.sqlite") as store:
        assert store.choices(GROUP).language == "auto"


async def test_a_group_that_became_a_supergroup_gets_its_answer_there(world):
    """Telegram refuses the old id and names the new one; the settings move along."""
    old, new = -500, -100777
    await world.start(allowed="*")
    await world.ask("/lang zh", chat=old)
    world.api.fail("sendMessage", double.Fault(400, "Bad Request: upgraded", {"migrate_to_chat_id": new}))
    answer = await world.ask("@thread_bot why?", chat=old, messages=2)
    assert answer["chat_id"] == new
    with Store(world.data_dir / "bot.sqlite") as store:
        assert store.choices(new).language == "zh"
        assert store.latest(new, None) is not None
        assert store.unanswered() == []


async def test_a_note_of_migration_moves_the_settings(world):
    """Both the old and the new chat say it."""
    await world.start(allowed="*")
    await world.ask("/lang zh", chat=-500)
    await world.api.say(None, chat=-500, migrate_to_chat_id=-100777)
    await world.api.say(None, chat=-100777, migrate_from_chat_id=-500)
    await world.settled()
    with Store(world.data_dir / "bot.sqlite") as store:
        assert store.choices(-100777).language == "zh"


async def test_updates_out_of_order_and_twice_are_answered_once_and_in_order(world):
    """Telegram promises neither."""
    await world.start()
    updates = [
        {"update_id": 900 + number, "message": world.api.message(text)}
        for number, text in enumerate(["one", "two", "three"])
    ]
    await world.api.push(updates[2], updates[0], updates[1], updates[0])
    await world.api.until("sendMessage", 3)
    await world.api.push({"update_id": 903, "message": world.api.message("four")}, updates[1])
    await world.api.until("sendMessage", 4)
    assert [question.text for question in world.archive.asked] == ["one", "two", "three", "four"]


async def test_an_update_nobody_understands_stops_no_other(world):
    """And is not fetched for ever."""
    await world.start()
    await world.api.push({"update_id": 900, "message": {"text": "no chat, no date"}})
    await world.ask("why?")
    assert len(answers(world)) == 1


@pytest.mark.parametrize(
    "fault",
    [double.BAD_GATEWAY, double.DROPPED, double.BAD_JSON, double.flood(2), double.flood(None)],
    ids=["502", "dropped", "bad JSON", "429", "429 without time"],
)
async def test_fetching_goes_on_after_any_failure(world, fault):
    """With a pause that grows."""
    await world.start()
    world.api.fail("getUpdates", fault, fault)
    await world.ask("one")
    await world.ask("two")
    assert len(answers(world)) == 2


async def test_a_press_is_answered_although_its_work_failed(world):
    """With an apology in the notice."""
    await world.start()
    answer = await world.ask()

    def more_like(*_):
        raise RuntimeError

    world.archive.more_like = more_like
    assert "went wrong" in await world.press(answer, "More like this")


async def test_an_edit_may_be_repeated(world):
    """Doing it twice changes nothing, so a lost answer is no reason to give up."""
    await world.start()
    answer = await world.ask()
    world.api.fail("editMessageText", double.TAKEN_AND_DROPPED, double.BAD_GATEWAY)
    assert await world.press(answer, "中文") is None
    assert len(world.api.of("editMessageText")) == 3


async def test_a_question_outlives_a_network_that_is_away_for_minutes(world, monkeypatch):
    """Nothing left the machine, so nothing can come twice: it is tried until it gets through."""
    await world.start()
    original = Request.do_request
    lost = []

    async def do_request(self, url, *args, **named):
        if url.endswith("/sendMessage") and len(lost) < 10:
            lost.append(url)
            raise with_cause(NetworkError("lost"), httpx.ConnectError("lost"))
        return await original(self, url, *args, **named)

    monkeypatch.setattr(Request, "do_request", do_request)
    await world.api.say("why?")
    for pause in (8.0, 16.0, 30.0, 30.0, 30.0, 30.0):
        await world.time.until_waiting(pause)
        await world.time.advance(pause)
    await world.api.until("sendMessage")
    await world.settled()
    assert len(answers(world)) == 1


async def test_a_question_that_never_got_through_gets_its_apology_at_the_next_start(world, monkeypatch):
    """The network was still away when the bot was stopped."""
    world.grace = 0.05
    await world.start()
    original = Request.do_request

    async def do_request(self, url, *args, **named):
        if url.endswith("/sendMessage"):
            raise with_cause(NetworkError("lost"), httpx.ConnectError("lost"))
        return await original(self, url, *args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Request, "do_request", do_request)
        await world.api.say("why?")
        await world.time.until_waiting(8.0)
        await world.stop()
    await world.start()
    assert "restarted before I could answer" in (await world.api.until("sendMessage")).text


def with_cause(error, cause):
    error.__cause__ = cause
    return error


def test_which_failures_may_have_been_taken():
    """Only what never left, or what was refused, certainly was not."""
    assert may_be_taken(TimedOut())
    assert may_be_taken(NetworkError("Bad Gateway"))
    assert may_be_taken(with_cause(NetworkError("x"), httpx.ReadError("x")))
    assert not may_be_taken(with_cause(NetworkError("x"), httpx.ConnectError("x")))
    assert not may_be_taken(with_cause(TimedOut(), httpx.PoolTimeout("x")))
    for error in (BadRequest("x"), Conflict("x"), RetryAfter(1)):
        assert not may_be_taken(error)


def test_pauses_grow_and_end():
    """A request that never left is made again; one asked to wait for an hour is given up."""
    lost = with_cause(NetworkError("x"), httpx.ConnectError("x"))
    assert [pause_after(lost, attempt, repeatable=False) for attempt in (0, 1, 9)] == [0.5, 1.0, 30.0]
    assert pause_after(TimedOut(), 0, repeatable=False) is None
    assert pause_after(TimedOut(), 0, repeatable=True) == 0.5
    assert pause_after(RetryAfter(3600), 0, repeatable=True) is None


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
def test_a_wait_may_be_a_number_or_a_timedelta(monkeypatch):
    """The library is on its way from one to the other."""
    from datetime import timedelta

    for value in ("0", "1"):
        monkeypatch.setenv("PTB_TIMEDELTA", value)
        assert seconds_of(RetryAfter(timedelta(seconds=7))) == 7.0


async def test_groups_get_no_more_messages_than_telegram_allows(world):
    """Twenty a minute; the next one waits."""
    await world.start(chat_limit=100)
    for number in range(20):
        await world.ask(f"/lang e{number}", chat=GROUP)
    await world.api.say("/lang en", chat=GROUP)
    async with asyncio.timeout(10):
        while not any(wait > 10 for wait in world.time.waits):
            await world.settled()
    assert len(world.api.to(GROUP)) == 20
    await world.time.advance(60)
    await world.api.until("sendMessage", 21)


async def test_messages_keep_their_order_where_telegram_allows_no_more():
    """Of many that wait, those that came first go first, whoever wakes up first."""
    time, order, held = Time(), [], []
    dice = random.Random(5)  # noqa: S311 - not for secrets

    async def sent(number):
        order.append(number)

    async def sleeping(_):
        held.append(asyncio.get_running_loop().create_future())
        await held[-1]

    patience = Patience(sleeping, time.clock)
    tasks = [
        asyncio.create_task(
            patience.process_request(sent, (number,), {}, "sendMessage", {"chat_id": number + 1}, None)
        )
        for number in range(70)
    ]
    while len(order) < len(tasks):
        await asyncio.sleep(0)
        time.now += 0.01
        while held:
            held.pop(dice.randrange(len(held))).set_result(None)
    assert order == list(range(len(tasks)))
    assert time.now - 1_800_000_000 >= 2
