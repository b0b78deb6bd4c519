"""A local stand-in for the Bot API: answers real HTTP, records every call, and fails when told to.

It refuses what Telegram refuses (texts too long or empty, entities out of range, callback data over 64
bytes), so that a test which only looks at what was sent still proves that it could be sent.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp
from aiohttp import web

BOT = {"id": 999, "is_bot": True, "first_name": "threadbot", "username": "thread_bot"}
TOKEN = "999:AbCdEfGhIjKlMnOpQrStUvWxYz-0123456789"  # noqa: S105 - nobody's
_JSON = {
    "allowed_updates", "button", "commands", "entities", "link_preview_options", "reaction",
    "reply_markup", "reply_parameters", "results", "scope",
}  # fmt: skip
_NUMBERS = {
    "chat_id", "message_id", "message_thread_id", "offset", "timeout", "cache_time", "max_connections",
}  # fmt: skip
_LONGEST, _MOST_ENTITIES, _LONGEST_DATA = 4096, 100, 64


@dataclass(frozen=True)
class Fault:
    """A way to fail once."""

    status: int = 200
    description: str = ""
    parameters: dict[str, int] = field(default_factory=dict)
    #: Whether the request is carried out all the same.
    taken: bool = False
    #: Close the connection instead of answering; send this instead of an answer; wait first.
    drop: bool = False
    raw: bytes | None = None
    slow: bool = False


def flood(retry_after: int | None) -> Fault:
    """Say 429, with or without how long to wait."""
    parameters = {} if retry_after is None else {"retry_after": retry_after}
    return Fault(429, "Too Many Requests", parameters)


#: No failure, for a call before the one that is to fail.
FINE = Fault()
BAD_GATEWAY = Fault(502, "Bad Gateway", raw=b"<html>502 Bad Gateway</html>")
DROPPED = Fault(drop=True)
TAKEN_AND_DROPPED = Fault(drop=True, taken=True)
BAD_JSON = Fault(raw=b'{"ok": true, "result": {"message_id"', taken=True)
SLOW = Fault(slow=True, taken=True)
BLOCKED = Fault(403, "Forbidden: bot was blocked by the user")
BAD_ENTITIES = Fault(400, "Bad Request: can't parse entities: unexpected end")
CONFLICT = Fault(409, "Conflict: terminated by other getUpdates request")
UNAUTHORIZED = Fault(401, "Unauthorized")


@dataclass(frozen=True)
class Call:
    """One request, its JSON parameters read."""

    method: str
    data: dict[str, Any]
    #: The id of the message that came of it.
    ids: list[int] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        return self.data.get(name)

    @property
    def text(self) -> str:
        """Return the text sent."""
        return str(self.data["text"])

    @property
    def message(self) -> int:
        """Return the id of the message that came of it."""
        return self.ids[0]

    @property
    def buttons(self) -> dict[str, str]:
        """Return callback data, or address, by label."""
        rows = (self.data.get("reply_markup") or {}).get("inline_keyboard", [])
        return {each["text"]: each.get("callback_data") or each.get("url") for row in rows for each in row}


class Double:
    """The Bot API of one bot."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        #: What chats show: (chat, message id) to the latest text.
        self.shown: dict[tuple[int, int], str] = {}
        self.url = ""
        self.paths: list[str] = []
        self.released = asyncio.Event()
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._updates: list[dict[str, Any]] = []
        self._changed = asyncio.Condition()
        self._newest = 99
        self._messages = count(1000)
        self._runner: web.AppRunner | None = None
        self._closed = False
        #: The webhook that was set, as it was set, and where its public address leads to.
        self.webhook: dict[str, Any] | None = None
        self.leads_to = ""
        self.webhook_state: dict[str, Any] = {}

    async def start(self) -> None:
        """Listen on a free port."""
        application = web.Application()
        application.router.add_route("*", "/bot{token}/{method}", self._handle)
        self._runner = web.AppRunner(application, shutdown_timeout=0.01)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def close(self) -> None:
        """Stop listening."""
        self._closed = True
        self.released.set()
        async with self._changed:
            self._changed.notify_all()
        if self._runner:
            await self._runner.cleanup()

    # What tests tell it.

    def fail(self, method: str, *faults: Fault) -> None:
        """Fail the next calls of a method, one fault each."""
        self._faults[method].extend(faults)

    async def bring(self, update: dict[str, Any], secret: str | None = None) -> int:
        """Bring an update to the webhook once; return the status it is answered with."""
        assert self.webhook is not None
        given = self.webhook["secret_token"] if secret is None else secret
        headers = {"X-Telegram-Bot-Api-Secret-Token": given}
        async with (
            aiohttp.ClientSession() as client,
            client.post(self.leads_to, json=update, headers=headers) as answer,
        ):
            return answer.status

    async def push(self, *updates: dict[str, Any]) -> None:
        """Deliver updates as they are: with the next poll, or to the webhook where one is set."""
        if self.webhook is not None:
            self._newest = max(self._newest, *(each["update_id"] for each in updates))
            for each in updates:
                assert await self.bring(each) == 200
            return
        async with self._changed:
            self._updates += updates
            self._newest = max(self._newest, *(each["update_id"] for each in updates))
            self._changed.notify_all()

    async def update(self, **content: Any) -> dict[str, Any]:
        """Deliver one update with a fresh id."""
        made = {"update_id": self._newest + 1, **content}
        await self.push(made)
        return made

    async def say(self, text: str | None, **options: Any) -> dict[str, Any]:
        """Deliver a message; see `message`."""
        made = self.message(text, **options)
        await self.update(message=made)
        return made

    def message(
        self,
        text: str | None,
        *,
        user: int = 1,
        chat: int | None = None,
        language: str = "en",
        topic: int | None = None,
        reply_to: int | None = None,
        **extra: Any,
    ) -> dict[str, Any]:
        """Return a message from a user; in a private chat unless a (negative) chat is given."""
        kind = "private" if chat is None else "supergroup"
        made: dict[str, Any] = {
            "message_id": next(self._messages),
            "date": 1_700_000_000,
            "chat": {"id": chat or user, "type": kind},
            "from": {"id": user, "is_bot": False, "first_name": "Ada", "language_code": language},
            **extra,
        }
        if text is not None:
            made |= {"text": text, "entities": _entities(text)}
        if topic is not None:
            made |= {"message_thread_id": topic, "is_topic_message": True}
        if reply_to is not None:
            made["reply_to_message"] = self._sent(chat or user, reply_to)
        return made

    async def press(
        self, data: str, message: int, *, user: int = 1, chat: int | None = None, language: str = "en"
    ) -> None:
        """Press a button under a message of the bot's."""
        pressed_by = {"id": user, "is_bot": False, "first_name": "Ada", "language_code": language}
        query = {"id": "77", "from": pressed_by, "chat_instance": "1", "data": data}
        await self.update(callback_query=query | {"message": self._sent(chat or user, message)})

    async def type_inline(self, text: str, *, user: int = 1, offset: str = "", name: str = "q1") -> None:
        """Type something after the bot's name."""
        asker = {"id": user, "is_bot": False, "first_name": "Ada"}
        await self.update(inline_query={"id": name, "from": asker, "query": text, "offset": offset})

    async def until(self, method: str, number: int = 1) -> Call:
        """Wait for the n-th call of a method and return it."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: len(self.of(method)) >= number)
        return self.of(method)[number - 1]

    def of(self, method: str) -> list[Call]:
        """Return all calls of a method so far."""
        return [call for call in self.calls if call.method == method]

    def to(self, chat: int) -> list[Call]:
        """Return the messages sent to a chat so far."""
        return [call for call in self.of("sendMessage") if call["chat_id"] == chat]

    # What it does.

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.paths.append(request.path)
        data = {name: _read(name, value) for name, value in (await request.post()).items()}
        call = Call(method, data)
        await self._record(call)
        faults = self._faults[method]
        fault = faults.popleft() if faults else FINE
        if fault is FINE:
            return await self._answer(call)
        return await self._fail(request, call, fault)

    async def _fail(self, request: web.Request, call: Call, fault: Fault) -> web.StreamResponse:
        if fault.taken:
            await self._answer(call)
        if fault.slow:
            await self.released.wait()
        if fault.drop and request.transport:
            request.transport.close()
        if fault.raw is not None:
            return web.Response(status=fault.status, body=fault.raw)
        return _refusal(fault.status, fault.description, fault.parameters)

    async def _record(self, call: Call) -> None:
        async with self._changed:
            self.calls.append(call)
            self._changed.notify_all()

    async def _answer(self, call: Call) -> web.Response:
        if call.method == "getUpdates":
            return _result(await self._poll(call))
        if call.method == "getMe":
            return _result(BOT)
        if call.method in {"setWebhook", "deleteWebhook"}:
            self.webhook = call.data if call.method == "setWebhook" else None
        if call.method == "getWebhookInfo":
            url = self.webhook["url"] if self.webhook else ""
            state = {"url": url, "has_custom_certificate": False, "pending_update_count": 0}
            return _result(state | self.webhook_state)
        if (wrong := _wrong(call)) is not None:
            return _refusal(400, f"Bad Request: {wrong}", {})
        if call.method == "sendMessage":
            message = next(self._messages)
            self.shown[call["chat_id"], message] = call.text
            call.ids.append(message)
            return _result(self._sent(call["chat_id"], message))
        if call.method == "editMessageText":
            self.shown[call["chat_id"], call["message_id"]] = call.text
            return _result(self._sent(call["chat_id"], call["message_id"]))
        return _result(True)

    async def _poll(self, call: Call) -> list[dict[str, Any]]:
        offset = call["offset"] or 0
        async with self._changed:
            self._updates = [each for each in self._updates if each["update_id"] >= offset]
            if call["timeout"]:
                await self._changed.wait_for(lambda: self._updates or self._closed)
            return list(self._updates)

    def _sent(self, chat: int, message: int) -> dict[str, Any]:
        kind = "private" if chat > 0 else "supergroup"
        text = self.shown.get((chat, message), "…")
        return {
            "message_id": message,
            "date": 1_700_000_000,
            "chat": {"id": chat, "type": kind},
            "from": BOT,
            "text": text,
        }


def units(text: str) -> int:
    """Return how many UTF-16 units a text has."""
    return len(text.encode("utf-16-le")) // 2


def _wrong(call: Call) -> str | None:
    """Say what Telegram would find wrong with a call."""
    for label, data in call.buttons.items():
        if data and not data.startswith("http") and len(data.encode()) > _LONGEST_DATA:
            return f"BUTTON_DATA_INVALID {label}"
    texts = [call.data] if call.method in {"sendMessage", "editMessageText"} else []
    texts += [result["input_message_content"] for result in call["results"] or []]
    for content in texts:
        text = content.get("text", content.get("message_text", ""))
        if not text.strip():
            return "message text is empty"
        if units(text) > _LONGEST:
            return "message is too long"
        if wrong := _wrong_entities(text, content.get("entities") or []):
            return wrong
    return None


def _wrong_entities(text: str, entities: list[dict[str, Any]]) -> str | None:
    if len(entities) > _MOST_ENTITIES:
        return "can't parse entities: too many"
    raw = text.encode("utf-16-le")
    for entity in entities:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        if not 0 <= start < end <= units(text):
            return "can't parse entities: out of range"
        try:
            raw[2 * start : 2 * end].decode("utf-16-le")
        except UnicodeDecodeError:
            return "can't parse entities: inside a character"
    return None


def _entities(text: str) -> list[dict[str, Any]]:
    found = []
    if text.startswith("/"):
        found.append({"type": "bot_command", "offset": 0, "length": units(text.split()[0])})
    mention = f"@{BOT['username']}"
    at = text.find(mention)
    if at >= 0 and not text.startswith("/"):
        found.append({"type": "mention", "offset": units(text[:at]), "length": len(mention)})
    return found


def _read(name: str, value: Any) -> Any:
    if name in _JSON:
        return json.loads(value)
    return int(value) if name in _NUMBERS and str(value).lstrip("-").isdigit() else value


def _result(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _refusal(status: int, description: str, parameters: dict[str, int]) -> web.Response:
    body = {"ok": False, "error_code": status, "description": description}
    return web.json_response(body | ({"parameters": parameters} if parameters else {}), status=status)
