"""`threadbot parse`: what is read from thread files, one line of JSON or one paragraph per comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import as_json
from bot.render_terminal import one_line, visible
from ingest.decoding import decode
from ingest.formats import parse
from ingest.identity import thread_id
from ingest.types import ParseError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from bot.parts import Parts
    from bot.streams import Streams
    from ingest.types import ParsedComment, ParsedThread


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Parse every file; those that cannot be read are named on standard error, and the others go on."""
    del parts
    read = 0
    for path in arguments.files:
        try:
            parsed = parse(decode(path.read_bytes()))
        except ParseError as error:
            streams.complain(f"{path}: {error}")
        except OSError as error:
            streams.complain(f"{path}: {error.strerror}")
        else:
            read += 1
            for line in _json_lines(parsed) if arguments.jsonl else _listing(parsed, path):
                streams.stdout.write(line + "\n")
            streams.stdout.flush()
    return 0 if read else 1


def comment_object(parsed: ParsedThread, comment: ParsedComment) -> as_json.JsonObject:
    """Return the JSON object for one comment; the keys and their order are a promise."""
    return {
        "thread": {
            "id": thread_id(parsed),
            "title": as_json.bilingual(parsed.title),
            "question": as_json.bilingual(parsed.question),
            "date": parsed.date,
            "tags": list(parsed.tags),
        },
        "position": comment.position,
        "kind": comment.kind.value,
        "author": comment.author,
        "reply_to": comment.reply_to,
        "parent": comment.parent,
        "text": as_json.bilingual(comment.text),
        "lines": list(comment.lines),
        "images": comment.images,
    }


def _json_lines(parsed: ParsedThread) -> Iterator[str]:
    return (as_json.dumps(comment_object(parsed, comment)) for comment in parsed.comments)


def _listing(parsed: ParsedThread, path: Path) -> Iterator[str]:
    titles = " / ".join(one_line(title) for _, title in parsed.title.items())
    yield f"{path}: {titles or '(no title)'}"
    yield f"{parsed.format}, {parsed.date or 'no date'}, {len(parsed.comments)} comments"
    for comment in parsed.comments:
        yield ""
        yield from _entry(comment)
    yield ""


def _entry(comment: ParsedComment) -> Iterator[str]:
    to = f" replying to {one_line(comment.reply_to)}" if comment.reply_to is not None else ""
    parent = f" under {comment.parent}" if comment.parent is not None else ""
    images = f", {comment.images} images" if comment.images else ""
    first, last = comment.lines
    who = f"{comment.kind}{parent} by {one_line(comment.author)}{to}"
    yield f"{comment.position}. {who}, lines {first}-{last}{images}"
    for language, text in comment.text.items():
        for line in visible(text).split("\n"):
            yield f"   {language}: {line}" if line else ""
