"""Which lines stand in fenced code, where a header is not a header.

    ```            opens: three or more backticks or tildes, then perhaps a word
    code
    ```            closes: the same sign, as many or more, nothing else

A fence that is never closed hides nothing here: one careless commenter must not swallow all who follow.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

_FENCE = re.compile(r" {0,3}(?P<run>`{3,}(?=[^`]*$)|~{3,})(?P<word>.*)$")


class _Fence(NamedTuple):
    line: int
    sign: str
    length: int
    may_close: bool


def inside_fences(
    lines: Sequence[str], is_closed: Callable[[int, int], bool] = lambda first, last: True
) -> Container[int]:
    """Return the indexes of the lines from an opening fence to its closing one.

    :param is_closed: Decides for a pair of fences (their lines) whether they belong together.
    """
    inside: set[int] = set()
    for first, last in _pairs(list(_fences(lines)), is_closed):
        inside.update(range(first, last + 1))
    return inside


def inside_fences_between(lines: Sequence[str], headers: Sequence[int]) -> Container[int]:
    """Return the indexes of fenced lines where the lines `headers` may be code or start a comment.

    A header between two fences is code if the closing fence has no partner of its own in the part that
    the header would start; otherwise the first fence was left open, and the header is one.
    """
    fences = [fence.line for fence in _fences(lines)]

    def is_closed(first: int, last: int) -> bool:
        after = bisect_left(headers, last)
        if after == bisect_left(headers, first):
            return True
        end = headers[after] if after < len(headers) else len(lines)
        count = bisect_left(fences, end) - bisect_left(fences, headers[after - 1])
        return count % 2 == 1

    return inside_fences(lines, is_closed)


def _fences(lines: Sequence[str]) -> Iterator[_Fence]:
    for index, line in enumerate(lines):
        if "```" not in line and "~~~" not in line:
            continue
        found = _FENCE.match(line)
        if found:
            run = found["run"]
            yield _Fence(index, run[0], len(run), not found["word"].strip())


def _pairs(fences: list[_Fence], is_closed: Callable[[int, int], bool]) -> Iterator[tuple[int, int]]:
    #: For each sign, the shortest run that found no partner: no later one of that length will.
    hopeless = {"`": 1 << 62, "~": 1 << 62}
    index = 0
    while index < len(fences):
        fence = fences[index]
        index += 1
        if fence.length >= hopeless[fence.sign]:
            continue
        partner = next((i for i in range(index, len(fences)) if _closes(fences[i], fence)), None)
        if partner is None:
            hopeless[fence.sign] = fence.length
        elif is_closed(fence.line, fences[partner].line):
            yield fence.line, fences[partner].line
            index = partner + 1


def _closes(fence: _Fence, opening: _Fence) -> bool:
    return fence.may_close and fence.sign == opening.sign and fence.length >= opening.length
