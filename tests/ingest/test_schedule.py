"""When runs are due; clocks are arguments, so nothing here waits."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import tzlocal
from hypothesis import given
from hypothesis import strategies as st

from ingest import last_runs
from ingest.schedule import Every, cron, due, duration, zone_of
from retrieval.errors import UsageError

BERLIN = ZoneInfo("Europe/Berlin")
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2025, 9, 2, 12, 0, tzinfo=UTC)


def times(plan, start, count):
    """Return the next times of a schedule as they read on its clocks."""
    found = []
    for _ in range(count):
        start = plan.after(start)
        found.append(start)
    return found


def test_an_interval_counts_from_the_beginning_of_the_last_run():
    """However long that took."""
    assert due(Every(3600), NOON, NOON + timedelta(minutes=5)) == NOON + timedelta(hours=1)


@given(st.integers(1, 10_000), st.integers(0, 10_000_000))
def test_what_was_missed_is_made_up_once(every, away):
    """However many times went by: one run now, and the next one as long after that as ever."""
    plan, now = Every(every), NOON + timedelta(seconds=away)
    first = due(plan, NOON, now)
    assert first == (now if away >= every else NOON + timedelta(seconds=every))
    assert due(plan, first, first) == first + timedelta(seconds=every)


def test_a_missed_time_of_cron_is_made_up_once():
    """And a time that was kept is not repeated."""
    plan = cron("0 3 * * *", SHANGHAI)
    last = datetime(2025, 9, 2, 3, 0, 0, 5, tzinfo=SHANGHAI)
    assert due(plan, last, last + timedelta(hours=5)) == datetime(2025, 9, 3, 3, 0, tzinfo=SHANGHAI)
    back = last + timedelta(days=3, hours=2)
    assert due(plan, last, back) == back
    assert due(plan, back, back) == datetime(2025, 9, 6, 3, 0, tzinfo=SHANGHAI)


def test_cron_is_read_in_its_time_zone():
    """Three in the morning is three in the morning there."""
    assert cron("0 3 * * *", SHANGHAI).after(NOON).astimezone(UTC).hour == 19
    assert cron("0 3 * * MON-FRI", BERLIN).after(NOON).astimezone(UTC).hour == 1


def test_where_clocks_go_forward_nothing_is_lost_and_where_they_go_back_nothing_is_done_twice():
    """As Debian's cron has it: a time that does not exist is made up after the gap."""
    daily = cron("30 2 * * *", BERLIN)
    spring = times(daily, datetime(2025, 3, 29, 12, tzinfo=BERLIN), 2)
    assert [moment.isoformat() for moment in spring] == [
        "2025-03-30T03:00:00+02:00",
        "2025-03-31T02:30:00+02:00",
    ]
    autumn = times(daily, datetime(2025, 10, 25, 12, tzinfo=BERLIN), 2)
    assert [moment.date().day for moment in autumn] == [26, 27]


@given(st.integers(-200_000_000, 200_000_000))
def test_the_next_time_is_always_later(seconds):
    """In every zone, on every day; so a schedule never stands still."""
    moment = NOON + timedelta(seconds=seconds)
    for plan in (Every(1), cron("*/7 2,3 * * *", BERLIN), cron("30 2 29 2 *", BERLIN)):
        assert plan.after(moment) > moment


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("61 * * * *", "bad minute"),
        ("* * * *", "five fields"),
        ("* * * * * *", "five fields"),
        ("@daily", "five fields"),
        ("0 0 31 2 *", "bad day-of-month"),
        ("", "five fields"),
    ],
)
def test_what_is_no_cron_expression(expression, reason):
    """One sentence in each language, with an example."""
    with pytest.raises(UsageError, match=reason) as caught:
        cron(expression, UTC)
    assert "17 */6 * * *" in caught.value.sentence("zh")


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("10m", 600), ("6h", 21_600), (" 1D ", 86_400)])
def test_durations(text, seconds):
    """A number and a unit."""
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "6", "h", "0h", "-1h", "1.5h", "6 h", "²h", "1w"])
def test_what_is_no_duration(text):
    """It is said how one is written."""
    with pytest.raises(ValueError, match="30s, 10m, 6h or 1d"):
        duration(text)


def test_time_zones(monkeypatch):
    """By name, else the system's."""
    assert zone_of("Asia/Shanghai") == SHANGHAI
    for name in ("Mars/Olympus", "../etc/passwd", "Asia"):
        with pytest.raises(ValueError, match="Asia/Shanghai"):
            zone_of(name)
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Berlin")
        tzlocal.reload_localzone()
        assert NOON.astimezone(zone_of("")).hour == 14
    tzlocal.reload_localzone()


def test_last_runs(tmp_path):
    """The oldest of several sources counts; where one was never ingested, none does."""
    later = NOON + timedelta(days=1)
    last_runs.remember(tmp_path, ["/a", "https://example.org/b"], NOON)
    last_runs.remember(tmp_path, ["/a"], later)
    assert last_runs.recall(tmp_path, ["/a"]) == later
    assert last_runs.recall(tmp_path, ["/a", "https://example.org/b"]) == NOON
    assert last_runs.recall(tmp_path, ["/a", "/c"]) is last_runs.recall(tmp_path, []) is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"/a": 1}', '{"/a": "soon"}', '{"/a": "2025-01-01T00:00:00"}']
)
def test_a_damaged_note_of_last_runs_is_none(tmp_path, text):
    """The next run is then due at once."""
    (tmp_path / "ingest.last").write_text(text)
    assert last_runs.recall(tmp_path, ["/a"]) is None


def test_a_note_that_cannot_be_written_is_no_error(tmp_path):
    """The run was a success all the same."""
    last_runs.remember(tmp_path / "nowhere", ["/a"], NOON)
