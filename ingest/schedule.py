"""Pure: when the next run is due, by an interval or by a cron expression; time is an argument.

A schedule is asked with the beginning of the last run. What fell due meanwhile, while a run took long,
the machine slept or nothing was running, is made up by one run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol

from retrieval.errors import UsageError

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_FIELDS = 5


class Schedule(Protocol):
    """When runs are due."""

    def after(self, moment: datetime) -> datetime:
        """Return the first time that is due later than a moment; both know their time zone."""


@dataclass(frozen=True, slots=True)
class Every:
    """So long after the last run began."""

    seconds: float

    def after(self, moment: datetime) -> datetime:
        """See `Schedule.after`; in UTC, in which no hour is left out or comes twice."""
        return moment.astimezone(UTC) + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Cron:
    """As cron would, in a time zone; where clocks change, as Debian's cron does it (see cronsim)."""

    expression: str
    zone: tzinfo

    def after(self, moment: datetime) -> datetime:
        """See `Schedule.after`."""
        from cronsim import CronSim

        return next(CronSim(self.expression, moment.astimezone(self.zone)))


def cron(expression: str, zone: tzinfo) -> Cron:
    """Return the schedule of a cron expression of five fields.

    :raises UsageError: If it is none, or a time that never comes.
    """
    from cronsim import CronSimError

    schedule = Cron(" ".join(expression.split()), zone)
    reason = "it has five fields: minute, hour, day of month, month, day of week"
    if len(expression.split()) == _FIELDS:
        try:
            schedule.after(datetime(2025, 1, 1, tzinfo=zone))
        except CronSimError as error:
            reason = f"{str(error)[:1].lower()}{str(error)[1:]}"
        except StopIteration:
            reason = "it never comes"
        else:
            return schedule
    raise UsageError(
        f'{expression!r} is no cron expression ({reason}); write one like "17 */6 * * *".',
        f'{expression!r} 不是 cron 表达式（{reason}）；请写成类似 "17 */6 * * *" 的形式。',
    )


def due(schedule: Schedule, last: datetime, now: datetime) -> datetime:
    """Return when the next run is to begin, given when the last one did: now, if that time is past."""
    return max(schedule.after(last), now)


def duration(text: str) -> float:
    """Return the seconds of a duration such as `30s`, `10m`, `6h` or `1d`; raise ValueError if it is none."""
    number, unit = text.strip()[:-1], text.strip()[-1:].lower()
    if number.isascii() and number.isdigit() and int(number[:9]) and unit in _UNITS:
        return float(int(number[:9]) * _UNITS[unit])
    raise ValueError("a duration is written like 30s, 10m, 6h or 1d")


def zone_of(name: str) -> tzinfo:
    """Return the time zone of a name such as `Asia/Shanghai`, the system's where there is none.

    :raises ValueError: If no time zone is called so.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if name:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("a time zone is named like Asia/Shanghai or Europe/Berlin") from None
    from tzlocal import get_localzone

    try:
        return get_localzone()
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a system that contradicts itself
        return datetime.now().astimezone().tzinfo or UTC
