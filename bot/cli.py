"""The command line: what may be written, without doing any of it; imports nothing but argparse."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from bot import options
from bot.options import Parser

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXAMPLES = """\
examples:
  threadbot demo                                  see it answer from four sample threads
  threadbot ingest ~/threads                      index a folder of archived threads
  threadbot ask "How do I keep my hands warm?"    one answer, quoted
  threadbot ask --json -n 3 "冬天骑车怎么保暖？"     the same for programs
  threadbot chat                                  ask on, with /more, /original, /thread

Settings come from the environment and from .env: THREADBOT_DATA_DIR, THREADBOT_MODEL, … (see the README).
Exit codes: 0 answered, 1 error, 2 usage, 3 nothing relevant, 4 no index, 5 configuration.
"""


class _Version(argparse.Action):
    """Look the version up only when it is asked for."""

    def __call__(self, *_: object) -> NoReturn:
        import sys
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("threadbot")
        except PackageNotFoundError:
            found = "(run from its source folder)"
        sys.stdout.write(f"threadbot {found}\n")
        raise SystemExit(0)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the arguments; `namespace.command` names the module in `bot.commands` that does the work."""
    return build().parse_args(argv)


def build() -> Parser:
    """Describe every command."""
    parser = Parser(
        prog="threadbot",
        description="Answer questions about archived discussion threads, in English and Chinese, "
        "with quotes from the people who wrote them.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and leave")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True)
    shared = Parser(add_help=False)
    shared.add_argument(
        "--data", type=Path, metavar="DIR", help="data folder (default: THREADBOT_DATA_DIR, else the user's)"
    )
    for add in (
        _demo,
        _ingest,
        _embed,
        _ask,
        _chat,
        _telegram,
        _serve,
        _parse,
        _status,
        _show,
        *_UPKEEP,
    ):
        add(commands, shared)
    return parser


def _add(
    commands: argparse._SubParsersAction[Parser], shared: Parser, name: str, summary: str, more: str = ""
) -> Parser:
    description = summary[:1].upper() + summary[1:] + "." + (f" {more}" if more else "")
    return commands.add_parser(name, parents=[shared], help=summary, description=description)


