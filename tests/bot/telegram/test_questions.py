from tests.bot.telegram.world import GROUP


async def test_any_text_in_a_private_chat_is_a_question(world):
    """The answer quotes, says who wrote it, to whom, where and when, and how fresh the archive is."""
    await world.start()
    answer = await world.ask("How do I pollinate?")
    assert world.archive.asked[0].text == "How do I pollinate?"
    assert "Use a toothbrush." in answer.text
    assert "芋头不甜, replying to 十七楼的风 · Tomatoes on a balcony · 2025-06-18" in answer.text
    assert "balcony.md:133-139 · comment00001" in answer.text
    assert "newest thread is from 2025-06-18" in answer.text
    assert "2025-09-03 06:00 UTC" in answer.text


async def test_a_group_is_answered_only_when_it_addresses_the_bot(world):
    """Talk is left alone; a mention asks, and the answer is a reply."""
    await world.start()
    await world.api.say("nobody asks you", chat=GROUP)
    answer = await world.ask("@thread_bot how do I pollinate?", chat=GROUP)
    assert [asked.text for asked in world.archive.asked] == ["how do I pollinate?"]
    assert answer["reply_parameters"]["message_id"]
