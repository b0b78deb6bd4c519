from string import Formatter

import pytest

from bot import messages, reports
from bot.messages import STAGES, Message
from retrieval.text import language_of

ALL = {
    f"{module.__name__}.{name}": value
    for module in (messages, reports)
    for name, value in vars(module).items()
    if isinstance(value, Message)
}
ALL |= STAGES | {f"{one.en}": one for pair in reports.AGO.values() for one in pair}
#: Nothing but values.
BARE = {"bot.messages.MORE_HINT", "bot.reports.ONE_SKIPPED"}


def placeholders(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_message_exists_in_both_languages_with_the_same_placeholders(name):
    """No sentence is missing, empty, or in the other language, and none lacks a value the other shows."""
    message = ALL[name]
    assert placeholders(message.en) == placeholders(message.zh)
    assert message.en.strip()
    assert message.zh.strip()
    assert language_of(message.en) != "zh"


@pytest.mark.parametrize("name", sorted(set(ALL) - BARE))
def test_no_chinese_message_was_left_in_english(name):
    """A Chinese sentence holds Chinese, unless it is nothing but values."""
    assert any("\u4e00" <= character <= "\u9fff" for character in ALL[name].zh)


def test_a_message_is_said_in_the_language_asked_for():
    """Placeholders are filled in both."""
    message = Message(en="{n} found", zh="找到 {n} 条")
    assert (message("en", n=3), message("zh", n=3)) == ("3 found", "找到 3 条")
