import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.telegram import reingest
from bot.telegram.reingest import Outcome, Reingest, Step
from bot.telegram.store import Store
from ingest import last_runs
from ingest.schedule import cron
from retrieval import generations
from tests.bot.telegram.world import ADMIN
from tests.fakes import MANIFEST, SUMMARY

SUMMARY_JSON = json.dumps(SUMMARY.to_json())


def publish(data_dir, *numbers):
    """Write generations that are nothing but manifests, and publish the last."""
    from dataclasses import replace

    for number in numbers:
        generations.folder_of(data_dir, number).mkdir(parents=True)
        before = generations.current(data_dir)
        made = replace(MANIFEST, generation=number, previous=before)
        generations.write_manifest(data_dir, made)
        generations.publish(data_dir, number)


@pytest.mark.parametrize("command", ["/reingest", "/rollback", "/allow 5", "/deny 5"])
async def test_only_administrators_may_do_what_they_may(world, command):
    """Everybody else is told so."""
    await world.start()
    assert "Only the bot's administrators" in (await world.ask(command)).text
    assert world.ingests == []


async def test_reingest_shows_its_progress_in_one_message_and_ends_with_a_summary(world):
    """What is new, changed and removed, and what was skipped and why; the sources are those of the index."""
    publish(world.data_dir, 12)
    lines = ['{"stage": "read", "done": 9, "total": 9}', '{"stage": "embed", "done": 120, "total": 340}']
    world.outcome = (0, SUMMARY_JSON, [*lines, "skipped broken.md: line 3: unclosed front matter"])
    world.ingesting.clear()
    await world.start()
    shown = await world.ask("/reingest", user=ADMIN)
    assert shown.text == "Re-ingesting…"
    await world.said.wait()
    await world.time.until_waiting(5.0)
    await world.time.advance(5.0)
    assert (await world.api.until("editMessageText")).text == "Embedding passages… 35 % (5 s)"
    assert "running already" in (await world.ask("/reingest", user=ADMIN)).text
    world.ingesting.set()
    last = await world.api.until("editMessageText", 2)
    assert last.text == ("+34 ~1 −3, generation 1, 2.5 s, skipped: broken.md: line 3: unclosed front matter")
    assert last["message_id"] == shown.message
    assert "Roll back" in last.buttons
    assert world.ingests == [
        ["ingest", "--json", "--progress", "json", "--data", str(world.data_dir), "/threads"]
    ]
    assert "Last re-ingest: +34" in (await world.ask("/status")).text


async def test_a_reingest_that_fails_says_why(world):
    """The command's own sentence."""
    publish(world.data_dir, 12)
    world.outcome = (1, "", ["skipped a\n", "Nothing could be read from /threads.\n"])
    await world.start()
    await world.ask("/reingest", user=ADMIN)
    assert (await world.api.until("editMessageText")).text == (
        "The re-ingest failed: Nothing could be read from /threads."
    )


async def test_the_bot_reingests_on_its_own_as_often_as_it_is_told(world):
    """By the same command; nobody has to ask."""
    publish(world.data_dir, 12)
    world.outcome = (0, SUMMARY_JSON, [])
    await world.start(reingest_every="6h")
    for times in (1, 2):
        await world.time.until_waiting(6 * 3600.0)
        await world.time.advance(6 * 3600.0)
        async with asyncio.timeout(10):
            while len(world.ingests) < times:
                await world.settled()


async def test_the_bot_reingests_by_cron_in_the_time_zone_of_the_settings(world):
    """A time that was missed while it was away is made up once, at the start."""
    publish(world.data_dir, 12)
    world.outcome = (0, SUMMARY_JSON, [])
    now = datetime.fromtimestamp(world.time.now, UTC)
    last_runs.remember(world.data_dir, ["/threads"], now - timedelta(days=3))
    await world.start(reingest_cron="30 4 * * *", timezone="Asia/Shanghai")
    async with asyncio.timeout(10):
        while not world.ingests:
            await world.settled()
    wait = cron("30 4 * * *", ZoneInfo("Asia/Shanghai")).after(now) - now
    await world.time.until_waiting(wait.total_seconds())
    assert len(world.ingests) == 1
    await world.time.advance(wait.total_seconds())
    async with asyncio.timeout(10):
        while len(world.ingests) < 2:
            await world.settled()
    assert "30 4 * * *" in (await world.ask("/status")).text


async def test_a_stop_ends_a_reingest(world):
    """The archive stays as it was, and the one who asked for it hears of it."""
    publish(world.data_dir, 12)
    world.ingesting.clear()
    await world.start()
    await world.ask("/reingest", user=ADMIN)
    await world.stop()
    assert "was stopped" in world.api.of("editMessageText")[-1].text


async def test_rollback_publishes_the_generation_before(world):
    """And says when there is none."""
    publish(world.data_dir, 11, 12)
    await world.start()
    assert (await world.ask("/rollback", user=ADMIN)).text == "Generation 11 answers again."
    assert generations.current(world.data_dir) == 11
    assert "nothing to go back to" in (await world.ask("/rollback", user=ADMIN)).text


