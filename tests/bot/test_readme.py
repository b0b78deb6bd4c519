"""What the README tells people to type is understood: commands, schedules, settings."""

import re
import shlex
from datetime import UTC
from pathlib import Path

import pytest

from bot import cli
from bot.settings import PREFIX, Settings
from ingest.schedule import cron

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
#: A command line, however the program is called: alone, behind settings, by its path, in a crontab or unit.
COMMAND = re.compile(r"^(?:[A-Z_]+=\S+ )*(?:\S.*/)?threadbot ([a-z].*)$")


def commands():
    """Yield what follows `threadbot` on each line of the README's code."""
    inside = False
    for line in map(str.strip, README.splitlines()):
        if line.startswith("```"):
            inside = not inside
        elif inside:
            found = map(COMMAND.match, line.split(" && "))
            yield from (one[1].replace("$SLURM_ARRAY_TASK_ID", "1") for one in found if one)


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_commands_are_understood(line):
    """Every option exists, and every value is one; a crontab's expression is one as well."""
    words = shlex.split(line, comments=True)
    arguments = cli.parse(words)
    assert arguments.command == words[0]
    if expression := getattr(arguments, "cron", None):
        assert cron(expression, UTC)


def test_the_crontab_has_a_schedule():
    """Five fields, as this program's own schedules have them."""
    (line,) = re.findall(r"^ *(\S+ \S+ \S+ \S+ \S+)  threadbot /", README, flags=re.MULTILINE)
    assert cron(line, UTC)


def test_settings_exist():
    """Whatever is named like a setting is one, in whatever part of the README."""
    named = set(re.findall(rf"{PREFIX}([A-Z_]{{2,}})\b", README))
    assert len(named) > 20
    assert {name.lower() for name in named} <= Settings.model_fields.keys()
