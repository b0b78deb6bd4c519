"""Rows of an SQLite database, many at a time."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

T = TypeVar("T")

#: How many values one statement names, under SQLite's smallest limit on variables (999).
BATCH = 900


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut items into parts of a size."""
    return (items[start : start + size] for start in range(0, len(items), size))


def put(connection: sqlite3.Connection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows, each with a value for every column, or replace those of the same key.

    One statement writes many: with one for each, every row would wait until other threads let go of the
    interpreter.
    """
    left = iter(rows)
    first = next(left, None)
    if first is None:
        return
    left = chain([first], left)
    row = f"({', '.join('?' * len(first))})"
    while part := list(islice(left, BATCH // len(first))):
        statement = f"INSERT OR REPLACE INTO {table} VALUES {', '.join([row] * len(part))}"  # noqa: S608 - a name of ours, and question marks
        connection.execute(statement, list(chain.from_iterable(part)))
