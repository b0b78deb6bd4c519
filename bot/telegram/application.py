"""Put the Telegram bot together, run it until it is told to stop, and take it apart again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from telegram.error import InvalidToken, TelegramError
from telegram.ext import (
    ApplicationBuilder,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    InlineQueryHandler,
    MessageHandler,
    filters,
)

from bot.home import home
from bot.server.health import Health
from bot.server.metrics import Metrics
from bot.telegram import configured, menus, messages, polling, redaction
from bot.telegram.courier import Courier
from bot.telegram.desk import Context, Desk, log, noted
from bot.telegram.handlers import admin, chats, choosing, clicks, inline, questions, starting
from bot.telegram.intake import Intake, Updates
from bot.telegram.polling import Poller
from bot.telegram.redaction import what_happened
from bot.telegram.reingest import Reingest, described
from bot.telegram.requests import Bot, Patience, Request
from bot.telegram.sending import Place
from bot.telegram.store import Store
from bot.telegram.webhook import Receiver
from ingest.schedule import due
from retrieval.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from concurrent.futures import Executor

    from telegram.ext import Application

    from bot.server.hook import Hook
    from bot.settings import Settings
    from bot.telegram.ports import Clock, Sleep
    from bot.telegram.reingest import Run
    from retrieval.archive import Archive

    Threadbot = Application[Bot, Context, dict[Any, Any], dict[Any, Any], Desk, None]

_CONCURRENT = 256
#: Updates under way at a time, five fetches' worth; more have to wait at Telegram's.
_MOST_UPDATES = 500
_THREADS = 2
_CONNECTIONS = 64
_TIDY_EVERY = 3_600.0
_LONGEST_PAUSE = 60.0
_COMMANDS = {
    "start": starting.start,
    "help": starting.assist,
    "status": starting.status,
    "forget": starting.forget,
    "ask": questions.ask,
    "more": questions.more,
    "cancel": questions.cancel,
    "lang": choosing.lang,
    "settings": choosing.settings,
    "threads": choosing.threads,
    "reingest": admin.reingest,
    "rollback": admin.rollback,
    "allow": admin.allow,
    "deny": admin.deny,
}


@dataclass(frozen=True, slots=True)
class Ports:
    """What the bot needs of the world; tests replace it."""

    sleep: Sleep = asyncio.sleep
    clock: Clock = time.time
    #: How a re-ingest is run; None is a child process.
    ingest: Run | None = None
    #: Seconds to wait for an answer of Telegram's.
    timeout: float = 20.0
    #: Seconds that what is running may take when the bot is told to stop.
    grace: float = 25.0
    metrics: Metrics = field(default_factory=Metrics)
    health: Health = field(default_factory=Health)
    #: Called when everything is loaded.
    loaded: Callable[[], None] = lambda: None


async def serve(
    settings: Settings,
    archive: Archive,
    stop: asyncio.Event,
    ports: Ports | None = None,
    hook: Hook | None = None,
) -> None:
    """Answer until `stop` is set; then finish what is being answered.

    With a hook Telegram brings updates there, without one they are fetched.

    :raises ConfigError: If Telegram rejects the token or the hook's address.
    :raises RetrievalError: If there is no index, or another program gets this bot's updates.
    """
    ports = ports or Ports()
    redaction.hush()
    os.environ.setdefault("PTB_TIMEDELTA", "1")  # the library's waits as timedeltas, and no warning about it
    ports.health.telegram = False
    ports.metrics.reaches_telegram(lambda: bool(ports.health.telegram))
    with _executor() as executor, Store(settings.data_dir / "bot.sqlite") as store:
        reingest = Reingest(home(settings), ports.ingest)
        desk = Desk(
            settings,
            archive,
            store,
            executor,
            reingest,
            ports.sleep,
            ports.clock,
            ports.metrics,
            ports.health,
        )
        await desk.off_loop(archive.warm)
        ports.health.model = True
        ports.loaded()
        async with _running(build(desk, ports.timeout), stop, ports.grace, hook) as application:
            if application is not None:
                await _until(stop, application, hook)


def build(desk: Desk, timeout: float) -> Threadbot:
    """Put the application together; nothing is started."""
    application = (
        ApplicationBuilder()
        .bot(bot_of(desk, timeout))
        .updater(None)
        .update_queue(Updates(_MOST_UPDATES))
        .job_queue(None)
        .context_types(contexts(desk))
        .concurrent_updates(_CONCURRENT)
        .build()
    )
    add_handlers(application)
    return application


def contexts(desk: Desk) -> ContextTypes[Context, dict[Any, Any], dict[Any, Any], Desk]:
    """Let every handler find the desk in its context."""
    makes: Any = lambda: desk  # noqa: E731 - the library wants a type, and calls it without arguments
    return ContextTypes(context=Context, bot_data=makes)


def bot_of(desk: Desk, timeout: float) -> Bot:
    """Return the library's bot, speaking to the configured address."""
    settings = desk.settings
    address = settings.telegram_api.rstrip("/")
    return Bot(
        configured.token(settings),
        base_url=f"{address}/bot",
        base_file_url=f"{address}/file/bot",
        request=Request(_CONNECTIONS, timeout, desk.health),
        get_updates_request=Request(2, timeout, desk.health),
        rate_limiter=Patience(desk.sleep, desk.clock),
    )


