import json

import pytest

from bot.telegram.store import Store
from retrieval.errors import UsageError
from tests.bot.telegram.world import ADMIN, GROUP, KnownArchive
from tests.fakes import COMMENT, FakeArchive, answer, excerpt


async def test_next_page_comes_below_and_only_once(world):
    """A second press says where it is."""
    await world.start()
    answer = await world.ask()
    assert await world.press(answer, "Next page ▸", messages=1) is None
    assert "6. 芋头不甜" in world.api.of("sendMessage")[-1].text
    assert "further down already" in await world.press(answer, "Next page ▸")
    assert len(world.api.of("sendMessage")) == 2


async def test_two_quick_presses_bring_one_page(slow):
    """The second is told that it is on its way; a search that came to nothing may be tried again."""
    slow.archive.gate.set()
    await slow.start()
    answer = await slow.ask()
    slow.archive.gate.clear()
    await slow.api.press(answer.buttons["Next page ▸"], answer.message)
    await slow.begun("How do I pollinate?", "How do I pollinate?")
    assert "further down already" in await slow.press(answer, "Next page ▸")
    slow.archive.gate.set()
    await slow.api.until("sendMessage", 2)
    await slow.settled()
    assert len(slow.api.of("sendMessage")) == 2


async def test_choosing_another_excerpt_changes_only_the_buttons(world):
    """The row of numbers marks the one that the others are about."""
    await world.start()
    answer = await world.ask()
    await world.press(answer, "3")
    edited = world.api.of("editMessageReplyMarkup")[-1]
    assert "• 3" in edited.buttons
    assert "comment00003" in edited.buttons["Whole comment"]


async def test_the_other_language_is_one_tap_away_and_back(world):
    """In place, in the same message."""
    await world.start()
    answer = await world.ask()
    await world.press(answer, "中文")
    turned = world.api.of("editMessageText")[-1]
    assert "用电动牙刷。" in turned.text
    assert "Use a toothbrush." not in turned.text
    assert "refreshed on" in turned.text
    turned.ids.append(answer.message)
    await world.press(turned, "English")
    assert world.api.of("editMessageText")[-1].text == answer.text


async def test_the_reply_chain_leads_from_the_threads_question_to_the_comment(world):
    """Each step with its author; one that is gone says so."""
    await world.start()
    answer = await world.ask()
    await world.press(answer, "Reply chain", messages=1)
    text = world.api.of("sendMessage")[-1].text
    assert text.index("Question: Tomatoes on a balcony") < text.index("Can they be grown?")
    assert text.index("Can they be grown?") < text.index("not in the archive any more")
    assert text.index("not in the archive any more") < text.index("芋头不甜 replied to 十七楼的风:")
    assert text.endswith("No bees come up. Use a toothbrush. It works.")


async def test_more_like_this_is_a_page_of_its_own(world):
    """It has a next page too."""
    await world.start()
    answer = await world.ask()
    await world.press(answer, "More like this", messages=1)
    alike = world.api.of("sendMessage")[-1]
    assert alike.text.startswith("Comments like the one by 芋头不甜:")
    await world.press(alike, "Next page ▸", messages=1)
    assert "6. 芋头不甜" in world.api.of("sendMessage")[-1].text


async def test_a_whole_comment_is_shown_below_and_paged_in_place(world):
    """A long one has several pages; they are turned without new messages."""
    from retrieval.types import Quote, Span

    class Long(FakeArchive):
        def show(self, comment_id, language):
            text = "".join(f"Sentence {number}. " for number in range(400)).strip()
            return excerpt(1, quote=Quote("en", Span(0, len(text)), text), other=None)

    world.archive = Long()
    await world.start()
    answer = await world.ask()
    await world.press(answer, "Whole comment", messages=1)
    first = world.api.of("sendMessage")[-1]
    assert "page 1 of 4" in first.text
    await world.press(first, "▸")
    second = world.api.of("editMessageText")[-1]
    assert "page 2 of 4" in second.text
    assert second["message_id"] == first.message
    second.ids.append(first.message)
    await world.press(second, "◂")
    assert world.api.of("editMessageText")[-1].text == first.text


