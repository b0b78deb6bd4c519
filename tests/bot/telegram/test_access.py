import pytest

from bot.telegram.access import Access, Standing

STRANGER, MEMBER, ADMIN = Standing


@pytest.mark.parametrize(
    ("allowed", "decided", "user", "chat", "standing"),
    [
        ("", {}, 1, 1, STRANGER),
        ("", {}, 7, -5, ADMIN),
        ("1", {}, 1, 1, MEMBER),
        ("1", {}, 1, -5, MEMBER),
        (" 1 , -5 ", {}, 2, -5, MEMBER),
        ("-5", {}, 2, 2, STRANGER),
        ("-5", {}, 2, None, STRANGER),
        ("*", {}, 2, None, MEMBER),
        ("", {2: True}, 2, 2, MEMBER),
        ("", {-5: True}, 2, -5, MEMBER),
        ("*", {2: False}, 2, -5, STRANGER),
        ("1", {-5: False}, 1, -5, STRANGER),
        ("", {-5: True, 2: False}, 2, -5, STRANGER),
        ("", {7: False}, 7, 7, ADMIN),
    ],
)
def test_who_may_ask(allowed, decided, user, chat, standing):
    """Users, chats, anyone; decisions go before the settings, refusals before all but administrators."""
    assert Access.of(allowed, "7", decided).standing(user, chat) == standing
