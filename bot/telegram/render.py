"""Pure: answers, comments, threads and states as styled text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot import messages as shared
from bot.telegram import messages
from bot.telegram.styled import Look, Styled, clean, lines, marked, name, plain, quoted
from retrieval.types import other

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.telegram.pages import Item
    from bot.telegram.store import Choices
    from retrieval.generations import Manifest, ThreadEntry
    from retrieval.types import ChainLink, Comment, Excerpt, Language, Thread

#: Code points of a whole comment shown at a time: even if each takes two UTF-16 units, the longest names
#: still fit below.
WHOLE_PAGE = 1_500
THREADS_PAGE = 8


@dataclass(frozen=True, slots=True)
class Card:
    """One excerpt as it is to be shown."""

    excerpt: Excerpt
    #: Whether its comment was edited since the answer was given.
    edited: bool = False


def card(shown: Card, language: Language) -> Styled:
    """Show one excerpt: the quote, then who, where and when; `language` is the sentences'."""
    excerpt = shown.excerpt
    notes = [_place(excerpt)]
    only = _only(excerpt.comment, excerpt.quote.language, language)
    notes += [only] if only else []
    notes += [messages.EDITED(language)] if shown.edited else []
    return lines(
        [
            _quote(excerpt, language),
            _attribution(excerpt, language),
            *(marked(_answers(link, language), Look.QUIET) for link in excerpt.chain[-1:]),
            *([plain(shared.SIMILAR(language, count=len(excerpt.similar)))] if excerpt.similar else []),
            plain(" · ".join(notes)),
        ]
    )


def because(item: Item, excerpt: Excerpt, language: Language) -> str:
    """Say why an excerpt was chosen: what was kept of how it was found, and the words that match in it."""
    meaning, words = (str(place) if place else "–" for place in item.places)
    why = messages.BECAUSE(language, share=round(100 * item.score), meaning=meaning, words=words)
    found = dict.fromkeys(clean(span.of(excerpt.quote.text)).lower() for span in excerpt.quote.highlights)
    matched = name(("、" if language == "zh" else ", ").join(found)) if found else ""
    return f"{why}\n{messages.BECAUSE_MATCHED(language, matched=matched)}" if matched else why


def removed(rank: int, language: Language) -> Styled:
    """Stand in for an excerpt whose comment is gone."""
    return plain(f"{rank}. {messages.REMOVED(language)}")


def archive_state(manifest: Manifest, language: Language) -> Styled:
    """Say how fresh the archive is."""
    refreshed = moment(manifest.created)
    if manifest.archive_date is None:
        return plain(messages.ARCHIVE_UNDATED(language, refreshed=refreshed))
    return plain(messages.ARCHIVE(language, date=manifest.archive_date, refreshed=refreshed))


def moment(text: str) -> str:
    """Write an ISO moment as people read it, in UTC."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (when.astimezone(UTC) if when.tzinfo else when).strftime("%Y-%m-%d %H:%M")


def chain(excerpt: Excerpt, above: Mapping[str, Excerpt], language: Language) -> list[Styled]:
    """Show how a comment came about: the thread's question, what was answered, and the comment itself."""
    question = excerpt.thread.question.preferring(language)
    blocks = [
        plain(messages.CHAIN(language)),
        lines(
            [
                marked(
                    messages.THREAD_QUESTION(language, title=title(excerpt.thread, language)), Look.STRONG
                ),
                quoted(question[1].strip()) if question else Styled(""),
            ]
        ),
    ]
    for link in excerpt.chain:
        found = above.get(link.id)
        blocks.append(_step(found, language) if found else plain(messages.CHAIN_GONE(language)))
    return [*blocks, _step(excerpt, language)]