async def test_why_an_excerpt_was_chosen_is_one_tap_away(world):
    """How likely it answers, where meaning and words put it, and what matched; for the chosen one."""

    class Two(KnownArchive):
        def answer(self, question):
            self.asked.append(question)
            why = {"dense_rank": 1, "lexical_rank": 3}
            return answer(question, excerpt(1, explanation=why), excerpt(2, score=0.3))

    world.archive = Two()
    await world.start()
    shown = await world.ask()
    why = await world.press(shown, "Why this one?")
    assert why == "71 % likely to answer. Place by meaning: 1, by words: 3.\nMatched: toothbrush"
    await world.press(shown, "2")
    second = world.api.of("editMessageReplyMarkup")[-1]
    second.ids.append(shown.message)
    assert (await world.press(second, "Why this one?")).startswith(
        "30 % likely to answer. Place by meaning: –"
    )


async def test_buttons_work_after_a_restart(world):
    """Everything they need is on disk."""
    await world.start()
    answer = await world.ask()
    await world.stop()
    await world.start()
    await world.press(answer, "Next page ▸", messages=1)
    assert "6. 芋头不甜" in world.api.of("sendMessage")[-1].text
    await world.press(answer, "中文")
    assert "用电动牙刷。" in world.api.of("editMessageText")[-1].text


async def test_a_comment_removed_meanwhile_says_so(world):
    """The others are shown all the same."""
    await world.start()
    answer = await world.ask()

    def show(comment_id, language):
        if comment_id == "comment00001":
            raise UsageError("gone")
        return FakeArchive.show(world.archive, comment_id, language)

    world.archive.show = show
    await world.press(answer, "中文")
    text = world.api.of("editMessageText")[-1].text
    assert "1. This comment is not in the archive any more." in text
    for label in ("Whole comment", "Reply chain"):
        assert "not in the archive any more" in await world.press(answer, label)


async def test_buttons_of_a_page_that_expired_say_so(world):
    """Those that name the comment itself go on working."""
    await world.start(keep_pages="1h")
    answer = await world.ask()
    await world.time.until_waiting(3600)
    await world.time.advance(3601)
    await world.settled()
    assert "too old" in await world.press(answer, "Next page ▸")
    assert await world.press(answer, "Whole comment", messages=1) is None


@pytest.mark.parametrize("data", ["", "nonsense", "n:../../etc", "s:x::9:9:9:9", "w:::-1", "k::en:7", "é"])
async def test_every_press_is_answered_whatever_it_says(world, data):
    """Otherwise the button would seem to hang."""
    await world.start()
    await world.api.press(data, 1)
    assert (await world.api.until("answerCallbackQuery"))["callback_query_id"] == "77"


async def test_a_page_is_nobody_elses(world):
    """A press that names another chat's page gets nothing."""
    await world.start()
    answer = await world.ask()
    await world.api.press(answer.buttons["Next page ▸"], 5, user=2)
    assert "too old" in (await world.api.until("answerCallbackQuery", 2))["text"]


async def test_a_stranger_may_not_press(world):
    """In a group where the bot is allowed no one is a stranger; elsewhere they are told their id."""
    await world.start()
    answer = await world.ask()
    assert "55" in await world.press(answer, "Next page ▸", user=55)
    in_group = await world.ask("@thread_bot why?", chat=GROUP)
    assert await world.press(in_group, "Next page ▸", user=55, chat=GROUP, messages=1) is None


async def test_presses_that_search_count_as_questions(world):
    """Or the limit would be none."""
    await world.start(chat_limit=1)
    answer = await world.ask()
    assert "ask again in 60 s" in await world.press(answer, "Next page ▸")


async def test_what_a_press_brings_stays_in_the_topic(world):
    """Below the message that was pressed."""
    await world.start()
    answer = await world.ask("@thread_bot why?", chat=GROUP, topic=40)
    pressed_on = world.api._sent(GROUP, answer.message) | {"is_topic_message": True, "message_thread_id": 40}
    query = {
        "id": "77",
        "from": {"id": 1, "is_bot": False, "first_name": "Ada"},
        "chat_instance": "1",
        "data": answer.buttons["Reply chain"],
        "message": pressed_on,
    }
    await world.api.update(callback_query=query)
    chain = await world.api.until("sendMessage", 2)
    assert chain["message_thread_id"] == 40
    assert chain["reply_parameters"]["message_id"] == answer.message


async def test_a_press_under_a_message_that_telegram_forgot_still_works(world):
    """It then names only the chat and the message."""
    await world.start()
    answer = await world.ask()
    forgotten = {"chat": {"id": 1, "type": "private"}, "message_id": answer.message, "date": 0}
    presser = {"id": 1, "is_bot": False, "first_name": "Ada"}
    query = {"id": "77", "from": presser, "chat_instance": "1", "data": answer.buttons["Next page ▸"]}
    await world.api.update(callback_query=query | {"message": forgotten})
    assert "6. 芋头不甜" in (await world.api.until("sendMessage", 2)).text


