"""What the environment and `.env` may say; the README's table is checked against these descriptions."""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingest.schedule import Every, cron, duration, zone_of
from retrieval.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.schedule import Schedule
    from retrieval.types import Language

PREFIX = "THREADBOT_"


def seconds(text: object) -> object:
    """Return the seconds of a duration such as `30s`, `10m`, `6h` or `1d`; raise ValueError if it is none."""
    return duration(text) if isinstance(text, str) else text


def _zone(text: str) -> str:
    zone_of(text)
    return text


def _ids(text: str) -> str:
    """Check a list of ids."""
    for part in text.split(","):
        digits = part.strip().removeprefix("-")
        if digits and digits != "*" and not (digits.isascii() and digits.isdigit()):
            raise ValueError("ids are numbers, separated by commas")
    return text


def _user_ids(text: str) -> str:
    if "*" in text:
        raise ValueError("administrators are named by their ids")
    return _ids(text)


def _secret(value: SecretStr) -> SecretStr:
    """Check a webhook's secret as Telegram does."""
    if re.fullmatch(r"[A-Za-z0-9_-]{0,256}", value.get_secret_value()) is None:
        raise ValueError("a secret has 1 to 256 of A-Z, a-z, 0-9, _ and -")
    return value


def _server(text: str) -> str:
    """Check a server's address."""
    try:
        split = urlsplit(text)
        sound = split.scheme in {"http", "https"} and split.hostname and not re.search(r"\s", text)
        _ = split.port  # where it is none, there is an error
    except ValueError:
        sound = False
    if text and not (sound and split.username is None and not split.query and not split.fragment):
        raise ValueError(
            "a server's address is written like https://chroma.example, without a user name or password"
        )
    return text