def add_handlers(application: Threadbot) -> None:
    """Say what happens to each kind of update; the first handler that fits gets it."""
    fresh = filters.UpdateType.MESSAGE
    for name, handler in _COMMANDS.items():
        application.add_handler(CommandHandler(name, handler, filters=fresh))
    application.add_handler(MessageHandler(fresh & filters.COMMAND, starting.unknown))
    application.add_handler(MessageHandler(fresh & filters.StatusUpdate.MIGRATE, chats.migrated))
    application.add_handler(MessageHandler(fresh & filters.TEXT, questions.heard))
    private = fresh & filters.ChatType.PRIVATE & ~filters.StatusUpdate.ALL
    application.add_handler(MessageHandler(private, questions.other))
    application.add_handler(CallbackQueryHandler(clicks.clicked))
    application.add_handler(InlineQueryHandler(inline.asked))
    application.add_handler(ChatMemberHandler(chats.membership, ChatMemberHandler.MY_CHAT_MEMBER))
    application.add_error_handler(_note)


@asynccontextmanager
async def _running(
    application: Threadbot, stop: asyncio.Event, grace: float, hook: Hook | None
) -> AsyncIterator[Threadbot | None]:
    """Initialise and start an application, and end it; None where it was stopped before it got that far."""
    desk = application.bot_data
    connecting = asyncio.create_task(_connect(application, desk, fetching=hook is None))
    await _first(connecting, stop)
    if not connecting.done():
        connecting.cancel()
        await asyncio.wait({connecting})
    if connecting.cancelled() or connecting.exception():
        await application.bot.shutdown()
    if connecting.cancelled():
        yield None
        return
    connecting.result()
    await application.start()
    try:
        yield application
    finally:
        await _finish(application, desk, grace)


async def _connect(application: Threadbot, desk: Desk, *, fetching: bool) -> None:
    """Make Telegram's acquaintance, however long the network takes to come up."""
    pause = 1.0
    while True:
        try:
            await application.initialize()
        except InvalidToken:
            raise ConfigError(*polling.REJECTED) from None
        except TelegramError as error:
            log.warning("Telegram was not reached, trying again: %s", what_happened(error))
            await desk.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)
        else:
            break
    if fetching:  # a webhook set before, and left in the way, shows as a conflict
        with contextlib.suppress(TelegramError):
            await application.bot.delete_webhook(drop_pending_updates=False)


async def _until(stop: asyncio.Event, application: Threadbot, hook: Hook | None) -> None:
    """Take updates and keep house until told to stop, or until that fails for good."""
    desk, bot = application.bot_data, application.bot
    queue = application.update_queue
    assert isinstance(queue, Updates)  # noqa: S101 - `build` made it
    intake = Intake(bot, desk, queue)
    source = Poller(bot, desk, intake) if hook is None else Receiver(bot, desk, intake, hook)
    taking = asyncio.create_task(source.run())
    chores = (_apologise(bot, desk), menus.publish(bot, desk.access().admins), _tidy(desk), _schedule(desk))
    house = [asyncio.create_task(noted(chore)) for chore in chores]
    log.info("Answering as @%s.", bot.username)
    await _first(taking, stop)
    for task in (taking, *house):
        task.cancel()
    await asyncio.wait({taking, *house})
    if not taking.cancelled() and (error := taking.exception()):
        raise error
    await source.confirm()


async def _finish(application: Threadbot, desk: Desk, grace: float) -> None:
    """Finish what is being answered, apologise for what waits, and close everything."""
    desk.stopping = True
    ending = asyncio.create_task(_wind_up(application, desk, grace))
    await asyncio.wait({ending}, timeout=grace)
    limiter = application.bot.rate_limiter
    if isinstance(limiter, Patience):
        limiter.hurry()
    await ending
    await application.stop()
    with contextlib.suppress(TelegramError):
        await application.shutdown()


async def _wind_up(application: Threadbot, desk: Desk, grace: float) -> None:
    """Let everything that has begun come to its end."""
    await application.update_queue.join()
    await desk.queue.close(grace)
    await desk.reingest.stop()
    if desk.tasks:
        _, late = await asyncio.wait(desk.tasks, timeout=grace)
        for task in late:
            task.cancel()


async def _first(task: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Wait until a task is done or the bot is told to stop."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()


async def _apologise(bot: Bot, desk: Desk) -> None:
    """Apologise for questions that the last run of the bot took and did not answer."""
    for pending in desk.store.unanswered():
        sender = Courier(bot, desk, Place(pending.chat, pending.message, pending.topic))
        await sender.say(messages.RESTARTED(pending.language))
        if sender.reached:
            desk.store.finish(sender.place.chat, pending.message)


async def _tidy(desk: Desk) -> None:
    """Remove what was kept for its time, now and every hour."""
    while True:
        settings = desk.settings
        kept = {"pages_kept": settings.keep_pages, "feedback_kept": settings.keep_feedback}
        try:
            desk.store.expire(desk.clock(), **kept)
        except sqlite3.OperationalError as error:  # compaction has the file; the next hour will do
            log.warning("What expired was not removed: %s", what_happened(error))
        await desk.sleep(_TIDY_EVERY)


async def _schedule(desk: Desk) -> None:
    """Re-ingest when the settings say; what was missed while the bot was away is made up once."""
    plan = desk.settings.reingest_schedule
    if plan is None:
        return
    began = await desk.reingest.last_began() or _now(desk)
    while True:
        while (left := (due(plan, began, _now(desk)) - _now(desk)).total_seconds()) > 0:
            await desk.sleep(left)
        began = _now(desk)
        if not desk.reingest.running:
            log.info("Re-ingested: %s", described(await desk.reingest.start(), "en").text)


def _now(desk: Desk) -> datetime:
    return datetime.fromtimestamp(desk.clock(), UTC)


@contextlib.contextmanager
def _executor() -> Iterator[Executor]:
    """Give threads for what blocks; leaving waits for none that hangs."""
    executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="archive")
    try:
        yield executor
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


async def _note(_: object, context: Context) -> None:
    """Log an error that a handler let through, without any words of the update."""
    if context.error is not None:
        log.warning("An update came to nothing: %s", what_happened(context.error))