async def test_a_message_that_cannot_be_edited_is_sent_anew(world):
    """Telegram lets nobody edit what is too old."""
    from tests.bot.telegram.double import Fault

    await world.start()
    answer = await world.ask()
    refusal = Fault(400, "Bad Request: message can't be edited")
    world.api.fail("editMessageText", refusal, refusal)
    await world.press(answer, "中文", messages=1)
    assert "用电动牙刷。" in world.api.of("sendMessage")[-1].text


async def test_an_edit_that_changes_nothing_is_no_error(world):
    """Two quick taps."""
    from tests.bot.telegram.double import Fault

    await world.start()
    answer = await world.ask()
    world.api.fail("editMessageText", Fault(400, "Bad Request: message is not modified"))
    assert await world.press(answer, "中文") is None
    assert len(world.api.of("sendMessage")) == 1


async def test_ratings_are_kept_thanked_for_and_forgotten_on_request(world):
    """The question is kept with them, so that it can be measured with."""
    await world.start()
    answer = await world.ask()
    assert await world.press(answer, "👍") == "Noted, thank you."
    with Store(world.data_dir / "bot.sqlite") as store:
        assert [(rating.good, rating.question) for rating in store.ratings()] == [
            (True, "How do I pollinate?")
        ]
    assert "1 ratings and 1 stored questions" in (await world.ask("/forget")).text
    with Store(world.data_dir / "bot.sqlite") as store:
        assert list(store.ratings()) == []
    assert "too old" in await world.press(answer, "Next page ▸")


async def test_ratings_expire(world):
    """After the time the setting says."""
    await world.start(keep_feedback="1h")
    await world.press(await world.ask(), "👎")
    await world.time.until_waiting(3600)
    await world.time.advance(3601)
    await world.settled()
    with Store(world.data_dir / "bot.sqlite") as store:
        assert list(store.ratings()) == []


def test_ratings_become_questions_to_evaluate_with():
    """A good answer's comments are its gold; for a bad one somebody has to say what would have answered."""
    from bot.telegram.feedback import questions
    from bot.telegram.store import Rating
    from retrieval.evaluate import read

    ratings = [
        Rating(True, "why?", "en", ("comment00001", "gone")),
        Rating(True, "who?", "en", ()),
        Rating(False, "谁？", "zh", ("comment00001",)),
        Rating(True, "", "en", ("comment00001",)),
    ]
    place = ("balcony", COMMENT.position)
    good = list(questions(ratings, FakeArchive(), good=True))
    assert good == [
        {"question": "why?", "lang": "en", "gold": [place]},
        {"question": "who?", "lang": "en", "gold": []},
    ]
    bad = list(questions(ratings, FakeArchive(), good=False))
    assert bad == [{"question": "谁？", "lang": "zh", "gold": None, "shown": [place]}]
    assert [each.question for each in read(map(json.dumps, good))] == ["why?", "who?"]


async def test_saying_that_there_is_nothing_can_be_right(world):
    """A 👍 there means that no comment answers."""
    world.archive = FakeArchive(answered=False)
    await world.start()
    await world.press(await world.ask(), "👍")
    with Store(world.data_dir / "bot.sqlite") as store:
        assert [rating.comments for rating in store.ratings()] == [()]


def test_the_command_exports_the_ratings(tmp_path, monkeypatch):
    """One JSON object a line on standard output; no token is needed."""
    from bot.__main__ import main
    from bot.parts import Parts
    from bot.telegram import pages
    from bot.telegram.pages import Page
    from tests.fakes import streams, written

    with Store(tmp_path / "data" / "bot.sqlite") as store:
        page = Page("p", 1, 2, "为什么？", "zh", items=(pages.item(excerpt()),))
        store.rate(page, 2, good=True, at=1.0)
    over = streams()
    parts = Parts(open_archive=lambda _: FakeArchive())
    assert main(["telegram", "--feedback", "--data", str(tmp_path / "data")], over, parts) == 0
    assert written(over.stdout) == '{"question": "为什么？", "lang": "zh", "gold": [["balcony", 12]]}\n'


async def test_only_an_administrator_may_roll_back_by_button(world):
    """The button stands in a chat that others may read."""
    await world.start()
    await world.api.press("r::", 1, user=1)
    assert "administrators" in (await world.api.until("answerCallbackQuery"))["text"]
    await world.api.press("r::", 1, user=ADMIN)
    assert "nothing to go back to" in (await world.api.until("sendMessage")).text
