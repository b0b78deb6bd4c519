"""The three standard streams, made safe for any bytes; every command gets them as an argument."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Streams:
    """Where a command reads and writes."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO

    @classmethod
    def of_process(cls) -> Streams:
        """Return the process's own streams, set so that no character makes writing fail."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
                if not stream.isatty():
                    stream.reconfigure(encoding="utf-8")
        return cls(_or_null(sys.stdin, "r"), _or_null(sys.stdout, "w"), _or_null(sys.stderr, "w"))

    @property
    def draws(self) -> bool:
        """Tell whether standard output is a terminal that understands colours and panels."""
        return self.stdout.isatty() and os.environ.get("TERM") != "dumb"

    @property
    def converses(self) -> bool:
        """Tell whether a person sits at both ends, so that a prompt makes sense."""
        return self.stdin.isatty() and self.draws

    def say(self, text: str) -> None:
        """Write a text and a line end to standard output at once."""
        self.stdout.write(text + "\n")
        self.stdout.flush()

    def complain(self, sentence: str) -> None:
        """Write one sentence to standard error."""
        self.stderr.write(sentence + "\n")
        self.stderr.flush()

    def lines(self) -> Iterator[str]:
        r"""Yield the lines of standard input as they come, without their ends.

        Bytes that are not UTF-8 become lone surrogates, as they do in `sys.argv`. Only `\n` ends a line.
        """
        first = True
        while raw := self.stdin.buffer.readline():
            text = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
            yield text.removeprefix("\ufeff") if first else text
            first = False


def _or_null(stream: TextIO | None, mode: Literal["r", "w"]) -> TextIO:
    """Return the stream, or an empty one where the process was started without it."""
    return stream if stream is not None else Path(os.devnull).open(mode, encoding="utf-8")
