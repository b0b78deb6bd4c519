"""What several commands can be told, and what a value may look like; imports nothing but argparse."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, NoReturn

from retrieval.errors import UsageError

if TYPE_CHECKING:
    from ingest.shards import Shard

_COUNT_LIMIT = 50
_LAST_PORT = 65_535


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence that says where help is."""

    def error(self, message: str) -> NoReturn:
        """Raise the sentence instead of leaving; it may repeat an address, but no password in it."""
        message = re.sub(r"//\S*@", "//…@", message)
        raise UsageError(
            f"{message[:1].upper()}{message[1:]}; `{self.prog} --help` says what can be written."
        )


def progress(parser: Parser) -> None:
    """Add how progress is shown."""
    parser.add_argument(
        "--progress",
        choices=("bar", "json"),
        default="bar",
        help="how to show progress on standard error: bars on a terminal, or lines of JSON (default: bar)",
    )


def filters(parser: Parser) -> None:
    """Add what an answer may come from."""
    only = parser.add_argument_group("only comments")
    only.add_argument(
        "--thread", metavar="T", help="of this thread: its id, or part of its title or file name"
    )
    only.add_argument("--author", metavar="A", help="by this author")
    only.add_argument("--since", type=day, metavar="DAY", help="of threads from this day on (2025-09-02)")
    only.add_argument("--until", type=day, metavar="DAY", help="of threads up to this day")
    only.add_argument(
        "--kind", choices=("answer", "reply"), help="that answer the thread, or another comment"
    )


def address(parser: Parser) -> None:
    """Add where the HTTP service listens."""
    parser.add_argument("--host", metavar="ADDRESS", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=port, metavar="N", help="port to listen on, 0 for any (default: 8080)")


def count(text: str) -> int:
    """Read how many comments to give."""
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _COUNT_LIMIT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {_COUNT_LIMIT}")


def shard(text: str) -> Shard:
    """Read which part of how many."""
    from ingest.shards import Shard

    try:
        return Shard.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is none: {error}") from None


def port(text: str) -> int:
    """Read a port; 0 lets the system choose."""
    if text.isascii() and text.isdigit() and int(text[:9]) <= _LAST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to {_LAST_PORT}")


def duration(text: str) -> float:
    """Read a time such as 30m, in seconds."""
    from ingest.schedule import duration

    try:
        return duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time: {error}") from None


def day(text: str) -> str:
    """Read an ISO date."""
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2025-09-02") from None