def whole_pages(text: str) -> list[tuple[int, int]]:
    """Cut a long text into pages at line ends and spaces; return their ranges, at least one."""
    ranges, start = [], 0
    while len(text) - start > WHOLE_PAGE:
        end = start + WHOLE_PAGE
        for stop in ("\n", "。", ". ", " "):
            found = text.rfind(stop, start + WHOLE_PAGE // 2, end)
            if found > 0:
                end = found + len(stop)
                break
        ranges.append((start, end))
        start = end
    return [*ranges, (start, len(text))]


def whole(excerpt: Excerpt, page: int, language: Language) -> tuple[Styled, int, int]:
    """Show one page of a whole comment; return it, the page's number within range, and how many there are."""
    text = excerpt.quote.text
    ranges = whole_pages(text)
    page = min(max(page, 0), len(ranges) - 1)
    start, end = ranges[page]
    body = quoted(text[start:end]) or marked(shared.NO_TEXT(language), Look.QUIET)
    paging = messages.PAGE_OF(language, page=page + 1, pages=len(ranges)) if len(ranges) > 1 else ""
    only = _only(excerpt.comment, excerpt.quote.language, language)
    notes = " · ".join(filter(None, (_place(excerpt), only, paging)))
    return lines([body, _attribution(excerpt, language, ranked=False), plain(notes)]), page, len(ranges)


def title(thread: Thread, language: Language) -> str:
    """Return a thread's title in a language where it has one."""
    found = thread.title.preferring(language)
    return name(found[1]) if found else shared.UNTITLED(language)


def threads(manifest: Manifest, page: int, language: Language) -> tuple[Styled, list[str], int, int]:
    """Show one page of the threads; return it, their ids, the page's number, and how many pages there are."""
    entries = manifest.threads
    pages = max(1, -(-len(entries) // THREADS_PAGE))
    page = min(max(page, 0), pages - 1)
    first = page * THREADS_PAGE
    shown = entries[first : first + THREADS_PAGE]
    rows = [_thread(entry, number, language) for number, entry in enumerate(shown, start=first + 1)]
    head = plain(messages.PICK(language, total=len(entries)))
    return lines([head, *rows]), [entry.thread.id for entry in shown], page, pages


def settings(choices: Choices, count: int, length: int, thread: Thread | None, language: Language) -> Styled:
    """Show how a chat wants its answers."""
    tongue = {"auto": messages.AUTO, "zh": messages.IN_CHINESE, "en": messages.IN_ENGLISH}[choices.language]
    where = title(thread, language) if thread else messages.ALL_THREADS(language)
    return plain(
        messages.SETTINGS(language, tongue=tongue(language), count=count, length=length, thread=where)
    )


def status(manifest: Manifest, language: Language) -> Styled:
    """Show what is indexed."""
    comments = sum(entry.comments for entry in manifest.threads)
    head = messages.STATUS(
        language,
        comments=comments,
        threads=len(manifest.threads),
        generation=manifest.generation,
        model=name(manifest.model),
    )
    change = [plain(messages.LAST_CHANGE(language, counts=counts(manifest.run)))] if manifest.run else []
    return lines([plain(head), archive_state(manifest, language), *change])


def counts(run: Mapping[str, object]) -> str:
    """Write what a run changed as "+34 ~5 −2"."""
    return f"+{run.get('new', 0)} ~{run.get('changed', 0)} −{run.get('removed', 0)}"


def _quote(excerpt: Excerpt, language: Language) -> Styled:
    shown = quoted(excerpt.quote.text, excerpt.quote.highlights)
    return shown or marked(shared.NO_TEXT(language), Look.QUIET)


def _attribution(excerpt: Excerpt, language: Language, *, ranked: bool = True) -> Styled:
    thread = excerpt.thread
    where = f" · {title(thread, language)}" + (f" · {thread.date}" if thread.date else "")
    rank = plain(f"{excerpt.rank}. ") if ranked else plain("— ")
    return rank + marked(_who(excerpt.comment, language), Look.STRONG) + plain(where)


def _who(comment: Comment, language: Language) -> str:
    author = name(comment.author)
    if comment.reply_to is None:
        return author
    return shared.REPLYING_TO(language, author=author, name=name(comment.reply_to))


def _place(excerpt: Excerpt) -> str:
    first, last = excerpt.comment.lines
    return f"{name(excerpt.path)}:{first}-{last} · {excerpt.comment.id}"


def _answers(link: ChainLink, language: Language) -> str:
    return "↳ " + shared.ANSWERS(
        language, author=name(link.author), quote=" ".join(clean(link.quote).split())
    )


def _only(comment: Comment, shown: Language, language: Language) -> str | None:
    """Say that a comment exists in one language only, where that is not the reader's."""
    if shown == language or comment.text[other(shown)] is not None or comment.text[shown] is None:
        return None
    return (shared.ONLY_CHINESE if shown == "zh" else shared.ONLY_ENGLISH)(language)


def _step(excerpt: Excerpt, language: Language) -> Styled:
    comment = excerpt.comment
    author = name(comment.author)
    if comment.parent is None:
        head = messages.CHAIN_ROOT(language, author=author)
    elif comment.reply_to is None:
        head = messages.CHAIN_STEP(language, author=author)
    else:
        head = messages.CHAIN_STEP_TO(language, author=author, name=name(comment.reply_to))
    return lines([marked(head, Look.STRONG), _quote(excerpt, language)])


def _thread(entry: ThreadEntry, number: int, language: Language) -> Styled:
    date = entry.thread.date or shared.NO_DATE(language)
    comments = messages.COMMENTS(language, count=entry.comments)
    return plain(f"{number}. {title(entry.thread, language)} · {date} · {comments}")
