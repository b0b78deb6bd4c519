import pytest

from tests.bot.telegram.double import BOT, units
from tests.bot.telegram.world import GROUP, KnownArchive, World
from tests.fakes import FakeArchive


async def test_any_text_in_a_private_chat_is_a_question(world):
    """The answer quotes, says who wrote it, to whom, where and when, and how fresh the archive is."""
    await world.start()
    answer = await world.ask("How do I pollinate?")
    assert world.archive.asked[0].text == "How do I pollinate?"
    assert "Use a toothbrush." in answer.text
    assert "1. 芋头不甜, replying to 十七楼的风 · Tomatoes on a balcony · 2025-06-18" in answer.text
    assert "↳ answers 十七楼的风: Choose the variety first." in answer.text
    assert "1 more in nearly the same words" in answer.text
    assert "balcony.md:133-139 · comment00001" in answer.text
    assert "newest thread is from 2025-06-18; it was last refreshed on 2025-09-03 06:00 UTC" in answer.text


async def test_quotes_are_expandable_blocks_and_matches_are_bold(world):
    """By entities, counted in UTF-16 units, and never by markup."""
    await world.start()
    answer = await world.ask()
    assert answer["parse_mode"] is None
    first = answer["entities"][:2]
    assert first == [
        {"type": "expandable_blockquote", "offset": 0, "length": units("Use a toothbrush.")},
        {"type": "bold", "offset": 6, "length": 10},
    ]
    assert answer["link_preview_options"] == {"is_disabled": True}


async def test_a_chinese_question_is_answered_in_chinese(world):
    """Sentences and buttons too."""
    await world.start()
    answer = await world.ask("怎么授粉？")
    assert "芋头不甜 回复 十七楼的风" in answer.text
    assert "下一页 ▸" in answer.buttons


async def test_a_group_is_answered_only_when_it_addresses_the_bot(world):
    """Talk and other bots' commands are left alone; a mention, a reply and /ask ask."""
    await world.start()
    await world.api.say("nobody asks you", chat=GROUP)
    await world.api.say("/ask@other_bot how?", chat=GROUP)
    await world.api.say("/unknown", chat=GROUP)
    answer = await world.ask("@thread_bot how do I pollinate?", chat=GROUP)
    await world.ask("and by hand?", chat=GROUP, reply_to=answer.message)
    await world.ask("/ask why?", chat=GROUP)
    await world.ask("/ask@thread_bot who?", chat=GROUP)
    asked = [question.text for question in world.archive.asked]
    assert asked == ["how do I pollinate?", "and by hand?", "why?", "who?"]
    assert answer["reply_parameters"]["message_id"]
    assert answer["reply_parameters"]["allow_sending_without_reply"] in {True, "True", "true"}


async def test_the_mention_may_be_a_name_without_a_user_name(world):
    """Telegram then says who is meant beside the text."""
    await world.start()
    entities = [{"type": "text_mention", "offset": 0, "length": 3, "user": BOT}]
    message = world.api.message("Bot why?", chat=GROUP) | {"entities": entities}
    await world.api.update(message=message)
    await world.api.until("sendMessage")
    assert world.archive.asked[0].text == "why?"


async def test_answers_stay_in_their_topic(world):
    """And the note that the bot opened a topic, which every message there replies to, asks nothing."""
    await world.start()
    opened = {
        "message_id": 40,
        "date": 1,
        "chat": {"id": GROUP, "type": "supergroup", "is_forum": True},
        "from": BOT,
        "forum_topic_created": {"name": "talk", "icon_color": 1},
    }
    await world.api.say("just talk", chat=GROUP, topic=40, reply_to_message=opened)
    answer = await world.ask("@thread_bot why?", chat=GROUP, topic=40)
    assert answer["message_thread_id"] == 40
    assert len(world.archive.asked) == 1


async def test_a_message_in_a_thread_of_replies_is_no_topic(world):
    """`message_thread_id` alone does not make one; answering into it would fail."""
    await world.start()
    answer = await world.ask("@thread_bot why?", chat=GROUP, message_thread_id=5)
    assert answer["message_thread_id"] is None


