from bot.telegram.limits import Limits, Window


def test_a_window_says_how_long_to_wait():
    """The oldest event has to leave first."""
    window = Window(2, 60)
    for moment in (0.0, 10.0):
        assert window.wait(moment) == 0
        window.count(moment)
    assert window.wait(30.0) == 30.0
    assert window.wait(60.0) == 0


def test_a_busy_chat_does_not_use_up_the_others():
    """Each has a window of its own."""
    limits = Limits(each=1, total=10, seconds=60)
    assert limits.take(1, 0.0) == 0
    assert limits.take(1, 1.0) == 59.0
    assert limits.take(2, 1.0) == 0


def test_all_chats_together_have_a_limit():
    """A refused question does not count."""
    limits = Limits(each=5, total=2, seconds=60)
    assert [limits.take(chat, 0.0) for chat in (1, 2, 3)] == [0, 0, 60.0]
    assert limits.take(3, 60.0) == 0


def test_idle_chats_are_not_remembered_for_ever():
    """A bot that runs for years must not grow."""
    limits = Limits(each=1, total=10_000, seconds=60)
    for chat in range(2_000):
        limits.take(chat, chat * 61.0)
    assert len(limits._windows) <= 1_001
