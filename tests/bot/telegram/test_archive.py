"""The bot over a real archive: sample threads, real indexes, an embedder that needs no model."""

import re
import shutil

import pytest

from bot.telegram import reingest
from bot.telegram.reingest import Reingest
from bot.telegram.store import Store
from tests.bot.telegram.garden import QUESTION, SAMPLES, planted
from tests.ingest.bench import PLACES, home_at


@pytest.fixture(params=PLACES)
async def garden(request, tmp_path):
    """Give a world over the sample threads, whose index is on this machine or on a Chroma server."""
    async with planted(tmp_path, home_at(request, tmp_path / "data")) as made:
        yield made


def quoted_id(text):
    """Return the id of the first comment in an answer."""
    return re.search(r":\d+-\d+ · (\w+)", text)[1]


async def test_quotes_are_verbatim_and_chain_and_whole_comment_are_theirs(garden):
    """Every quoted block stands in the archive, character by character."""
    await garden.start()
    answer = await garden.ask(QUESTION)
    blocks = [each for each in answer["entities"] if each["type"] == "expandable_blockquote"]
    assert len(blocks) >= 3
    raw = answer.text.encode("utf-16-le")
    texts = [
        text
        for entry in garden.archive.manifest().threads
        for record in garden.archive._current().store.thread_records(entry.thread.id)
        for _, text in record.comment.text.items()
    ]
    for block in blocks:
        quote = raw[2 * block["offset"] : 2 * (block["offset"] + block["length"])].decode("utf-16-le")
        assert any(quote in text for text in texts)
    for label in ("Whole comment", "Reply chain", "More like this"):
        await garden.press(answer, label, messages=1)
        assert len(garden.api.of("sendMessage")[-1].text) > 40


async def test_buttons_work_after_a_reingest_and_a_removed_comment_says_so(garden):
    """The generation changed under the answer, and one of its comments is gone."""
    await garden.start()
    answer = await garden.ask(QUESTION)
    gone = quoted_id(answer.text)
    excerpt = garden.archive.show(gone, "en")
    path = garden.threads / excerpt.path
    lines = path.read_text(encoding="utf-8").split("\n")
    first, last = excerpt.comment.lines
    path.write_text("\n".join(lines[: first - 1] + lines[last:]), encoding="utf-8")
    assert garden.ingest().removed == 1
    other = next(label for label in answer.buttons if label in {"中文", "English"})
    await garden.press(answer, other)
    assert "1. This comment is not in the archive any more." in garden.api.of("editMessageText")[-1].text
    assert "not in the archive any more" in await garden.press(answer, "Whole comment")
    assert await garden.press(answer, "Next page ▸", messages=1) is None
    assert gone not in garden.api.of("sendMessage")[-1].text


async def test_nothing_a_commenter_wrote_is_in_the_bots_own_file(garden):
    """A comment that is taken down must not live on there."""
    await garden.start()
    answer = await garden.ask(QUESTION)
    await garden.press(answer, "👍")
    excerpt = garden.archive.show(quoted_id(answer.text), "en")
    await garden.stop()
    with Store(garden.data_dir / "bot.sqlite") as store:
        store._database.execute("VACUUM")
    kept = b"".join(path.read_bytes() for path in garden.data_dir.glob("bot.sqlite*"))
    assert not [language for language, text in excerpt.comment.text.items() if text[:20].encode() in kept]
    assert excerpt.comment.author.encode() not in kept


async def test_a_follow_up_comes_from_the_thread_of_the_answer(garden):
    """And a question about something else within it finds nothing else."""
    await garden.start()
    answer = await garden.ask(QUESTION)
    thread = garden.archive.show(quoted_id(answer.text), "en").thread
    following = await garden.ask("What about winter tyres on a bicycle?", reply_to=answer.message)
    assert f"Within: {thread.title.en}" in following.text


@pytest.mark.slow
async def test_a_reingest_is_the_command_line_in_a_process_of_its_own(tmp_path):
    """With the real model: the sources come from the index, the summary from the command."""
    threads = tmp_path / "threads"
    shutil.copytree(SAMPLES, threads)
    data = tmp_path / "data"
    complaints = []
    told = ["ingest", "--progress", "json", "--data", str(data), str(threads)]
    code, _ = await reingest.child(told, complaints.append)
    steps = [found.stage for line in complaints if (found := reingest.step(line))]
    assert {"read", "embed", "write"} <= set(steps)
    assert (code, len(steps)) == (0, len(complaints))
    path = threads / "balcony-tomatoes.md"
    text = path.read_text(encoding="utf-8")
    assert "electric toothbrush" in text
    path.write_text(text.replace("electric toothbrush", "electric paintbrush", 1), encoding="utf-8")
    (threads / "broken.md").write_text("no thread at all", encoding="utf-8")
    ended = await Reingest(data).start()
    assert ended.published
    said = reingest.described(ended, "en").text
    assert said.startswith("+0 ~1 −0, generation 2, ")
    assert "skipped: broken.md: " in said
