"""The root of the command line: reads the arguments, runs one command, returns an exit code."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from bot import cli
from bot.parts import Parts
from bot.streams import Streams
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from retrieval.types import Language

_INTERRUPTED = 128 + signal.SIGINT
_TERMINATED = 128 + signal.SIGTERM


def main(
    argv: Sequence[str] | None = None, streams: Streams | None = None, parts: Parts | None = None
) -> int:
    """Run one command and return its exit code."""
    streams = streams or Streams.of_process()
    try:
        return _dispatch(cli.parse(argv), streams, parts or Parts())
    except RetrievalError as error:
        streams.complain(error.sentence(_language()))
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        return 0  # whoever read the output has seen enough
    except OSError as error:
        streams.complain(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))
        return RetrievalError.exit_code
    except SystemExit as leaving:  # from --help, --version and SIGTERM
        return leaving.code if isinstance(leaving.code, int) else 0


def _dispatch(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    command = import_module(f"bot.commands.{arguments.command}")
    code: int = command.run(arguments, streams, parts)
    return code


def _language() -> Language:
    """Choose the language of a sentence that may be about the settings themselves."""
    from bot.settings import interface_language

    chosen = os.environ.get("THREADBOT_LANGUAGE", "")
    return interface_language("zh" if chosen == "zh" else "en" if chosen == "en" else "auto", os.environ)


def _terminate(*_: object) -> NoReturn:
    raise SystemExit(_TERMINATED)


def run() -> NoReturn:
    """Be the process: the only place that exits."""
    signal.signal(signal.SIGTERM, _terminate)
    code = main()
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:  # reported already; keep the interpreter's own last flush from complaining
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


if __name__ == "__main__":
    run()
