"""The bot over an index on a real Chroma server: others publish there, and it may go away."""

import pytest

from tests.bot.telegram.garden import QUESTION, planted
from tests.bot.telegram.world import ADMIN
from tests.servers import ChromaRun

AWAY = "The archive cannot be reached just now"


def edited(garden):
    """Change a word of a thread that an answer to QUESTION quotes."""
    path = garden.threads / "balcony-tomatoes.md"
    text = path.read_text(encoding="utf-8")
    assert "electric toothbrush" in text
    path.write_text(text.replace("electric toothbrush", "electric paintbrush"), encoding="utf-8")


async def test_what_another_machine_publishes_is_there_with_the_next_question(chroma_run, tmp_path):
    """The bot is not told of it, and its own machine reads no thread."""
    address = chroma_run.address()
    async with planted(tmp_path, chroma_run.home(tmp_path / "bot", address)) as garden:
        await garden.start()
        assert "electric toothbrush" in (await garden.ask(QUESTION)).text
        edited(garden)
        assert garden.ingest(chroma_run.home(tmp_path / "elsewhere", address)).generation == 2
        answer = (await garden.ask(QUESTION)).text
        assert ("electric toothbrush" in answer, "electric paintbrush" in answer) == (False, True)
        await garden.ask("/status", user=ADMIN)
        assert "generation 2" in garden.api.of("sendMessage")[-1].text


@pytest.mark.slow
async def test_while_the_server_is_away_everything_says_so(tmp_path, caplog):
    """In one sentence, without the server's address, which the log has; then all is as before."""
    server = ChromaRun(tmp_path / "server")
    async with planted(tmp_path, server.home(tmp_path / "data", server.address())) as garden:
        await garden.start()
        before = await garden.ask(QUESTION)
        server.stop()
        for text in (QUESTION, "/threads", "/status", "/more", "/start e_comment00001"):
            said = (await garden.ask(text)).text
            assert AWAY in said, text
            assert server.url not in said
        for label in ("Whole comment", "Reply chain", "More like this", "Next page ▸", "中文"):
            assert AWAY in (await garden.press(before, label) or ""), label
        await garden.api.type_inline("balcony tomatoes")
        assert AWAY in (await garden.api.until("answerInlineQuery"))["button"]["text"]
        assert server.url in caplog.text
        server.start()
        assert (await garden.ask(QUESTION)).text == before.text
        await garden.press(before, "Whole comment", messages=1)
        edited(garden)
        garden.ingest()
        assert "electric paintbrush" in (await garden.ask(QUESTION)).text
    server.stop()
