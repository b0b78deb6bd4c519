"""Pure: the buttons under a message, and what a press on one of them says.

A press is at most 64 bytes: a verb, then the id of a stored page or of a comment, then numbers. A
comment's id is enough for the chain, the whole text and more like it, so those outlive the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Literal

from bot.telegram import messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.telegram.pages import Item, Page
    from retrieval.types import Language

LONGEST_DATA = 64
_MARK = ":"
#: Sizes offered by /settings.
COUNTS = (3, 5, 8, 10)
LENGTHS = (150, 300, 800)


@unique
class Verb(StrEnum):
    """What a button does."""

    SELECT = "s"
    FLIP = "f"
    NEXT = "n"
    NEAREST = "x"
    AGAIN = "a"
    UP = "u"
    DOWN = "d"
    CHAIN = "c"
    LIKE = "l"
    WHOLE = "w"
    WHY = "y"
    THREAD = "t"
    THREADS = "p"
    LANG = "g"
    COUNT = "k"
    LENGTH = "e"
    ROLLBACK = "r"


@dataclass(frozen=True, slots=True)
class Button:
    """A label with either what a press says or an address."""

    label: str
    data: str | None = None
    url: str | None = None


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Press:
    """What a pressed button said."""

    verb: Verb
    #: The id of a page, a comment or a thread; a word for settings; may be empty.
    id: str = ""
    numbers: tuple[int, ...] = ()
    language: Language | None = None

    def __str__(self) -> str:
        data = _MARK.join([self.verb, self.id, self.language or "", *map(str, self.numbers)])
        if len(data.encode()) > LONGEST_DATA:
            raise ValueError(f"A button's data has {len(data.encode())} bytes, but at most {LONGEST_DATA}.")
        return data


def pressed(data: str) -> Press | None:
    """Read what a button said; None for what no button of ours says."""
    try:
        verb, identity, language, *numbers = data.split(_MARK)
        return Press(Verb(verb), identity, tuple(map(int, numbers)), _language(language))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class View:
    """How a message with excerpts is shown now."""

    #: The excerpts of the page in it: first, and one after the last.
    first: int
    last: int
    #: The one that the buttons are about, and whether all are shown in the other language.
    selected: int
    flipped: bool = False

    @classmethod
    def of(cls, press: Press, page: Page) -> View | None:
        """Read a view from a press, None where the page has no such excerpts."""
        if len(press.numbers) != len(("first", "last", "selected", "flipped")):
            return None
        first, last, selected, turned = press.numbers
        if not 0 <= first <= selected < last <= len(page.items):
            return None
        return cls(first, last, selected, bool(turned))

    def press(self, verb: Verb, page: Page, **changes: int) -> str:
        """Say a verb about this view, or about one that differs from it."""
        values = {
            "first": self.first,
            "last": self.last,
            "selected": self.selected,
            "flipped": int(self.flipped),
        }
        return str(Press(verb, page.id, tuple((values | changes).values())))


def under_answer(page: Page, view: View) -> Rows:
    """Return the buttons under a message with excerpts; the page's own only under its last message."""
    language = page.language
    item = page.items[view.selected]
    rows = [_numbers(page, view), _about(item, page, view, language), _place(item, page, view)]
    if view.last == len(page.items):
        rows.append(_page_row(page, language))
    return tuple(row for row in rows if row)


def under_nothing(page: Page) -> Rows:
    """Return the buttons under "nothing speaks to this"."""
    rows = [(Button(messages.SHOW_NEAREST(page.language), str(Press(Verb.NEAREST, page.id))),)]
    return (*(rows if page.items else ()), _votes(page))


def under_apology(page: Page) -> Rows:
    """Return the button under an answer that may not have arrived."""
    return ((Button(messages.SHOW_AGAIN(page.language), str(Press(Verb.AGAIN, page.id))),),)


@dataclass(frozen=True, slots=True)
class Turns:
    """Where a whole comment is open, and where it can be turned to."""

    comment: str
    shown: Language
    page: int
    pages: int
    #: The language it also exists in, if any.
    other: Language | None = None

    def to(self, page: int, language: Language | None = None) -> str:
        """Say what a button that turns to a page says."""
        return str(Press(Verb.WHOLE, self.comment, (page,), language or self.shown))


