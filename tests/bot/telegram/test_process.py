"""The command as a process: how it ends, and what it says when it does."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.bot.telegram import double
from tests.bot.telegram.double import TOKEN

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
    """Start the command against a double."""
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
