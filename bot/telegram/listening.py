"""Pure: which messages are meant for the bot, and what of them is the question."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heard:
    """What decides whether a message is a question to the bot."""

    text: str
    private: bool
    #: The parts of the text that mention the bot, e.g. "@thread_bot".
    mentions: tuple[str, ...] = ()
    #: Whether it answers a message of the bot's.
    replies_to_bot: bool = False
    #: Whether it was chosen from the bot's own inline results.
    via_bot: bool = False


def question_in(heard: Heard) -> str | None:
    """Return the question a message puts to the bot, None where it is not addressed.

    In a private chat everything is; in a group only a mention or a reply to the bot.
    """
    if heard.via_bot:
        return None
    if not (heard.private or heard.mentions or heard.replies_to_bot):
        return None
    text = heard.text
    for mention in heard.mentions:
        text = text.replace(mention, " ", 1)
    return " ".join(text.split()) if heard.mentions else text.strip()