def _demo(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    _add(
        commands,
        shared,
        "demo",
        "see it answer from four sample threads",
        "Reads the samples into a temporary folder, asks a question in each language, and goes on as a chat "
        "on a terminal. Nothing of it is kept.",
    )


def _ingest(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    parser = _add(
        commands,
        shared,
        "ingest",
        "index threads, or what changed in them",
        "Files gone from a named folder leave the index; sources not named keep what they have. With "
        "--every, --cron or --watch it goes on until it is stopped, a line per run on standard error.",
    )
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="a thread file, a folder of them, an https:// address, or a list of addresses",
    )
    parser.add_argument("--prune", action="store_true", help="drop sources that are not named here")
    when = parser.add_mutually_exclusive_group()
    when.add_argument(
        "--every",
        type=options.duration,
        metavar="TIME",
        help="now, and again so long after each run began: 30m, 6h, 1d",
    )
    when.add_argument(
        "--cron",
        metavar="WHEN",
        help='whenever a cron expression says, such as "17 */6 * * *", in THREADBOT_TIMEZONE',
    )
    when.add_argument(
        "--watch", action="store_true", help="now, and whenever files or folders have been written to"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    parser.add_argument(
        "--vectors",
        type=Path,
        metavar="DIR",
        help="use what `threadbot embed` wrote there",
    )
    parser.add_argument("--json", action="store_true", help="write the summary as JSON")
    options.progress(parser)


def _embed(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    parser = _add(
        commands,
        shared,
        "embed",
        "encode a part of the texts, on another machine or in another job",
        "n of them, with --shard 1/n to n/n, encode every text once; `threadbot ingest --vectors DIR` joins "
        "what they wrote. Started again, it goes on where it was.",
    )
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="as for `ingest`")
    parser.add_argument(
        "--shard", type=options.shard, default="1/1", metavar="I/N", help="which part (default: 1/1)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the vectors go")
    parser.add_argument("--json", action="store_true", help="write the summary as JSON")
    options.progress(parser)


def _ask(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    parser = _add(
        commands,
        shared,
        "ask",
        "answer questions with quoted comments",
        "Each argument is one question; without any, each line of standard input is one.",
    )
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help="a question, in quotation marks")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--json", action="store_true", help="an indented JSON object; an array for several questions"
    )
    form.add_argument("--jsonl", action="store_true", help="one line of JSON per question")
    parser.add_argument(
        "-n", dest="count", type=options.count, metavar="K", help="how many comments (default: 5)"
    )
    parser.add_argument("--lang", choices=("auto", "en", "zh"), help="the language to quote in")
    parser.add_argument("--explain", action="store_true", help="add how each score came about")
    options.filters(parser)


def _chat(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    parser = _add(
        commands,
        shared,
        "chat",
        "ask questions one after the other",
        "/help lists its commands. Piped input is read one question a line and answered in plain lines.",
    )
    parser.add_argument(
        "-n", dest="count", type=options.count, metavar="K", help="how many comments at a time (default: 5)"
    )
    parser.add_argument("--lang", choices=("auto", "en", "zh"), help="the language to quote in")


def _serve(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    parser = _add(
        commands,
        shared,
        "serve",
        "answer over HTTP",
        "POST /api/ask and GET /api/excerpts/ID give the JSON of `ask --json`; /openapi.json describes it. "
        "/healthz, /readyz and /metrics are for those who watch over it.",
    )
    options.address(parser)


def _telegram(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    parser = _add(
        commands,
        shared,
        "telegram",
        "answer in Telegram until stopped",
        "The token comes from THREADBOT_TELEGRAM_TOKEN; who may ask, from THREADBOT_ALLOWED and "
        "THREADBOT_ADMINS. With --port, or THREADBOT_HTTP_PORT, the HTTP service of `serve` runs beside it; "
        "with THREADBOT_WEBHOOK_URL Telegram brings its updates there.",
    )
    options.address(parser)
    parser.add_argument(
        "--feedback",
        nargs="?",
        const="good",
        choices=("good", "bad"),
        help="write the questions whose answers got a 👍, for `evaluate`, and leave; bad: those with a 👎, "
        "for somebody to say what would have answered them",
    )


def _parse(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    parser = _add(commands, shared, "parse", "show what is read from thread files, without indexing them")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a thread file")
    parser.add_argument("--jsonl", action="store_true", help="one line of JSON per comment")


def _status(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    parser = _add(commands, shared, "status", "show what is indexed, and how fresh it is")
    parser.add_argument("--json", action="store_true", help="write it as JSON")


def _show(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    parser = _add(commands, shared, "show", "show a whole comment, and where it stands")
    parser.add_argument("id", metavar="ID", help="the id of an excerpt")
    parser.add_argument("--json", action="store_true", help="write it as JSON")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="read its file again and say whether it is unchanged, edited or removed (exit code 1 unless "
        "unchanged)",
    )


def _evaluate(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    parser = _add(commands, shared, "evaluate", "measure answers against labelled questions")
    parser.add_argument(
        "questions", type=Path, metavar="QUESTIONS.jsonl", help="one labelled question a line"
    )
    parser.add_argument("--json", action="store_true", help="write the figures as JSON")
    parser.add_argument(
        "--compare",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="compare with the same questions under other settings, by a paired test",
    )


def _doctor(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    parser = _add(
        commands,
        shared,
        "doctor",
        "check the index and say what to do",
        "Tries the published generation out in a process of its own and looks at the cache, the model, the "
        "disk, the lock and the files. The exit code is 1 if there is something to do.",
    )
    parser.add_argument("--json", action="store_true", help="write the findings as JSON")


def _exclude(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    parser = _add(
        commands,
        shared,
        "exclude",
        "leave comments out of every answer, for good",
        "They leave at once and stay out whatever is ingested; `threadbot compact` then removes what is left "
        "of them on the disk.",
    )
    parser.add_argument("ids", nargs="*", metavar="ID", help="a comment's id")
    parser.add_argument(
        "--author", action="append", default=[], metavar="NAME", help="all comments by this author"
    )
    parser.add_argument(
        "--undo", action="store_true", help="take that back; the next ingest brings them back"
    )
    parser.add_argument("--list", action="store_true", help="say what is excluded")


def _compact(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    _add(
        commands,
        shared,
        "compact",
        "write the index anew, without what is gone",
        "Removed and excluded comments are nowhere in the data folder afterwards, and there is nothing to "
        "roll back to.",
    )


def _rollback(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    _add(
        commands,
        shared,
        "rollback",
        "answer from the generation before this one",
        "One step. The next ingest brings the index in step with the files again.",
    )


_UPKEEP = (_evaluate, _doctor, _exclude, _compact, _rollback)
