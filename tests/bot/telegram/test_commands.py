from urllib.parse import parse_qs, urlsplit

import pytest

from tests.bot.telegram.world import ADMIN, GROUP


async def test_a_chat_that_asks_too_much_is_told_when_to_ask_again(world):
    """Others may go on."""
    await world.start(chat_limit=2)
    await world.ask("one")
    await world.ask("two")
    assert "please ask again in 60 s" in (await world.ask("three")).text
    assert "toothbrush" in (await world.ask("four", user=2)).text
    await world.time.advance(60)
    assert "toothbrush" in (await world.ask("five")).text
    assert b'threadbot_refusals_total{reason="limit"} 1.0' in world.metrics.text()


async def test_all_chats_together_have_a_limit(world):
    """One machine answers them all."""
    await world.start(total_limit=1)
    await world.ask("one")
    assert "please ask again" in (await world.ask("two", user=2)).text


async def test_a_stranger_is_told_the_id_to_pass_on(world):
    """In private and in groups; a flood of theirs is not answered for ever."""
    await world.start()
    assert "Your id is 55" in (await world.ask("hi", user=55)).text
    in_group = await world.ask("@thread_bot hi", user=55, chat=-77)
    assert "Your id is 55, the group's is -77" in in_group.text
    await world.ask("hi", user=55)
    await world.api.say("hi", user=55)
    await world.settled()
    assert len(world.api.of("sendMessage")) == 3
    assert world.archive.asked == []
    assert b'threadbot_refusals_total{reason="stranger"} 4.0' in world.metrics.text()


async def test_an_allowed_group_lets_its_members_ask(world):
    """Also one who writes in the group's own name."""
    await world.start()
    assert "toothbrush" in (await world.ask("@thread_bot why?", user=56, chat=GROUP)).text
    anonymous = {"id": GROUP, "type": "supergroup", "title": "Gardeners"}
    assert "toothbrush" in (await world.ask("@thread_bot why?", chat=GROUP, sender_chat=anonymous)).text


async def test_open_mode_is_a_choice(world):
    """Anyone may ask where the setting says so."""
    await world.start(allowed="*")
    assert "toothbrush" in (await world.ask("why?", user=56)).text


async def test_start_greets_and_help_lists_the_commands(world):
    """Administrators see theirs too."""
    await world.start()
    assert "/reingest" not in (await world.ask("/start")).text
    assert "@thread_bot" in (await world.ask("/help")).text
    assert "/reingest" in (await world.ask("/help", user=ADMIN)).text
    assert "提问" in (await world.ask("/help", user=2, language="zh-hans")).text


@pytest.mark.parametrize("payload", ["e_comment00004", "comment00004"])
async def test_a_deep_link_shows_its_excerpt(world, payload):
    """So does the id alone, as answers show it; a reply asks within its thread."""
    await world.start()
    shown = await world.ask(f"/start {payload}")
    assert "It works." in shown.text
    assert "Reply chain" in shown.buttons
    await world.ask("and tomatoes?", reply_to=shown.message)
    assert world.archive.asked[-1].filters.thread == "thread000001"


async def test_a_deep_link_to_a_comment_that_is_gone_says_so(world):
    """Other words that a link may carry are a greeting."""
    await world.start()
    assert "not in the archive any more" in (await world.ask("/start e_nothing")).text
    assert "/help" in (await world.ask("/start help")).text


async def test_a_whole_comment_can_be_shared_by_its_link(world):
    """Telegram asks in which chat; the link opens the bot at the comment, for those who may ask."""
    await world.start()
    answer = await world.ask()
    await world.press(answer, "Whole comment", messages=1)
    share = world.api.of("sendMessage")[-1].buttons["Share ↗"]
    address = parse_qs(urlsplit(share).query)["url"][0]
    assert address == "https://t.me/thread_bot?start=e_comment00001"
    shown = await world.ask(f"/start {parse_qs(urlsplit(address).query)['start'][0]}", user=2)
    assert "It works." in shown.text


async def test_an_unknown_command_points_to_help(world):
    """In private only; in groups it is another bot's."""
    await world.start()
    assert "/help" in (await world.ask("/dance")).text


async def test_lang_changes_quotes_and_sentences(world):
    """And stays after a restart."""
    await world.start()
    assert "中文" in (await world.ask("/lang zh")).text
    assert "请输入" in (await world.ask("/lang fr")).text
    await world.stop()
    await world.start()
    await world.ask("why?")
    assert world.archive.asked[-1].language == "zh"
    assert "language of the question" in (await world.ask("/lang auto")).text


async def test_settings_are_changed_by_buttons_and_kept_per_chat(world):
    """Count, length and language; other chats keep theirs."""
    await world.start()
    shown = await world.ask("/settings")
    await world.press(shown, "3")
    await world.press(shown, "long")
    edited = world.api.of("editMessageText")[-1]
    assert "Comments in an answer: 3" in edited.text
    assert {"• 3", "• long"} <= edited.buttons.keys()
    await world.ask("why?")
    answer = world.api.of("sendMessage")[-1]
    assert "No bees come up. Use a toothbrush. It works." in answer.text
    assert "4. 芋头不甜" not in answer.text
    await world.ask("why?", user=2)
    assert "5. 芋头不甜" in world.api.of("sendMessage")[-1].text


async def test_threads_are_listed_and_one_can_be_picked(world):
    """By button, by number and by name; off goes back to all."""
    await world.start()
    shown = await world.ask("/threads")
    assert "1. Tomatoes on a balcony · 2025-06-18 · 17 comments" in shown.text
    assert "Tomatoes on a balcony" in await world.press(shown, "1")
    await world.ask("why?")
    assert world.archive.asked[-1].filters.thread == "thread000001"
    assert "all threads" in await world.press(shown, "All threads")
    assert "冬天骑车" in (await world.ask("/threads 2")).text
    assert "Tomatoes" in (await world.ask("/threads balcony")).text
    assert "No thread is called nowhere" in (await world.ask("/threads nowhere")).text
    assert "all threads" in (await world.ask("/threads off")).text


async def test_a_thread_that_left_the_archive_is_said_to_be_gone(world):
    """It was picked before."""
    from bot.telegram.store import Choices, Store

    with Store(world.data_dir / "bot.sqlite") as store:
        store.choose(1, Choices(thread="nowhere"))
    await world.start()
    assert "not in the archive any more" in (await world.ask()).text
    assert "All threads" in (await world.ask("/settings")).text


async def test_status_says_what_is_indexed(world):
    """Threads, comments, generation, freshness, the last change."""
    await world.start(reingest_every="6h")
    text = (await world.ask("/status")).text
    assert "34 comments from 2 threads, generation 12" in text
    assert "refreshed on 2025-09-03 06:00 UTC" in text
    assert "+34 ~0 −0" in text
    assert "21600" in text
