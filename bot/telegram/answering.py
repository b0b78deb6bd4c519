"""From a question to its messages: find, keep a page, show it, and apologise where that did not work out."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from telegram.error import Forbidden, TelegramError

from bot import messages as shared
from bot.asking import question
from bot.telegram import buttons, messages, pages, render, sending, styled
from bot.telegram.buttons import View
from bot.telegram.courier import Courier
from bot.telegram.desk import log, missing, within
from bot.telegram.pages import Page
from bot.telegram.redaction import what_happened
from bot.telegram.render import Card
from bot.telegram.requests import may_be_taken
from bot.telegram.store import Pending
from bot.telegram.styled import Styled, plain
from retrieval.errors import NoIndexError, UnavailableError, UsageError
from retrieval.questions import LONGEST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bot.messages import Message as Sentence
    from bot.telegram.desk import Desk
    from bot.telegram.requests import Bot
    from bot.telegram.sending import Place
    from retrieval.generations import Manifest
    from retrieval.types import Answer, Excerpt, Language, Question

#: Comments shown for one question, over all its pages.
_MOST = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was put."""

    text: str
    user: int
    message: int
    place: Place
    #: The language of sentences before the question's own is known.
    language: Language
    private: bool = True
    #: The thread of the answer it replies to, if any.
    thread: str | None = None
    accepted: float = field(default_factory=time.perf_counter)

    @property
    def pending(self) -> Pending:
        """Return what is kept of it while it waits."""
        return Pending(self.place.chat, self.message, self.place.topic, self.language)


class Complaint(Exception):  # noqa: N818 - a sentence for the person, not a failure
    """Something that is to be said instead of an answer."""

    def __init__(self, sentence: Sentence, **values: object) -> None:
        super().__init__()
        self.sentence, self.values = sentence, values

    def __call__(self, language: Language) -> str:
        """Return the sentence."""
        return self.sentence(language, **self.values)


async def answer(bot: Bot, desk: Desk, asked: Asked) -> None:
    """Give a question its answer or an apology."""
    courier = Courier(bot, desk, asked.place)
    page: Page | None = None
    desk.metrics.took("wait", time.perf_counter() - asked.accepted)
    try:
        async with working(courier, asked):
            page, excerpts, manifest = await _found(desk, asked)
        desk.store.keep(page)
        with desk.metrics.stage("send"):
            await present(courier, page, [Card(excerpt) for excerpt in excerpts], manifest)
    except Complaint as complaint:
        await courier.say(complaint(asked.language))
    except TelegramError as error:
        await apologise(courier, error, page, asked.language)
    except Exception as error:  # noqa: BLE001 - whatever it is, the person gets an apology
        desk.metrics.failed()
        log.error("A question was not answered: %s", what_happened(error))
        await courier.say(messages.SORRY(asked.language))
    if courier.reached:  # else, as when a stop cancels this, the next start apologises
        desk.store.finish(courier.place.chat, asked.message)


async def present(courier: Courier, page: Page, cards: Sequence[Card | None], manifest: Manifest) -> None:
    """Show a page's excerpts, its own buttons under each message and the page's under the last."""
    if not page.answered:
        sent = await courier.send(_nothing(page, manifest), buttons.under_nothing(page))
        courier.desk.store.show(sent.chat_id, sent.message_id, page.id, 0)
        return
    head, reached = await head_of(courier.desk, page), 0
    for part, view in laid_out(page, cards, manifest, head):
        sent = await courier.send(part, buttons.under_answer(page, view) if view else ())
        first = view.first if view else min(reached, len(page.items) - 1)
        reached = view.last if view else reached
        courier.desk.store.show(sent.chat_id, sent.message_id, page.id, first)


