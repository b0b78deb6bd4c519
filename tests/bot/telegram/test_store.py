import stat
from dataclasses import replace

import pytest

from bot.telegram import pages
from bot.telegram.pages import Page
from bot.telegram.store import Choices, Pending, Store
from tests.fakes import excerpt

PAGE = Page("p1", -5, 2, "why?", "en", items=(pages.item(excerpt()),), created=100.0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bot.sqlite"


@pytest.fixture
def store(path):
    with Store(path) as made:
        yield made


def test_everything_is_there_after_a_restart(path):
    """Settings, decisions, pages, ratings and what was not answered."""
    with Store(path) as store:
        store.choose(-5, Choices("zh", 8, 150, "t"))
        store.decide(9, allowed=False)
        store.keep(PAGE)
        store.show(-5, 77, "p1", 0)
        store.rate(PAGE, 3, good=True, at=1.0)
        store.begin(Pending(-5, 66, 4, "en"))
    with Store(path) as store:
        assert store.choices(-5) == Choices("zh", 8, 150, "t")
        assert store.decisions() == {9: False}
        assert store.shown(-5, 77) == (PAGE, 0)
        assert [rating.comments for rating in store.ratings()] == [("comment00001",)]
        assert store.unanswered() == [Pending(-5, 66, 4, "en")]


def test_only_its_owner_may_read_the_file(path, store):
    """Questions are in it."""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_chat_that_chose_nothing_has_the_settings(store):
    """Nothing is written before somebody chooses."""
    assert store.choices(1) == Choices()


def test_a_group_that_becomes_a_supergroup_keeps_everything(store):
    """Telegram may say it twice; nothing newer is overwritten."""
    store.choose(-5, Choices("zh"))
    store.decide(-5, allowed=True)
    store.keep(PAGE)
    store.show(-5, 77, "p1", 0)
    store.speaks(-5, 78, "t", 100.0)
    for _ in range(2):
        store.migrate(-5, -1005)
    assert store.choices(-1005) == Choices("zh")
    assert store.decisions() == {-1005: True}
    assert store.shown(-1005, 77)[0].chat == -1005
    assert store.thread_of(-1005, 78) == "t"
    store.choose(-5, Choices("en"))
    store.migrate(-5, -1005)
    assert store.choices(-1005) == Choices("zh")


def test_a_chat_that_is_gone_is_forgotten(store):
    """Nothing of it stays but an administrator's decision."""
    store.choose(-5, Choices("zh"))
    store.keep(PAGE)
    store.show(-5, 77, "p1", 0)
    store.speaks(-5, 78, "t", 100.0)
    store.forget_chat(-5)
    assert store.thread_of(-5, 78) is None
    assert store.choices(-5) == Choices()
    assert store.page("p1") is None


def test_the_last_rating_of_a_user_counts(store):
    """Somebody may change their mind."""
    store.rate(PAGE, 3, good=True, at=1.0)
    store.rate(PAGE, 3, good=False, at=2.0)
    store.rate(PAGE, 4, good=True, at=3.0)
    assert [rating.good for rating in store.ratings()] == [False, True]


def test_forgetting_a_user_removes_ratings_and_questions_of_theirs_only(store):
    """It says how many."""
    store.keep(PAGE)
    store.keep(replace(PAGE, id="p2", user=3))
    store.rate(PAGE, 2, good=True, at=1.0)
    store.rate(PAGE, 3, good=True, at=1.0)
    store.speaks(2, 78, "t", 100.0)
    store.speaks(3, 78, "t", 100.0)
    assert store.forget_user(2) == (1, 1)
    assert (store.thread_of(2, 78), store.thread_of(3, 78)) == (None, "t")
    assert store.page("p1") is None
    assert store.page("p2") is not None
    assert len(list(store.ratings())) == 1


def test_pages_and_feedback_expire(store):
    """Each after its own time."""
    store.keep(PAGE)
    store.show(-5, 77, "p1", 0)
    store.rate(PAGE, 2, good=True, at=100.0)
    store.speaks(-5, 78, "t", 100.0)
    store.expire(150.0, pages_kept=60.0, feedback_kept=60.0)
    assert store.page("p1") is not None
    assert store.thread_of(-5, 78) == "t"
    store.expire(170.0, pages_kept=60.0, feedback_kept=80.0)
    assert store.page("p1") is None
    assert store.shown(-5, 77) is None
    assert store.thread_of(-5, 78) is None
    assert len(list(store.ratings())) == 1
    store.expire(190.0, pages_kept=60.0, feedback_kept=80.0)
    assert not list(store.ratings())


def test_an_update_is_taken_once(path):
    """Also where the second delivery comes after a restart."""
    with Store(path) as store:
        assert store.take(5, 0.0)
    with Store(path) as store:
        assert not store.take(5, 1.0)
        assert store.take(6, 1.0)


def test_the_last_page_of_a_topic_is_not_the_chats(store):
    """Pages of a version that knew no topics count as shown outside of any."""
    store.keep(PAGE)
    store.keep(replace(PAGE, id="p2", topic=40, created=200.0))
    assert store.latest(-5, 40).id == "p2"
    assert store.latest(-5, None).id == "p1"
    assert store.latest(-5, 41) is None


def test_a_reply_is_about_the_thread_its_message_shows(store):
    """That of the chosen excerpt; of a refusal, the thread that was asked within."""
    store.keep(PAGE)
    store.keep(replace(PAGE, id="p2", answered=False, thread="asked"))
    store.show(-5, 77, "p1", 0)
    store.show(-5, 78, "p2", 0)
    assert store.thread_of(-5, 77) == "thread000001"
    assert store.thread_of(-5, 78) == "asked"
    assert store.thread_of(-5, 79) is None
