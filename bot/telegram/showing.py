"""What several commands and buttons show: the next page, the nearest comments, a whole comment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot import messages as shared
from bot.telegram import answering, buttons, links, messages, pages, render
from bot.telegram.answering import Complaint
from bot.telegram.render import Card
from retrieval.errors import UsageError

if TYPE_CHECKING:
    from bot.telegram.courier import Courier
    from bot.telegram.desk import Desk
    from bot.telegram.pages import Page
    from bot.telegram.styled import Styled
    from retrieval.types import Excerpt, Language


@dataclass(frozen=True, slots=True)
class Whole:
    """One page of a whole comment as it is shown, and the thread it is of."""

    part: Styled
    rows: buttons.Rows
    thread: str


async def turn(courier: Courier, page: Page | None, language: Language) -> str | None:
    """Show what comes after a page, once; return what is to be said instead."""
    if page is None:
        return shared.ASK_FIRST(language)
    if not page.answered and not page.items:
        return shared.NO_EXCERPTS(page.language)
    turning = courier.desk.turning
    if page.successor is not None or page.id in turning:  # shown, or a second press while it is looked for
        return messages.ALREADY_BELOW(page.language)
    turning.add(page.id)
    try:
        await _turn(courier, page)
    finally:
        turning.discard(page.id)
    return None


async def _turn(courier: Courier, page: Page) -> None:
    """Show the page after one, or the nearest comments after a refusal."""
    desk = courier.desk
    cards: list[Card | None]
    if page.answered:
        fresh, excerpts = await answering.following(desk, page)
        cards = [Card(each) for each in excerpts]
    else:
        fresh = replace(page, id=desk.new_id(), answered=True, nearest=True, created=desk.clock())
        cards = await answering.cards_of(desk, fresh, 0, len(fresh.items), flipped=False)
    desk.store.keep(fresh)
    if await answering.show(courier, fresh, cards, await desk.manifest()):
        desk.store.succeed(page, fresh.id)


async def whole(
    courier: Courier, identity: str, shown: Language | None, number: int, language: Language
) -> Whole:
    """Return one page of a whole comment; raise Complaint if it is gone."""
    excerpt = await comment(courier.desk, identity, shown or language)
    part, page, count = render.whole(excerpt, number, language)
    other = excerpt.other.language if excerpt.other else None
    share = links.share(courier.bot.username, identity)
    turns = buttons.Turns(identity, excerpt.quote.language, page, count, other)
    rows = buttons.under_whole(turns, pages.link(excerpt), share, language)
    return Whole(part, rows, excerpt.thread.id)


async def comment(desk: Desk, identity: str, language: Language) -> Excerpt:
    """Return a comment; raise Complaint if it is gone."""
    try:
        return await desk.show(identity, language)
    except UsageError:
        raise Complaint(messages.REMOVED) from None
