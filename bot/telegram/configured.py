"""Pure: what the settings must say before the bot can start."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.server.hook import Hook
from retrieval.errors import ConfigError

if TYPE_CHECKING:
    from bot.settings import Settings

#: Where the service takes updates, for an address that names no path.
_PATH = "/telegram"


def token(settings: Settings) -> str:
    """Return the bot's token; raise ConfigError where there is none."""
    if settings.telegram_token is None:
        raise ConfigError(
            "There is no token; set THREADBOT_TELEGRAM_TOKEN to the one @BotFather gave you.",
            "没有令牌；请把 THREADBOT_TELEGRAM_TOKEN 设为 @BotFather 给您的令牌。",
        )
    return settings.telegram_token.get_secret_value().strip()


def hook(settings: Settings) -> Hook | None:
    """Return where Telegram is to bring updates, None where they are fetched.

    :raises ConfigError: If there is no secret, or Telegram itself would be told an unprotected address.
    """
    if not settings.webhook_url:
        return None
    secret = settings.webhook_secret.get_secret_value()
    if not secret:
        raise ConfigError(
            "A webhook needs a secret that only Telegram is told; set THREADBOT_WEBHOOK_SECRET to 1 to 256 "
            "of A-Z, a-z, 0-9, _ and -.",
            "Webhook 需要一个只告诉 Telegram 的密钥；请把 THREADBOT_WEBHOOK_SECRET 设为 1 到 256 个 "
            "A-Z、a-z、0-9、_ 或 - 字符。",
        )
    parts = urlsplit(settings.webhook_url)
    if (
        parts.scheme == "http"
        and settings.telegram_api == type(settings).model_fields["telegram_api"].default
    ):
        raise ConfigError(
            "Telegram calls https:// addresses only; put one into THREADBOT_WEBHOOK_URL.",
            "Telegram 只调用 https:// 地址；请在 THREADBOT_WEBHOOK_URL 中使用这样的地址。",
        )
    url = settings.webhook_url if parts.path.strip("/") else f"{settings.webhook_url.rstrip('/')}{_PATH}"
    return Hook(url, secret)
