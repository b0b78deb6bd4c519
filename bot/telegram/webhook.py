"""Let Telegram bring the updates, and look after the webhook while the bot runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.telegram.desk import log
from bot.telegram.intake import KINDS
from bot.telegram.polling import REJECTED
from bot.telegram.redaction import what_happened
from retrieval.errors import ConfigError, RetrievalError

if TYPE_CHECKING:
    from bot.server.hook import Hook
    from bot.telegram.desk import Desk
    from bot.telegram.intake import Intake
    from bot.telegram.requests import Bot

#: Connections Telegram may open at a time; every request is answered at once, so a few are plenty.
_CONNECTIONS = 20
#: Seconds between two looks at the webhook; that is also how soon a lost Telegram shows in `/readyz`.
_LOOK_EVERY = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


class Receiver:
    """Takes what Telegram brings until it is cancelled."""

    def __init__(self, bot: Bot, desk: Desk, intake: Intake, hook: Hook) -> None:
        self._bot, self._desk, self._intake, self._hook = bot, desk, intake, hook
        self._complaint: object = None

    async def run(self) -> None:
        """Set the webhook, take updates, and look now and then whether the webhook is still ours.

        :raises ConfigError: If Telegram refuses the address, or does not know the token any more.
        :raises RetrievalError: If somebody else set another webhook, or removed this one.
        """
        self._hook.take = self._intake.take
        try:
            await self._set()
            log.info("Telegram brings updates to %s.", self._hook.url)
            while True:
                await self._desk.sleep(_LOOK_EVERY)
                await self._look()
        finally:
            self._hook.take = None

    async def confirm(self) -> None:
        """Do nothing: what was taken was confirmed when it was brought."""

    async def _set(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._bot.set_webhook(
                    self._hook.url,
                    max_connections=_CONNECTIONS,
                    allowed_updates=KINDS,
                    drop_pending_updates=False,
                    secret_token=self._hook.secret,
                )
            except InvalidToken:
                raise ConfigError(*REJECTED) from None
            except BadRequest as error:
                raise ConfigError(*(each.format(reason=error.message) for each in REFUSED)) from None
            except TelegramError as error:
                log.warning("The webhook was not set, trying again: %s", what_happened(error))
                await self._desk.sleep(pause)
                pause = min(_LONGEST_PAUSE, pause * 2)
            else:
                return

    async def _look(self) -> None:
        try:
            state = await self._bot.get_webhook_info()
        except InvalidToken:
            raise ConfigError(*REJECTED) from None
        except TelegramError as error:
            log.info("The webhook was not looked at: %s", what_happened(error))
            return
        if state.url != self._hook.url:
            raise RetrievalError(*TAKEN) from None
        if state.last_error_date != self._complaint:
            self._complaint = state.last_error_date
            log.warning("Telegram could not bring an update: %s", state.last_error_message)


#: In English and Chinese.
REFUSED = (
    "Telegram refuses the address in THREADBOT_WEBHOOK_URL ({reason}); it takes https:// on port 443, 80, 88 "
    "or 8443.",
    "Telegram 不接受 THREADBOT_WEBHOOK_URL 中的地址（{reason}）；它只接受 443、80、88 或 8443 端口上的 "
    "https:// 地址。",
)
TAKEN = (
    "Another program changed this bot's webhook; stop it, or give this one a token of its own "
    "in THREADBOT_TELEGRAM_TOKEN.",
    "另一个程序更改了这个机器人的 webhook；请停止它，或在 THREADBOT_TELEGRAM_TOKEN 中换一个令牌。",
)
