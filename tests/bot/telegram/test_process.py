"""The command as a process: how it ends, and what it says when it does."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from bot.__main__ import main
from bot.settings import Settings
from bot.telegram.configured import hook
from tests.bot.telegram import double
from tests.bot.telegram.double import TOKEN
from tests.fakes import streams, written

ROOT = Path(__file__).parents[3]
#: The command with an archive that needs no model.
SCRIPT = """
import sys
from bot.__main__ import main
from bot.parts import Parts
from tests.fakes import FakeArchive
sys.exit(main(["telegram"], parts=Parts(open_archive=lambda settings: FakeArchive())))
"""


async def started(api, **environment):
    """Start the command against a double; other settings by their names."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SCRIPT,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "THREADBOT_TELEGRAM_API": api.url, "THREADBOT_ALLOWED": "1"}
        | {"THREADBOT_TELEGRAM_TOKEN": TOKEN}
        | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ended(process):
    """Wait for its end; return its exit code and what it wrote."""
    out, complaints = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, out.decode(), complaints.decode()


@pytest.fixture
async def api():
    made = double.Double()
    await made.start()
    yield made
    await made.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_bot_after_the_answer_and_with_0(api, number):
    """A service manager is content, and no traceback scares anybody."""
    process = await started(api)
    await api.say("why?")
    answer = await api.until("sendMessage")
    process.send_signal(number)
    code, out, complaints = await ended(process)
    assert (code, out) == (0, "")
    assert "toothbrush" in answer.text
    assert "Traceback" not in complaints
    assert TOKEN.partition(":")[2] not in complaints
    assert "why?" not in complaints
    assert "Answering as @thread_bot." in complaints


async def test_a_second_poller_ends_with_a_sentence_and_not_with_0(api):
    """It names what to do."""
    api.fail("getUpdates", double.CONFLICT)
    code, _, complaints = await ended(await started(api))
    assert code == 1
    assert complaints.splitlines()[-1].startswith("Another program is fetching this bot's updates; stop it")
    assert "Traceback" not in complaints


async def test_a_rejected_token_is_a_matter_of_configuration(api):
    """Exit code 5, and the token is not in the sentence."""
    api.fail("getMe", double.UNAUTHORIZED)
    code, _, complaints = await ended(await started(api))
    assert code == 5
    assert complaints.count("\n") == 1
    assert TOKEN.partition(":")[2] not in complaints


async def test_without_a_token_nothing_is_tried(api):
    """The sentence says where to get one."""
    code, _, complaints = await ended(await started(api, THREADBOT_TELEGRAM_TOKEN=""))
    assert code == 5
    assert "@BotFather" in complaints
    assert api.calls == []


async def test_wrong_lists_of_ids_are_refused_before_anybody_is_let_in(api):
    """A slip must not open the bot."""
    code, _, complaints = await ended(await started(api, THREADBOT_ADMINS="*"))
    assert code == 5
    assert "THREADBOT_ADMINS" in complaints


async def line_with(process, words):
    """Read the log up to a line with these words; return it and all before."""
    read = []
    async with asyncio.timeout(30):
        while line := (await process.stderr.readline()).decode():
            read.append(line)
            if words in line:
                return line, "".join(read)
    raise AssertionError("".join(read))


def title_of(process):
    """Return what others see of a process."""
    if sys.platform != "linux":
        return ""
    return "".join(Path(f"/proc/{process.pid}/{name}").read_text("utf-8") for name in ("cmdline", "comm"))


async def test_by_webhook_the_service_runs_beside_and_nothing_secret_shows(api):
    """One process, one port: updates come in, answers go out, metrics are read, a signal ends it with 0."""
    secret, token = "hook-secret_1", "api-token-1"
    process = await started(
        api,
        THREADBOT_WEBHOOK_URL="https://bot.example",
        THREADBOT_WEBHOOK_SECRET=secret,
        THREADBOT_HTTP_TOKEN=token,
        THREADBOT_HTTP_PORT="0",
    )
    line, log = await line_with(process, "Listening on ")
    address = line.split()[-1]
    await api.until("setWebhook")
    assert api.webhook["url"] == "https://bot.example/telegram"
    api.leads_to = f"{address}/telegram"
    await api.say("why?")
    assert "toothbrush" in (await api.until("sendMessage")).text
    async with aiohttp.ClientSession(address) as client:
        async with client.get("/metrics") as answer:
            metrics = await answer.text()
        async with client.post("/api/ask", json={"question": "how?"}) as answer:
            assert answer.status == 401
        async with client.post(
            "/api/ask", json={"question": "how?"}, headers={"Authorization": f"Bearer {token}"}
        ) as answer:
            assert answer.status == 200
    assert 'threadbot_questions_total{front="telegram",language="en",outcome="answered"} 1.0' in metrics
    title = title_of(process)
    process.send_signal(signal.SIGTERM)
    code, _, rest = await ended(process)
    assert code == 0
    shown = log + rest + metrics + title
    for hidden in (secret, token, TOKEN.partition(":")[2], "why?", "how?"):
        assert hidden not in shown
    requests = [json.loads(each) for each in (log + rest).splitlines() if each.startswith("{")]
    assert {"/telegram", "/metrics", "/api/ask"} <= {each["route"] for each in requests}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"URL": "https://bot.example"}, "THREADBOT_WEBHOOK_SECRET"),
        ({"URL": "https://bot.example", "SECRET": "not allowed!"}, "THREADBOT_WEBHOOK_SECRET"),
        ({"URL": "https://bot.example", "SECRET": "zq" * 129}, "THREADBOT_WEBHOOK_SECRET"),
        ({"URL": "bot.example/telegram", "SECRET": "zqzqzq"}, "THREADBOT_WEBHOOK_URL"),
        ({"URL": "http://bot.example", "SECRET": "zqzqzq"}, "https://"),
    ],
)
def test_a_webhook_without_what_it_needs_is_one_sentence(monkeypatch, settings, said):
    """Exit code 5 before anything is tried, and no secret in the sentence."""
    monkeypatch.setenv("THREADBOT_TELEGRAM_TOKEN", TOKEN)
    for name, value in settings.items():
        monkeypatch.setenv(f"THREADBOT_WEBHOOK_{name}", value)
    shown = streams()
    assert main(["telegram"], shown) == 5
    complaint = written(shown.stderr)
    assert complaint.count("\n") == 1
    assert said in complaint
    assert "zqzq" not in complaint
    assert "not allowed" not in complaint


def test_the_address_of_a_webhook_may_name_its_path():
    """What stands before a proxy may be arranged in any way."""

    def url(given, **more):
        return hook(Settings(webhook_url=given, webhook_secret="s", **more)).url  # noqa: S106 - guards nothing

    assert url("https://bot.example/") == "https://bot.example/telegram"
    assert url("https://bot.example:8443/a/b") == "https://bot.example:8443/a/b"
    assert url("http://localhost:80", telegram_api="http://localhost:1") == "http://localhost:80/telegram"
    assert hook(Settings()) is None
