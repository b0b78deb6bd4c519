"""The metadata block on top of a file: TOML between lines of `+++`, YAML between lines of `---`.

    +++                                   ---
    title = "Why is it so?"               title: 为什么
    date = "2025-09-02"                   date: 2025-08-22T03:52:05+00:00
    tags = ["chatgpt", "5G"]              tags: [日本,AI]
    +++                                   ---

Blank lines may stand before it. A file without one is fine; a block that cannot be read is an error,
because then it is unknown where the thread begins.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import yaml

from ingest.types import ParseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_DELIMITERS = ("+++", "---")
#: A longer block is an archive whose closing line is missing; PyYAML takes seconds for so many brackets.
_MAX_CHARACTERS = 20_000
_DATE = re.compile(r"\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?!\d)")
_TOML_LINE = re.compile(r"at line (\d+)")
#: What PyYAML and tomllib raise besides their own errors: `!!int ""`, a month 13, brackets 20,000 deep.
_LIBRARY_ERRORS = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a front matter says about its thread."""

    title: str | None = None
    #: ISO date.
    date: str | None = None
    tags: tuple[str, ...] = ()
    #: Index of the first line after it.
    end: int = 0


class _TextLoader(yaml.SafeLoader):
    """PyYAML's safe loader, leaving every scalar but null a string: a title `1e3` or `no` is a title."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_front_matter(lines: Sequence[str], is_header: Callable[[str], bool]) -> FrontMatter:
    """Read the front matter on top of the lines, if there is one.

    :param is_header: Tells a comment's header; before one, front matter must have ended.
    :raises ParseError: If it is never closed, or is not TOML or YAML.
    """
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    delimiter = lines[first].rstrip() if lines else ""
    if delimiter not in _DELIMITERS:
        return FrontMatter()
    end = _closing(lines, first, delimiter, is_header)
    load = _load_toml if delimiter == "+++" else _load_yaml
    fields = load("\n".join(lines[first + 1 : end]), first + 2)
    return _front_matter(fields, end + 1)


def _closing(lines: Sequence[str], first: int, delimiter: str, is_header: Callable[[str], bool]) -> int:
    size = 0
    for index in range(first + 1, len(lines)):
        line = lines[index]
        if line.rstrip() == delimiter:
            return index
        size += len(line)
        if size > _MAX_CHARACTERS or is_header(line):
            break
    raise ParseError(f"front matter opened with {delimiter} is never closed", first + 1)


def _load_toml(source: str, first_line: int) -> Mapping[Any, object]:
    try:
        return dict(tomllib.loads(source))
    except tomllib.TOMLDecodeError as error:
        found = _TOML_LINE.search(str(error))
        line = int(found[1]) if found else source.count("\n") + 1
        raise ParseError(f"broken TOML front matter: {_clause(error)}", first_line + line - 1) from error
    except _LIBRARY_ERRORS as error:
        raise ParseError(f"broken TOML front matter: {_clause(error)}", first_line - 1) from error


def _load_yaml(source: str, first_line: int) -> Mapping[Any, object]:
    try:
        # S506: _TextLoader is a SafeLoader, it makes strings, lists and mappings only.
        fields = yaml.load(source, Loader=_TextLoader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        reason = f"broken YAML front matter: {error.problem or 'not YAML'}"
        raise ParseError(reason, first_line + line) from error
    except (yaml.YAMLError, *_LIBRARY_ERRORS) as error:
        raise ParseError(f"broken YAML front matter: {_clause(error)}", first_line - 1) from error
    if fields is None:
        return {}
    if not isinstance(fields, dict):
        raise ParseError("broken YAML front matter: it has no fields", first_line - 1)
    return fields


def _clause(error: Exception) -> str:
    """Return a library's message as one short line."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def _front_matter(fields: Mapping[Any, object], end: int) -> FrontMatter:
    # Hugo and Jekyll disagree on the case of keys.
    by_name = {str(key).casefold(): value for key, value in fields.items()}
    return FrontMatter(
        title=_text(by_name.get("title")),
        date=_date(by_name.get("date")),
        tags=_tags(by_name.get("tags")),
        end=end,
    )


def _text(value: object) -> str | None:
    """Return a scalar as one line of text; None for nothing, lists and tables."""
    if value is None or isinstance(value, (list, dict)):
        return None
    return " ".join(str(value).split()) or None


def _date(value: object) -> str | None:
    """Return the ISO date of a TOML date or datetime, or of a text that starts with a date."""
    found = _DATE.match(str(value))
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return None


def _tags(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.replace("，", ",").split(",")
    if not isinstance(value, list):
        return ()
    texts = (_text(item) for item in value)
    return tuple(dict.fromkeys(text for text in texts if text))
