"""Pure: links to one comment, which open a chat with the bot and show it there."""

from __future__ import annotations

import re
from urllib.parse import quote

from telegram.helpers import create_deep_linked_url

#: What stands before a comment's id in a link such as https://t.me/a_bot?start=e_k3f9q2m7xd4a.
_EXCERPT = "e_"
_SHARING = "https://t.me/share/url?url="
#: What an id looks like; `/start` also comes with words that other links carry.
_ID = re.compile("[a-z0-9]{12}")


def excerpt(bot: str, comment: str) -> str:
    """Return the link to a comment."""
    return create_deep_linked_url(bot, _EXCERPT + comment)


def share(bot: str, comment: str) -> str:
    """Return an address that lets somebody choose a chat to send a comment's link to."""
    return _SHARING + quote(excerpt(bot, comment), safe="")


def comment(payload: str) -> str | None:
    """Return the comment that `/start` names, by link or by its bare id; None where it names none."""
    if payload.startswith(_EXCERPT):
        return payload.removeprefix(_EXCERPT)
    return payload if _ID.fullmatch(payload) else None
