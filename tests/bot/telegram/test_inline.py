from tests.fakes import FakeArchive


async def test_inline_results_are_personal_and_come_in_pages(world):
    """A shared cache would show one person's results to another."""
    world.archive = FakeArchive(size=23)
    await world.start()
    await world.api.type_inline("pollinate")
    first = await world.api.until("answerInlineQuery")
    assert first["is_personal"] in {True, "true", "True"}
    assert len(first["results"]) == 10
    assert first["next_offset"] == "10"
    await world.api.type_inline("pollinate", offset="20", name="q2")
    last = await world.api.until("answerInlineQuery", 2)
    assert [result["id"] for result in last["results"]] == ["comment00021", "comment00022", "comment00023"]
    assert not last["next_offset"]


async def test_an_inline_result_is_the_excerpt_with_a_link_to_the_whole(world):
    """Quote, attribution, entities; the link opens the chat with the bot."""
    await world.start()
    await world.api.type_inline("pollinate")
    result = (await world.api.until("answerInlineQuery"))["results"][0]
    content = result["input_message_content"]
    assert "Use a toothbrush." in content["message_text"]
    assert content["entities"][0]["type"] == "expandable_blockquote"
    button = result["reply_markup"]["inline_keyboard"][0][0]
    assert button["url"] == "https://t.me/thread_bot?start=e_comment00001"


async def test_a_stranger_gets_no_inline_results(world):
    """Only a way to find out their id; being in an allowed group does not count, the chat is unknown."""
    await world.start()
    await world.api.type_inline("pollinate", user=55)
    answer = await world.api.until("answerInlineQuery")
    assert answer["results"] == []
    assert answer["button"]["start_parameter"] == "help"
    assert world.archive.asked == []


async def test_inline_says_when_there_is_nothing_to_show(world):
    """Nothing typed yet, no words, nothing relevant."""
    world.archive = FakeArchive(answered=False)
    await world.start()
    for number, (text, said) in enumerate(
        [("", "Type a question"), ("?!", "Type a question"), ("who won", "Nothing in the threads")], start=1
    ):
        await world.api.type_inline(text, name=f"q{number}")
        answer = await world.api.until("answerInlineQuery", number)
        assert answer["results"] == []
        assert said in answer["button"]["text"]


async def test_inline_typing_is_limited(world):
    """More often than anybody types."""
    await world.start(chat_limit=1)
    for number in range(1, 7):
        await world.api.type_inline("pollinate", name=f"q{number}")
        answer = await world.api.until("answerInlineQuery", number)
    assert "try again in 60 s" in answer["button"]["text"]


async def test_a_wild_offset_is_the_first_page(world):
    """Offsets come from outside."""
    await world.start()
    await world.api.type_inline("pollinate", offset="-9x")
    assert len((await world.api.until("answerInlineQuery"))["results"]) == 7
