"""Inline mode: excerpts to send anywhere, each person's own results, page by page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    LinkPreviewOptions,
)

from bot.asking import question
from bot.telegram import links, messages, render, sending, styled
from bot.telegram.access import Standing
from bot.telegram.desk import missing
from bot.telegram.handlers.common import spoken
from bot.telegram.render import Card
from retrieval.errors import RetrievalError, UnavailableError
from retrieval.types import Filters

if TYPE_CHECKING:
    from telegram import InlineQuery, Update

    from bot.telegram.desk import Context
    from retrieval.types import Excerpt, Language

PAGE = 10
_MOST = 50
#: Seconds Telegram may show the same person the same results again.
_KEPT = 30
_DESCRIPTION = 100
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


async def asked(update: Update, context: Context) -> None:
    """Answer what somebody typed after the bot's name in some chat."""
    query = update.inline_query
    assert query is not None  # noqa: S101 - this handler gets nothing else
    desk, user = context.desk, query.from_user.id
    language = spoken(desk, None, query.from_user)
    if desk.access().standing(user) == Standing.STRANGER:
        await _nothing(query, messages.INLINE_STRANGER(language))
        return
    if not query.query.strip():
        await _nothing(query, messages.INLINE_TYPE(language))
        return
    desk.latest[user] = query.id
    wait = desk.inline_limits.take(user, desk.clock())
    if wait > 0:
        desk.metrics.refused("limit")
        await _nothing(query, messages.INLINE_WAIT(language, seconds=math.ceil(wait)))
        return
    async with desk.typing[user]:
        if desk.latest.get(user) == query.id:  # else another key was pressed meanwhile
            await _answer(query, context, language)
    if desk.latest.get(user) == query.id:  # nobody waits for this one: remember nothing of who asked once
        del desk.latest[user], desk.typing[user]


def page_of(offset: str) -> int:
    """Read how many results were shown before; Telegram hands back what we said."""
    return int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 4 else 0


async def _answer(query: InlineQuery, context: Context, language: Language) -> None:
    desk = context.desk
    seen = page_of(query.offset)
    try:
        wanted = question(query.query, desk.settings.language, min(seen + PAGE + 1, _MOST), Filters())
        answer, _ = await desk.answer(wanted, desk.settings.excerpt_length)
    except UnavailableError as error:
        await _nothing(query, missing(error)(language))
        return
    except RetrievalError:
        await _nothing(query, messages.INLINE_TYPE(language))
        return
    if not answer.answered:
        await _nothing(query, messages.INLINE_NOTHING(answer.question.language))
        return
    shown = answer.excerpts[seen : seen + PAGE]
    following = str(seen + PAGE) if len(answer.excerpts) > seen + PAGE else ""
    results = [_result(excerpt, answer.question.language, context.bot.username) for excerpt in shown]
    await query.answer(results, cache_time=_KEPT, is_personal=True, next_offset=following)


def _result(excerpt: Excerpt, language: Language, bot: str) -> InlineQueryResultArticle:
    part = styled.split(render.card(Card(excerpt), language))[0]
    content = InputTextMessageContent(
        part.text, entities=sending.entities(part), link_preview_options=_NO_PREVIEW
    )
    link = links.excerpt(bot, excerpt.comment.id)
    label = messages.OPEN_IN_CHAT(language)
    return InlineQueryResultArticle(
        excerpt.comment.id,
        f"{styled.name(excerpt.comment.author)} · {render.title(excerpt.thread, language)}",
        content,
        description=" ".join(styled.clean(excerpt.quote.text).split())[:_DESCRIPTION],
        reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton(label, url=link)]]),
    )


async def _nothing(query: InlineQuery, text: str) -> None:
    """Answer with no results but a line to tap, which opens the chat with the bot."""
    button = InlineQueryResultsButton(text, start_parameter="help")
    await query.answer([], cache_time=0, is_personal=True, button=button)