def under_whole(at: Turns, link: str | None, share: str, language: Language) -> Rows:
    """Return the buttons under a page of a whole comment: turn it, ask on from it, take it elsewhere."""
    turning = []
    if at.page > 0:
        turning.append(Button("◂", at.to(at.page - 1)))
    if at.page + 1 < at.pages:
        turning.append(Button("▸", at.to(at.page + 1)))
    more = []
    if at.other is not None:
        label = messages.IN_CHINESE if at.other == "zh" else messages.IN_ENGLISH
        more.append(Button(label(language), at.to(0, at.other)))
    more.append(Button(messages.REPLY_CHAIN(language), str(Press(Verb.CHAIN, at.comment, (), language))))
    more.append(Button(messages.MORE_LIKE_THIS(language), str(Press(Verb.LIKE, at.comment, (), language))))
    away = [Button(messages.SOURCE_LINK(language), url=link)] if link else []
    away.append(Button(messages.SHARE(language), url=share))
    return tuple(row for row in (tuple(turning), tuple(more), tuple(away)) if row)


def under_threads(ids: Sequence[str], page: int, pages: int, first: int, language: Language) -> Rows:
    """Return the buttons under a page of threads, numbered from `first`."""
    numbers = [
        Button(str(number), str(Press(Verb.THREAD, identity, (), language)))
        for number, identity in enumerate(ids, start=first)
    ]
    turning = []
    if page > 0:
        turning.append(Button("◂", str(Press(Verb.THREADS, "", (page - 1,), language))))
    if page + 1 < pages:
        turning.append(Button("▸", str(Press(Verb.THREADS, "", (page + 1,), language))))
    everything = (Button(messages.ALL_THREADS(language), str(Press(Verb.THREAD, "", (), language))),)
    half = (len(numbers) + 1) // 2
    rows = (tuple(numbers[:half]), tuple(numbers[half:]), tuple(turning), everything)
    return tuple(row for row in rows if row)


def under_settings(chosen: Literal["auto"] | Language, count: int, length: int, language: Language) -> Rows:
    """Return the buttons of /settings, what is chosen marked."""
    tongues = {
        "auto": messages.AUTO(language),
        "zh": messages.IN_CHINESE(language),
        "en": messages.IN_ENGLISH(language),
    }
    sizes = (messages.SHORT, messages.MEDIUM, messages.LONG)
    return (
        tuple(
            Button(_marked(label, on=code == chosen), str(Press(Verb.LANG, code)))
            for code, label in tongues.items()
        ),
        tuple(
            Button(_marked(str(each), on=each == count), str(Press(Verb.COUNT, "", (each,))))
            for each in COUNTS
        ),
        tuple(
            Button(_marked(label(language), on=each == length), str(Press(Verb.LENGTH, "", (each,))))
            for each, label in zip(LENGTHS, sizes, strict=True)
        ),
    )


def under_reingest(language: Language) -> Rows:
    """Return the button under the summary of a re-ingest that published something."""
    return ((Button(messages.ROLL_BACK(language), str(Press(Verb.ROLLBACK))),),)


def _numbers(page: Page, view: View) -> tuple[Button, ...]:
    if view.last - view.first < 2:
        return ()
    return tuple(
        Button(
            _marked(str(page.items[place].rank), on=place == view.selected),
            view.press(Verb.SELECT, page, selected=place),
        )
        for place in range(view.first, view.last)
    )


def _about(item: Item, page: Page, view: View, language: Language) -> tuple[Button, ...]:
    buttons = []
    if any(each.other for each in page.items[view.first : view.last]):
        shown = item.quote.language if not view.flipped or item.other is None else item.other.language
        label = messages.IN_ENGLISH if shown == "zh" else messages.IN_CHINESE
        turned = view.press(Verb.FLIP, page, flipped=int(not view.flipped))
        buttons.append(Button(label(language), turned))
    buttons.append(Button(messages.REPLY_CHAIN(language), str(Press(Verb.CHAIN, item.id, (), language))))
    buttons.append(Button(messages.MORE_LIKE_THIS(language), str(Press(Verb.LIKE, item.id, (), language))))
    return tuple(buttons)


def _place(item: Item, page: Page, view: View) -> tuple[Button, ...]:
    language = page.language
    whole = Button(messages.WHOLE(language), str(Press(Verb.WHOLE, item.id, (), item.quote.language)))
    why = Button(messages.WHY(language), view.press(Verb.WHY, page))
    return (whole, why, Button(messages.SOURCE_LINK(language), url=item.link)) if item.link else (whole, why)


def _page_row(page: Page, language: Language) -> tuple[Button, ...]:
    following = (Button(messages.NEXT(language), str(Press(Verb.NEXT, page.id))),) if page.more else ()
    return (*following, *_votes(page))


def _votes(page: Page) -> tuple[Button, ...]:
    return (
        Button("👍", str(Press(Verb.UP, page.id))),
        Button("👎", str(Press(Verb.DOWN, page.id))),
    )


def _marked(label: str, *, on: bool) -> str:
    return f"• {label}" if on else label


def _language(code: str) -> Language | None:
    if code in ("zh", "en"):
        return "zh" if code == "zh" else "en"
    return None
