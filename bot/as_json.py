"""Answers as the JSON objects other programs rely on; the keys and their order are a promise."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.types import Answer, Bilingual, Excerpt, Language, Quote

JsonObject = dict[str, object]

#: What JSON leaves as it is and a terminal acts on: C1 controls and changes of direction.
_UNSAFE = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def dumps(value: object, *, indent: int | None = None) -> str:
    """Write JSON with Chinese readable and nothing in it that a terminal would act on."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def answer(answer: Answer, *, explain: bool = False) -> JsonObject:
    """Return the object for one answered question."""
    question = answer.question
    return {
        "question": question.text,
        "language": question.language,
        "answered": answer.answered,
        "generation": answer.generation,
        "archive_date": answer.archive_date,
        "excerpts": [excerpt(found, question.language, explain=explain) for found in answer.excerpts],
    }


def error(question: str, sentence: str) -> JsonObject:
    """Return the object for a question that could not be answered as it stands."""
    return {"question": re.sub("[\ud800-\udfff]", "\ufffd", question), "error": sentence}


def excerpt(excerpt: Excerpt, language: Language, *, explain: bool = False) -> JsonObject:
    """Return the object for one excerpt; `language` is the question's and decides the title's."""
    comment, thread, quote = excerpt.comment, excerpt.thread, excerpt.quote
    title = thread.title.preferring(language)
    found: JsonObject = {
        "id": comment.id,
        "rank": excerpt.rank,
        "score": round(excerpt.score, 4),
        "author": comment.author,
        "reply_to": comment.reply_to,
        "kind": comment.kind.value,
        "thread": {"id": thread.id, "title": title[1] if title else None, "date": thread.date},
        "position": comment.position,
        "source": {"path": excerpt.path, "lines": list(comment.lines)},
        "language": quote.language,
        "quote": quote.text,
        "highlights": [[span.start, span.end] for span in quote.highlights],
        "other": _other(excerpt.other),
        "text": bilingual(comment.text),
        "similar": list(excerpt.similar),
        "chain": [
            {"author": link.author, "position": link.position, "quote": link.quote} for link in excerpt.chain
        ],
    }
    return found | {"explain": excerpt.explanation} if explain else found


def bilingual(text: Bilingual) -> JsonObject:
    """Return a text in both languages, null where it does not exist."""
    return {"zh": text.zh, "en": text.en}


def _other(quote: Quote | None) -> JsonObject | None:
    return None if quote is None else {"language": quote.language, "quote": quote.text}
