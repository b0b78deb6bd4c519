"""Thread files made up at random, with what must be read from them.

A model of a thread is drawn first, then written in a format with its irregularities. Texts are built from
pieces that come as (Markdown, what is visible of it), so the truth is known without a second parser.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

HAN = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会"
WORDS = (
    "DeepSeek",
    "AI",
    "9.11",
    "snake_case",
    "C++",
    "50%",
    "a/b",
    "(注)",
    "“好”",
    "[捂脸]",
    "[doge]",
    "😂",
    "R&D",
)
PLACES = ("https://a.example/x?y=1&z=2", "https://b.example/A_(B)", "/local", "")


@dataclass
class Written:
    """A comment as it is in the file."""

    author: str
    is_reply: bool = False
    reply_to: str | None = None
    #: Markdown lines; None where the slot is missing.
    zh: list[str] | None = None
    en: list[str] | None = None
    zh_seen: str = ""
    en_seen: str = ""
    images: int = 0
    #: Filled in by the writer: 1-based.
    lines: tuple[int, int] = (0, 0)


han_text = st.text(HAN, min_size=1, max_size=12)
en_text = st.lists(
    st.sampled_from("why not the quick brown fox and a lazy dog make it work so well today".split()),  # noqa: SIM905
    min_size=2,
    max_size=8,
).map(" ".join)


def _pieces(words: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    """Draw (Markdown, visible) of a run of text within a line."""
    plain = words.map(lambda text: (text, text))
    return st.one_of(
        plain,
        plain,
        st.sampled_from(WORDS).map(lambda text: (text.replace("[", "\\["), text)),
        words.map(lambda text: (f"**{text}**", text)),
        words.map(lambda text: (f"*{text}*", text)),
        words.map(lambda text: (f"~~{text}~~", text)),
        words.map(lambda text: (f"<b>{text}</b>", text)),
        words.map(lambda text: (f"`{text}`", text)),
        st.tuples(words, st.sampled_from(PLACES)).map(lambda pair: (f"[{pair[0]}]({pair[1]})", pair[0])),
        st.just(("![图](https://i.example/a.png)", "")),
        st.just(("5 \\* 3 &lt; 16 \\_ &amp;", "5 * 3 < 16 _ &")),
        st.just(("<!-- 不见 -->", "")),
    )


@st.composite
def _line(draw, words):
    pieces = draw(st.lists(_pieces(words), min_size=1, max_size=4))
    # Apart by spaces, so that no mark touches another.
    return "开 " + " ".join(p[0] for p in pieces), "开 " + " ".join(p[1] for p in pieces if p[1])


@st.composite
def _block(draw, words):
    source, seen = draw(_line(words))
    second, second_seen = draw(_line(words))
    return draw(
        st.sampled_from(
            [
                ([source], [seen]),
                ([source], [seen]),
                ([source + "  ", second], [seen, second_seen]),
                ([source, second], [seen, second_seen]),
                ([f"### {source}"], [seen]),
                ([source, "---"], [seen]),
                ([f"> {source}", f"> {second}"], [seen, second_seen]),
                ([f"- {source}", f"- {second}"], [seen, second_seen]),
                ([f"1. {source}", f"2. {second}"], [f"1. {seen}", f"2. {second_seen}"]),
                (
                    ["```", "### 知乎用户 引用 发表", "**code** <b>", "```"],
                    ["### 知乎用户 引用 发表", "**code** <b>"],
                ),
                (["* * *", "", source], [seen]),
                (["| a | b |", "|---|---|", f"| {second} | 1 |"], ["a b", f"{second_seen} 1"]),
            ]
        )
    )


@st.composite
def _body(draw, words):
    """Draw (Markdown lines, visible text, images)."""
    blocks = draw(st.lists(_block(words), min_size=1, max_size=3))
    source: list[str] = []
    seen: list[str] = []
    quotes_header = False
    for markdown_lines, seen_lines in blocks:
        if markdown_lines[0] == "```":
            if quotes_header:
                continue  # two such blocks in a row can be read either way, see ingest.formats.fences
            quotes_header = True
        if source:
            # Something between them, or two lists would be one.
            source += ["", "隔", ""]
            seen.append("隔")
        source += markdown_lines
        seen += seen_lines
    return source, "\n".join(seen), sum(line.count("![") for line in source)


names = st.one_of(
    han_text,
    st.sampled_from(
        ["null", "Null", "wan wan", "知乎用户 x", "No reply Bob", "a\\_b", "甲:乙", "R\\&D", "😂", "x  y"]
    ),
)
spaces = st.sampled_from(["", " ", "  "])


def unescaped(name: str) -> str:
    return name.replace("\\", "")


@st.composite
def archive(draw):
    """Draw (text of a Chinese archive, its comments)."""
    lines = [
        "---",
        "title: 题目",
        "date: 2025-01-02",
        "tags: [甲,乙]",
        "---",
        *[""] * draw(st.integers(0, 2)),
    ]
    comments: list[Written] = []
    for _ in range(draw(st.integers(1, 5))):
        name = draw(names)
        body, seen, images = draw(_body(han_text))
        comment = Written(unescaped(name), zh=body, zh_seen=seen, images=images)
        lines.append(f"### 知乎用户 {draw(spaces)}{name}{draw(spaces)} 发表{draw(spaces)}")
        first = len(lines)
        lines += ["    "] * draw(st.integers(0, 2)) + [""] + body
        last = next(n for n in range(len(lines), 0, -1) if lines[n - 1].strip() not in ("", "---", "```"))
        comment.lines = (first, last)
        lines += ["    "] * draw(st.integers(1, 3))
        comments.append(comment)
    return draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines), comments


@st.composite
def page(draw):
    """Draw (text of a bilingual page, its comments)."""
    lines = [
        "+++",
        'title = "Why?"',
        'date = "2025-01-02"',
        "+++",
        "",
        "<small>为什么</small>",
        "",
        "## ⬇️ Here",
    ]
    comments: list[Written] = []
    for index in range(draw(st.integers(1, 6))):
        is_reply = index > 0 and draw(st.integers(0, 3)) > 0
        name = draw(names.filter(lambda name: " reply " not in name))
        reply_to = draw(st.none() | st.sampled_from([c.author for c in comments])) if is_reply else None
        if reply_to is not None and "\\" in reply_to:
            reply_to = None
        zh, zh_seen, images = draw(_body(han_text))
        en, en_seen, _ = draw(_body(en_text))
        has_en = draw(st.booleans())
        comment = Written(
            unescaped(name),
            is_reply,
            reply_to,
            zh,
            en if has_en else None,
            zh_seen,
            en_seen if has_en else "",
            images,
        )
        _write(draw, lines, comment, name)
        comments.append(comment)
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines), comments


def _write(draw, lines: list[str], comment: Written, name: str) -> None:
    if comment.is_reply and draw(st.booleans()):
        lines += ["", draw(st.sampled_from(["### 💬 Reply", "#### 💬 Reply"]))]
    icon = "👤" if comment.is_reply else draw(st.sampled_from(["🧑💼", "🧑‍💼"]))
    shown = name if comment.reply_to is None else f"{name} reply {comment.reply_to}"
    header = draw(st.sampled_from(["{} *{}:*  ", "{} *{}*  ", "{} *{}:*", "{} *{}：*", "{} *{}:"]))
    lines += ["", header.format(icon, shown)]
    first = last = len(lines)
    small, close, div = draw(
        st.sampled_from(
            [
                ("<small>", "</small>", '<div class="translated-text">'),
                ("<SMALL class='x'>", "</Small>", '<DIV id=a class="a translated-text">'),
                ("<small>", "", '<div class="translated-text">'),
            ]
        )
    )
    lines.append(small)
    if not comment.is_reply and draw(st.booleans()):
        lines.append('<span style="font-size: 2em;">🗣</span>')
    last = _add(lines, comment.zh or [])
    lines += [close] if close else []
    lines += [""] * draw(st.integers(0, 2))
    if comment.en is not None:
        lines.append(div)
        last = _add(lines, comment.en)
        lines += ["</div>"] if draw(st.booleans()) else []
    comment.lines = (first, last)
    lines += draw(st.sampled_from([["", "---", ""], [""], ["", "<hr style='x'>", "", ""]]))


def _add(lines: list[str], body: list[str]) -> int:
    lines += body
    return next(n for n in range(len(lines), 0, -1) if lines[n - 1].strip() not in ("", "---", "```"))
