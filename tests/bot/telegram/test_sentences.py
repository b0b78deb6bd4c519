from string import Formatter

import pytest

from bot.messages import Message
from bot.telegram import menus, messages

ALL = {name: value for name, value in vars(messages).items() if isinstance(value, Message)}


def placeholders(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_sentence_exists_in_both_languages_with_the_same_values(name):
    """A missing value would break the answer of one half of the users."""
    message = ALL[name]
    assert placeholders(message.en) == placeholders(message.zh)
    assert "language" not in placeholders(message.en)


@pytest.mark.parametrize("name", sorted(set(ALL) - {"IN_ENGLISH"}))
def test_no_chinese_sentence_was_left_in_english(name):
    """Only the name of a language is written in that language."""
    assert any("\u4e00" <= character <= "\u9fff" for character in ALL[name].zh)


def test_menus_fit_telegrams_limits():
    """Names of 1 to 32 small letters, descriptions of 1 to 256 characters."""
    for command in menus.COMMANDS:
        assert command.name.isascii()
        assert command.name.islower()
        assert 3 <= len(command.summary.en) <= 256
        assert 1 <= len(command.summary.zh) <= 256