async def test_a_closed_topic_is_answered_in_the_group(world):
    """Telegram knows the topic no more."""
    from tests.bot.telegram.double import Fault

    await world.start()
    world.api.fail("sendMessage", Fault(400, "Bad Request: message thread not found"))
    answer = await world.ask("@thread_bot why?", chat=GROUP, topic=40, messages=2)
    assert answer["message_thread_id"] is None


async def test_ask_without_a_question_takes_the_message_it_replies_to(world):
    """Somebody else's question, in a group; without one it says how to ask."""
    await world.start()
    asked = world.api.message("Who pollinates?", user=2, chat=GROUP)
    await world.ask("/ask", chat=GROUP, reply_to_message=asked)
    assert world.archive.asked[0].text == "Who pollinates?"
    assert "after the command" in (await world.ask("/ask")).text


async def test_results_of_inline_mode_ask_nothing(world):
    """Sent into the private chat they come as messages of the user's."""
    await world.start()
    await world.api.say("an excerpt", via_bot=BOT)
    await world.ask("a question")
    assert [question.text for question in world.archive.asked] == ["a question"]


async def test_a_reply_to_an_answer_asks_within_its_thread(world):
    """And says so."""
    await world.start()
    answer = await world.ask()
    following = await world.ask("and tomatoes?", reply_to=answer.message)
    assert world.archive.asked[-1].filters.thread == "thread000001"
    assert "Within: Tomatoes on a balcony" in following.text


async def test_a_reply_asks_within_the_thread_of_the_chosen_excerpt(world):
    """An answer may quote several threads; the first is meant until another one is chosen."""
    from dataclasses import replace

    from tests.fakes import THREAD, answer, excerpt

    class Two(KnownArchive):
        def answer(self, question):
            self.asked.append(question)
            return answer(question, excerpt(1), excerpt(2, thread=replace(THREAD, id="thread000002")))

    world.archive = Two()
    await world.start()
    shown = await world.ask()
    await world.ask("and?", reply_to=shown.message)
    await world.press(shown, "2")
    await world.ask("and?", reply_to=shown.message)
    threads = [question.filters.thread for question in world.archive.asked]
    assert threads == [None, "thread000001", "thread000002"]


@pytest.mark.parametrize("button", ["Reply chain", "Whole comment", "Next page ▸", "More like this"])
async def test_a_reply_to_whatever_shows_comments_asks_within_their_thread(world, button):
    """Chains, whole comments and further pages are answers too."""
    await world.start()
    answer = await world.ask()
    await world.press(answer, button, messages=1)
    following = await world.ask("and tomatoes?", reply_to=world.api.of("sendMessage")[-1].message)
    assert world.archive.asked[-1].filters.thread == "thread000001"
    assert "Within: Tomatoes on a balcony" in following.text


async def test_more_in_a_topic_goes_on_with_the_answer_there(world):
    """Other topics of the group have asked something else since."""
    await world.start()
    await world.ask("@thread_bot first?", chat=GROUP, topic=40)
    await world.ask("@thread_bot second?", chat=GROUP, topic=41)
    second = await world.ask("/more", chat=GROUP, topic=40)
    assert (world.archive.asked[-1].text, second["message_thread_id"]) == ("first?", 40)
    assert "6. 芋头不甜" in second.text
    assert "Ask a question first." in (await world.ask("/more", chat=GROUP, topic=42)).text


async def test_more_shows_the_next_page_and_says_when_there_is_none(world):
    """Seven comments, five a page."""
    await world.start()
    assert "Ask a question first." in (await world.ask("/more")).text
    await world.ask()
    second = await world.ask("/more")
    assert "6. 芋头不甜" in second.text
    assert "7. 芋头不甜" in second.text
    assert "no more comments" in (await world.ask("/more")).text


async def test_nothing_relevant_is_said_plainly(world):
    """The nearest comments are behind a button, and are called what they are."""
    world.archive = FakeArchive(answered=False)
    await world.start()
    answer = await world.ask("Who won?")
    assert answer.text.startswith("Nothing in the threads speaks to this.")
    assert "toothbrush" not in answer.text
    await world.press(answer, "Show the nearest comments", messages=1)
    nearest = world.api.of("sendMessage")[-1]
    assert nearest.text.startswith("The nearest comments; they may well not speak to your question:")
    assert "toothbrush" in nearest.text
    assert "already" in await world.press(answer, "Show the nearest comments")