async def test_rollback_waits_for_no_running_ingest(world):
    """It would be published over the next moment."""
    from filelock import FileLock

    publish(world.data_dir, 11, 12)
    await world.start()
    with FileLock(world.data_dir / "ingest.lock"):
        assert "Another ingest" in (await world.ask("/rollback", user=ADMIN)).text


async def test_allow_and_deny_are_kept(world):
    """After a restart too; a refusal goes before the settings, but not before being an administrator."""
    await world.start()
    assert "55 may ask now" in (await world.ask("/allow 55", user=ADMIN)).text
    assert "1 may not ask" in (await world.ask("/deny 1", user=ADMIN)).text
    assert "THREADBOT_ADMINS" in (await world.ask(f"/deny {ADMIN}", user=ADMIN)).text
    assert "/allow 123456789" in (await world.ask("/allow somebody", user=ADMIN)).text
    await world.stop()
    await world.start()
    assert "toothbrush" in (await world.ask(user=55)).text
    assert "Your id is 1" in (await world.ask(user=1)).text
    with Store(world.data_dir / "bot.sqlite") as store:
        assert store.decisions() == {55: True, 1: False}


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (Outcome(SUMMARY.to_json() | {"published": False, "skipped": []}), "Nothing changed; 2.5 s"),
        (Outcome(None, "no <b>way</b>\u202e"), "The re-ingest failed: no <b>way</b>"),
        (Outcome(None, stopped=True), "The re-ingest was stopped; the archive is as before."),
    ],
)
def test_how_a_reingest_ended_in_one_sentence(ended, said):
    """Names and reasons from outside disturb nothing."""
    assert reingest.described(ended, "en").text == said


def test_many_skipped_files_are_named_up_to_a_point():
    """A message has its limits."""
    skipped = [{"path": f"{number}.md", "reason": "empty"} for number in range(9)]
    text = reingest.described(Outcome(SUMMARY.to_json() | {"skipped": skipped}), "zh").text
    assert text.endswith("4.md: empty; 另有 4 个")


@pytest.mark.parametrize(
    ("ended", "reason"),
    [
        ((1, "", []), "it ended with exit code 1"),
        ((0, "no JSON", ["odd\n"]), "odd"),
        ((0, "[]", ["x\n", "y\n", "\n"]), "y"),
    ],
)
def test_a_command_that_says_nothing_useful_is_a_failure(ended, reason):
    """Whatever it left behind."""
    assert reingest.outcome(*ended) == Outcome(None, reason)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (None, "正在更新档案…… 7 秒"),
        (Step("model", 0, None), "加载模型……（7 秒）"),
        (Step("embed", 1, 3), "计算向量…… 33 %（7 秒）"),
        (Step("embed", 5, 3), "计算向量…… 100 %（7 秒）"),
        (Step("write", 0, 0), "写入索引……（7 秒）"),
        (Step("unheard of", 1, 2), "正在更新档案…… 7 秒"),
    ],
)
def test_how_far_a_reingest_has_come_is_said_by_its_stage(at, said):
    """A stage that knows its size has a share; one of another version is no stage at all."""
    assert reingest.progressed(at, 7, "zh") == said


@pytest.mark.parametrize(
    "line", ["", "skipped a", "3", "[]", '{"stage": "x"}', '{"stage": "x", "done": "y", "total": 1}']
)
def test_what_is_no_progress_is_a_complaint(line):
    """Both come on standard error."""
    assert reingest.step(line) is None
    assert reingest.step('{"stage": "read", "done": 1, "total": null}') == Step("read", 1, None)


async def test_a_child_is_heard_line_by_line(monkeypatch, tmp_path):
    """Before it has ended; a line that is too long is nobody's."""
    script = tmp_path / "python"
    script.write_text(
        "#!/bin/sh\necho one >&2; head -c 3000000 /dev/zero >&2; echo >&2; echo two >&2; echo out; exit 3\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    heard = []
    assert await reingest.child([], heard.append) == (3, "out\n")
    assert (heard[0], heard[-1]) == ("one\n", "two\n")


async def test_an_empty_archive_has_nothing_to_reingest(tmp_path):
    """It says what to run first."""
    ended = await Reingest(tmp_path).start()
    assert "threadbot ingest YOUR_FOLDER" in ended.reason


async def test_a_child_runs_the_command_line_without_the_secrets(monkeypatch):
    """Its environment can be read by others of the same user, and it has no use for them."""
    monkeypatch.setenv("THREADBOT_TELEGRAM_TOKEN", "999:secret")
    kept = reingest.without_secrets(
        {"THREADBOT_TELEGRAM_TOKEN": "x", "THREADBOT_WEBHOOK_SECRET": "y", "A": "b"}
    )
    assert kept == {"A": "b"}
    complaints = []
    code, out = await reingest.child(["--version"], complaints.append)
    assert (code, complaints) == (0, [])
    assert out.startswith("threadbot ")


async def test_a_cancelled_child_is_stopped(monkeypatch, tmp_path):
    """It would go on writing after the bot is gone."""
    script = tmp_path / "python"
    started = tmp_path / "started"
    script.write_text(f"#!/bin/sh\necho $$ > {started}.new; mv {started}.new {started}\nexec sleep 60\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    task = asyncio.create_task(reingest.child([], print))
    async with asyncio.timeout(10):
        while not started.exists():  # noqa: ASYNC110 - another process has no event of ours
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    import os

    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)