def laid_out(
    page: Page, cards: Sequence[Card | None], manifest: Manifest, head: str
) -> list[tuple[Styled, View | None]]:
    """Spread a page over messages; each comes with the view of the excerpts it holds."""
    language = page.language
    top = [plain(head)] if head else []
    blocks = [*top, *_blocks(page.items, cards, language), _foot(page, manifest)]
    laid = []
    for part, start, end in styled.pack(blocks):
        first, last = max(0, start - len(top)), min(len(page.items), end - len(top))
        laid.append((part, View(first, last, first) if first < last else None))
    return laid


async def laid_out_again(desk: Desk, page: Page, cards: Sequence[Card | None], view: View) -> list[Styled]:
    """Return what the message of one view becomes when its excerpts are shown otherwise."""
    blocks = _blocks(page.items[view.first : view.last], cards, page.language)
    if view.first == 0 and (head := await head_of(desk, page)):
        blocks.insert(0, plain(head))
    if view.last == len(page.items):
        blocks.append(_foot(page, await desk.manifest()))
    return [part for part, _, _ in styled.pack(blocks)]


async def head_of(desk: Desk, page: Page) -> str:
    """Return the sentence above a page's first excerpt, empty where none is called for."""
    if page.nearest:
        return shared.NEAREST(page.language)
    if page.like is None or page.seen:
        return ""
    try:
        original = await desk.show(page.like, page.language)
    except UsageError:
        return ""
    return messages.LIKE(page.language, author=styled.name(original.comment.author))


async def cards_of(desk: Desk, page: Page, first: int, last: int, *, flipped: bool) -> list[Card | None]:
    """Put a page's excerpts together again from the archive as it is now; None for removed comments."""
    found: list[Card | None] = []
    for item in page.items[first:last]:
        try:
            whole = await desk.show(item.id, item.quote.language)
        except UsageError:
            found.append(None)
            continue
        excerpt, edited = pages.restored(item, whole)
        found.append(Card(pages.flipped(excerpt) if flipped else excerpt, edited))
    return found


async def show(courier: Courier, page: Page, cards: Sequence[Card | None], manifest: Manifest) -> bool:
    """Show a page, or apologise; tell whether it is there for all we know."""
    try:
        await present(courier, page, cards, manifest)
    except TelegramError as error:
        await apologise(courier, error, page, page.language)
        return may_be_taken(error)
    return True


async def apologise(courier: Courier, error: TelegramError, page: Page | None, language: Language) -> None:
    """Say that an answer did not get through; offer it again where that may not even be true."""
    log.warning("An answer was not sent: %s", what_happened(error))
    if isinstance(error, Forbidden):
        return
    if page is not None and may_be_taken(error):
        await courier.say(messages.NOT_CONFIRMED(page.language), buttons.under_apology(page))
    else:
        await courier.say(messages.SORRY(language))


async def following(desk: Desk, page: Page) -> tuple[Page, tuple[Excerpt, ...]]:
    """Find the comments after a page's.

    Raise Complaint if there are none.
    """
    seen = (*page.seen, *(item.id for item in page.items))
    choices = desk.store.choices(page.chat)
    count = desk.count(choices)
    wanted = min(len(seen) + count + 1, _MOST)
    if page.like is not None:
        answered = await _like(desk, page.like, wanted, page.language)
    else:
        checked = _checked(page.question, page.quotes, wanted, page.thread)
        answered, _ = await _answered(desk, checked, desk.length(choices))
    fresh = [excerpt for excerpt in answered.excerpts if excerpt.comment.id not in seen]
    if not fresh or len(seen) >= _MOST:
        raise Complaint(shared.NO_MORE)
    new = replace(page, id=desk.new_id(), seen=seen, nearest=False, successor=None, created=desk.clock())
    return _filled(new, fresh, count, first=len(seen) + 1)


async def alike(
    desk: Desk, place: Place, user: int, comment: str, language: Language
) -> tuple[Page, tuple[Excerpt, ...]]:
    """Find comments like one.

    Raise Complaint if it is gone, or there are none.
    """
    count = desk.count(desk.store.choices(place.chat))
    answered = await _like(desk, comment, count + 1, language)
    if not answered.excerpts:
        raise Complaint(shared.NO_EXCERPTS)
    page = Page(
        desk.new_id(), place.chat, user, "", language, like=comment, created=desk.clock(), topic=place.topic
    )
    return _filled(page, answered.excerpts, count)


