"""Where blocks are shown: drawn with rich on a terminal, as plain lines anywhere else."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from bot.render_terminal import Card, Style, plain
from bot.wrapping import breaks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, RenderableType
    from rich.text import Text

    from bot.render_terminal import Block, Line
    from bot.streams import Streams

#: How each style looks; none is said by colour alone.
_LOOKS = {
    Style.PLAIN: "",
    Style.MATCH: "bold",
    Style.AUTHOR: "cyan",
    Style.QUIET: "dim",
    Style.STRONG: "bold",
}

#: Cells that a panel's border and padding take.
_FRAME = 4


class Screen(Protocol):
    """What a command shows its results on."""

    def show(self, blocks: Iterable[Block]) -> None:
        """Show blocks one under the other."""

    def working(self, sentence: str) -> AbstractContextManager[object]:
        """Say that something takes a while, as long as it does."""


def for_streams(streams: Streams) -> Screen:
    """Choose the screen that suits standard output."""
    return RichScreen(streams) if streams.draws else PlainScreen(streams)


class PlainScreen:
    """Lines without escape sequences; the blocks of one answer are followed by an empty line."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def show(self, blocks: Iterable[Block]) -> None:
        """See `Screen.show`."""
        written = [plain(block) for block in blocks]
        if written:
            self._streams.say("\n".join(written) + "\n")

    def working(self, sentence: str) -> AbstractContextManager[object]:
        """Say nothing: the lines are read by a program."""
        del sentence
        return nullcontext()


class RichScreen:
    """Panels and a spinner."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    @cached_property
    def _console(self) -> Console:
        from rich.console import Console

        return Console(file=self._streams.stdout, markup=False, highlight=False, emoji=False)

    def show(self, blocks: Iterable[Block]) -> None:
        """See `Screen.show`."""
        for block in blocks:
            self._console.print(draw(block, self._console.width))

    def working(self, sentence: str) -> AbstractContextManager[object]:
        """Show a spinner beside the sentence."""
        return self._console.status(sentence)


def draw(block: Block, width: int) -> RenderableType:
    """Turn a block into something rich draws in so many cells; no text in it is read as markup."""
    from rich.panel import Panel
    from rich.text import Text

    if not isinstance(block, Card):
        lines = (_wrapped(Text(line), width) for line in block.text.split("\n"))
        return Text("\n", style=_LOOKS[block.style]).join(lines)
    lines = (_wrapped(_text(line), width - _FRAME) for line in _body(block))
    return Panel(Text("\n").join(lines), title=Text(block.label), title_align="left", border_style="dim")


def _body(card: Card) -> tuple[Line, ...]:
    return (*card.quote, (), *card.notes) if card.notes else card.quote


def _wrapped(line: Text, width: int) -> Text:
    """Break a line where a reader of either language expects it."""
    from rich.cells import get_character_cell_size
    from rich.text import Text

    parts = line.divide(breaks(line.plain, max(1, width), get_character_cell_size))
    for part in parts:
        part.rstrip()
    return Text("\n").join(parts)


def _text(line: Line) -> Text:
    from rich.text import Text

    return Text.assemble(*((piece.text, _LOOKS[piece.style]) for piece in line))