@pytest.mark.parametrize("text", ["?!", "x" * 2_001])
async def test_what_is_no_question_is_said_to_be_none(world, text):
    """Signs only, and whole books."""
    await world.start()
    assert "in words, with at most 2000 characters" in (await world.ask(text)).text


async def test_pictures_are_not_read(world):
    """In a private chat it says so; in a group they are nobody's question."""
    await world.start()
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    await world.api.say(None, chat=GROUP, photo=photo)
    assert "only read text" in (await world.ask(None, photo=photo)).text


async def test_waiting_shows_typing_again_and_again(slow):
    """Telegram forgets it after five seconds; in groups the question gets eyes meanwhile."""
    await slow.start()
    await slow.api.say("@thread_bot why?", chat=GROUP, topic=40)
    assert (await slow.api.until("sendChatAction"))["message_thread_id"] == 40
    await slow.time.until_waiting(4.5)
    await slow.time.advance(4.5)
    await slow.api.until("sendChatAction", 2)
    reaction = await slow.api.until("setMessageReaction")
    assert reaction["reaction"][0]["emoji"] == "👀"
    slow.archive.gate.set()
    await slow.api.until("sendMessage")
    assert (await slow.api.until("setMessageReaction", 2))["reaction"] in (None, [])


async def test_a_second_question_is_queued_and_other_chats_are_not_held_up(slow):
    """The loop stays free while the archive works; each chat's answers come in order."""
    await slow.start()
    await slow.api.say("one")
    await slow.api.say("two")
    await slow.api.say("three", user=2)
    await slow.begun("one", "three")
    assert "Written" not in (await slow.ask("/help", user=3)).text
    slow.archive.gate.set()
    await slow.api.until("sendMessage", 4)
    assert slow.archive.begun.index("one") < slow.archive.begun.index("two")


async def test_cancel_drops_what_waits(slow):
    """The one that is being answered is answered."""
    await slow.start()
    await slow.api.say("one")
    await slow.begun("one")
    await slow.api.say("two")
    await slow.api.say("three")
    await slow.settled()
    assert b'threadbot_waiting{front="telegram"} 3.0' in slow.metrics.text()
    assert (await slow.ask("/cancel")).text == "Dropped 2 waiting questions."
    slow.archive.gate.set()
    await slow.api.until("sendMessage", 2)
    assert (await slow.ask("/cancel")).text == "No question is waiting."
    assert slow.archive.begun == ["one"]


async def test_an_answer_too_long_for_one_message_is_split_between_quotes(world):
    """Every message can be sent, and each has the buttons of its own quotes."""
    from retrieval.types import Quote, Span
    from tests.fakes import COMMENT, answer, excerpt

    long = "爱" * 1_500 + "。"

    class Long(FakeArchive):
        def answer(self, question):
            quote = Quote("zh", Span(0, len(long)), long)
            return answer(question, *(excerpt(rank, quote=quote, other=None) for rank in (1, 2, 3)))

    assert COMMENT.text.zh
    world.archive = Long()
    await world.start()
    last = await world.ask("怎么？", messages=2)
    first = world.api.of("sendMessage")[0]
    assert first.text.count(long) == 2
    assert last.text.count(long) == 1
    assert "👍" in last.buttons
    assert "👍" not in first.buttons
    assert "• 1" in first.buttons


async def test_two_worlds_do_not_share_anything(tmp_path):
    """Importing and building start nothing global."""
    worlds = [World(tmp_path / name) for name in "ab"]
    for each in worlds:
        await each.start()
    for each in worlds:
        assert "toothbrush" in (await each.ask()).text
        await each.stop()
        await each.api.close()


async def test_fifty_chats_at_once_get_one_answer_each(world):
    """Within Telegram's thirty messages a second."""
    people = range(100, 150)
    await world.start(allowed="*")
    for user in people:
        await world.api.say("why?", user=user)
    await world.api.until("sendMessage", len(people))
    await world.settled()
    assert sorted(call["chat_id"] for call in world.api.of("sendMessage")) == list(people)
    assert any(0 < wait <= 1 for wait in world.time.waits)