def _chroma_name(text: str) -> str:
    """Check the name of a tenant or a database as Chroma does."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,510}[A-Za-z0-9]", text) is None:
        raise ValueError(
            "a name there has 3 to 512 of A-Z, a-z, 0-9, ., _ and -, with a letter or digit at both ends"
        )
    return text


def _headers(text: SecretStr) -> SecretStr:
    """Check a list of headers."""
    for pair in filter(str.strip, text.get_secret_value().split(";")):
        name, colon, value = pair.partition(":")
        named = colon and value.strip() and name.strip().replace("-", "").isalnum()
        if not (named and pair.isascii() and pair.isprintable()):
            raise ValueError("headers are written `Name: value`, separated by semicolons")
    return text


Duration = Annotated[float, BeforeValidator(seconds)]


class Settings(BaseSettings):
    """Every setting, read once at the start of a command."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        # Field names may start with "model".
        protected_namespaces=(),
    )

    data_dir: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        default_factory=lambda: user_data_path("threadbot", appauthor=False),
        description="Where the index, the embedding cache and the chat history are kept. "
        "Default: the platform's user data folder.",
    )
    model: str = Field(
        default="built-in",
        description="The sentence-transformers model: `built-in`, one of the Hugging Face hub, or a folder.",
    )
    device: str | None = Field(
        default=None,
        description="Where the model runs: `cpu`, `cuda`, `mps`, … Default: whatever it finds.",
    )
    encoding_devices: str = Field(
        default="",
        description="Devices on which an ingest encodes, a process on each, separated by commas: "
        "`cuda:0,cuda:1`, `cpu,cpu`. Runs the built-in model with `torch`. Default: none, one process.",
    )
    backend: Literal["auto", "onnx", "onnx-int8", "torch"] = Field(
        default="auto",
        description="What runs the model: `onnx` (the built-in model on the processor: the same vectors, "
        "faster), `onnx-int8` (faster still, a little less exact) or `torch`. Default: `onnx` where it can.",
    )
    reranker: str = Field(
        default="",
        description="A sentence-transformers CrossEncoder that orders the comments found anew, of the "
        "Hugging Face hub or in a folder. Takes seconds for an answer without a GPU. Default: none.",
    )
    language: Literal["auto", "en", "zh"] = Field(
        default="auto",
        description="The language of quotes and sentences: `auto` follows the question, or `en`, `zh`.",
    )
    count: int = Field(default=5, ge=1, le=50, description="How many comments an answer quotes, 1 to 50.")
    excerpt_length: int = Field(
        default=300, ge=40, le=4000, description="How many characters a quote has at most, 40 to 4000."
    )
    fetch_http: bool = Field(
        default=False,
        description="Whether `http://` addresses may be ingested, which anybody on the way can change.",
    )
    fetch_private: bool = Field(
        default=False,
        description="Whether addresses may lead to this machine or a private network.",
    )
    fetch_concurrency: int = Field(
        default=8, ge=1, le=64, description="How many addresses are fetched at the same time, 1 to 64."
    )
    fetch_size: int = Field(
        default=32,
        ge=1,
        le=256,
        description="How many megabytes one page or list at an address has at most, 1 to 256.",
    )
    fetch_timeout: Duration = Field(
        default="60s", validate_default=True, description="How long one try to fetch an address may take."
    )
    fetch_tries: int = Field(
        default=4, ge=1, le=10, description="How often an address that fails is tried in one run, 1 to 10."
    )
    chroma_url: Annotated[str, AfterValidator(_server)] = Field(
        default="",
        description="A Chroma server that keeps the index instead of the data folder, such as "
        "`https://chroma.example`. Default: none.",
    )
    chroma_tenant: Annotated[str, AfterValidator(_chroma_name)] = Field(
        default="default_tenant", description="The tenant there."
    )
    chroma_database: Annotated[str, AfterValidator(_chroma_name)] = Field(
        default="default_database",
        description="The database there; each index needs its own. The first ingest makes it.",
    )
    chroma_headers: Annotated[SecretStr, AfterValidator(_headers)] = Field(
        default=SecretStr(""),
        description="What the server, or the proxy before it, wants to see, such as `Authorization: Bearer "
        "…`; several are separated by semicolons.",
    )
    chroma_lease: Duration = Field(
        default="30s",
        validate_default=True,
        description="How long an ingest may be silent before another machine's takes over.",
    )
    telegram_token: SecretStr | None = Field(
        default=None, description="The Telegram bot's token, from @BotFather; `telegram` needs it."
    )
    telegram_api: str = Field(
        default="https://api.telegram.org",
        pattern=r"^https?://[^\s/]",
        description="The Bot API's base address, without `/bot`.",
    )
    allowed: Annotated[str, AfterValidator(_ids)] = Field(
        default="",
        description="Who may ask in Telegram: ids of users and chats, separated by commas; `*` for anyone. "
        "Default: nobody but administrators.",
    )
    admins: Annotated[str, AfterValidator(_user_ids)] = Field(
        default="",
        description="Ids of the users who may re-ingest, roll back, and let others in, separated by commas.",
    )
    chat_limit: int = Field(
        default=20, ge=1, description="How many questions a Telegram chat may ask in a minute."
    )
    total_limit: int = Field(
        default=120, ge=1, description="How many questions all Telegram chats together may ask in a minute."
    )
    reingest_every: Duration | None = Field(
        default=None,
        description="How often the Telegram bot re-ingests what is indexed, such as `6h`. Default: never.",
    )
    reingest_cron: str = Field(
        default="",
        description="When the Telegram bot re-ingests, as a cron expression such as `17 */6 * * *`, instead.",
    )
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        default="",
        description="The time zone of cron expressions, such as `Asia/Shanghai`. Default: the system's.",
    )
    keep_pages: Duration = Field(
        default="30d",
        validate_default=True,
        description="How long the buttons under a Telegram answer work; so long its question is kept.",
    )
    keep_feedback: Duration = Field(
        default="180d", validate_default=True, description="How long 👍 and 👎 are kept, with the question."
    )
    webhook_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/?#]+[^\s?#]*)?$",
        description="The public address at which Telegram reaches `POST /telegram`, such as "
        "`https://bot.example/telegram`: `telegram` then takes updates there. Default: it fetches them.",
    )
    webhook_secret: Annotated[SecretStr, AfterValidator(_secret)] = Field(
        default=SecretStr(""),
        description="What Telegram shows there to prove itself: 1 to 256 of `A-Z a-z 0-9 _ -`, needed with "
        "`THREADBOT_WEBHOOK_URL`.",
    )
    http_host: str = Field(
        default="127.0.0.1", description="The address that `serve`, and `telegram` beside it, listen on."
    )
    http_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Its port; 0 lets the system choose one. Default: 8080; `telegram` listens only where "
        "this is set or updates come by webhook.",
    )
    http_token: SecretStr = Field(
        default=SecretStr(""),
        description="The bearer token that the HTTP API asks for. Without one only this machine is answered.",
    )

    @property
    def reingest_schedule(self) -> Schedule | None:
        """Return when the Telegram bot re-ingests, None where it does not."""
        if self.reingest_cron:
            return cron(self.reingest_cron, zone_of(self.timezone))
        return Every(self.reingest_every) if self.reingest_every else None

    @field_validator("reingest_cron")
    @classmethod
    def _one_schedule(cls, text: str, others: ValidationInfo) -> str:
        if text and others.data.get("reingest_every"):
            raise ValueError("schedule is given twice, by THREADBOT_REINGEST_EVERY as well")
        try:
            return text and cron(text, UTC).expression
        except UsageError as error:
            raise ValueError(str(error).partition(";")[0]) from None


def load(data: Path | None = None) -> Settings:
    """Read the settings; `data`, from `--data`, goes before any other place for the data folder.

    Raise ConfigError with one sentence that names the first wrong variable.
    """
    given = {} if data is None else {"data_dir": data}
    try:
        return Settings(**given)  # type: ignore[arg-type]  # mypy takes the dict for the private options
    except ValidationError as error:
        raise ConfigError(_sentence(error)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The file .env cannot be read ({error}); mend or remove it.") from error


def interface_language(language: Literal["auto", "en", "zh"], environment: Mapping[str, str]) -> Language:
    """Choose the language of sentences that answer no question: the setting, else the locale's."""
    if language != "auto":
        return language
    names = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next((name for name in names if name), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    field = str(first["loc"][0])
    what = first["msg"]
    ours = what.removeprefix("Value error, ")
    why = ours if ours != what else "its " + what[:1].lower() + what[1:]
    # Such a value is shown to nobody, nor is an address that may have a password in it.
    secret = "Secret" in str(Settings.model_fields[field].annotation) or "@" in str(first["input"])
    given = "not right" if secret else repr(first["input"])
    name = PREFIX + field.upper()
    return f"The setting {name} is {given}, but {why}; correct it in the environment or in .env."