@asynccontextmanager
async def working(courier: Courier, asked: Asked) -> AsyncIterator[None]:
    """Show that a question is being worked on: typing, and in groups a reaction to it meanwhile."""
    done = asyncio.Event()
    if not asked.private:
        courier.desk.spawn(_watch(courier, asked.message, done))
    try:
        async with sending.typing(courier.bot, courier.place, courier.desk.sleep):
            yield
    finally:
        done.set()


async def _watch(courier: Courier, message: int, done: asyncio.Event) -> None:
    """Put eyes on a message until its question is answered."""
    await sending.react(courier.bot, courier.place.chat, message, "👀")
    await done.wait()
    await sending.react(courier.bot, courier.place.chat, message, None)


async def _found(desk: Desk, asked: Asked) -> tuple[Page, tuple[Excerpt, ...], Manifest]:
    choices = desk.store.choices(asked.place.chat)
    count = desk.count(choices)
    thread = asked.thread or choices.thread
    quotes = choices.language if choices.language != "auto" else desk.settings.language
    checked = _checked(asked.text, quotes, count + 1, thread)
    answered, manifest = await _answered(desk, checked, desk.length(choices))
    page = Page(
        id=desk.new_id(),
        chat=asked.place.chat,
        user=asked.user,
        question=checked.text,
        language=checked.language,
        quotes=quotes,
        thread=thread,
        answered=answered.answered,
        created=desk.clock(),
        topic=asked.place.topic,
    )
    page, excerpts = _filled(page, answered.excerpts, count)
    return page, excerpts, manifest


def _checked(text: str, quotes: Literal["auto"] | Language, count: int, thread: str | None) -> Question:
    try:
        return question(text, quotes, count, within(thread))
    except UsageError:
        raise Complaint(messages.NOT_A_QUESTION, most=LONGEST) from None


async def _answered(desk: Desk, checked: Question, length: int) -> tuple[Answer, Manifest]:
    try:
        return await desk.answer(checked, length)
    except (NoIndexError, UnavailableError) as error:
        raise Complaint(missing(error)) from None
    except UsageError:
        raise Complaint(messages.THREAD_GONE) from None


async def _like(desk: Desk, comment: str, count: int, language: Language) -> Answer:
    try:
        return await desk.more_like(comment, count, language)
    except (NoIndexError, UnavailableError) as error:
        raise Complaint(missing(error)) from None
    except UsageError:
        raise Complaint(messages.REMOVED) from None


def _filled(
    page: Page, found: Sequence[Excerpt], count: int, first: int = 1
) -> tuple[Page, tuple[Excerpt, ...]]:
    """Put the first excerpts on a page, numbered on from `first`; the rest says whether there is more."""
    shown = tuple(replace(excerpt, rank=rank) for rank, excerpt in enumerate(found[:count], start=first))
    filled = replace(page, items=tuple(map(pages.item, shown)), more=len(found) > count)
    return filled, shown


def _blocks(items: Sequence[pages.Item], cards: Sequence[Card | None], language: Language) -> list[Styled]:
    return [
        render.card(card, language) if card else render.removed(item.rank, language)
        for item, card in zip(items, cards, strict=True)
    ]


def _nothing(page: Page, manifest: Manifest) -> Styled:
    return plain(shared.NOTHING_RELEVANT(page.language)) + plain("\n\n") + _foot(page, manifest)


def _foot(page: Page, manifest: Manifest) -> Styled:
    entry = manifest.thread(page.thread) if page.thread else None
    where = messages.WITHIN(page.language, title=render.title(entry.thread, page.language)) if entry else ""
    return styled.lines([plain(where), render.archive_state(manifest, page.language)])
