"""The README's conversation, held again with the real model: every line must come as it stands there."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from ingest import sync
from retrieval.archive import Archive
from retrieval.embedder import embedder_for

ROOT = Path(__file__).parents[3]
#: When the index was refreshed is another time every time.
_REFRESHED = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d")
_PRESS = re.compile(r"press \[ (.+) \]")
_EDITS = {"中文", "English"}


def conversation():
    """Return the README's pairs of what the user does and what is shown, as blocks of lines."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, below = readme.partition("### A conversation\n")
    text = below.split("```text\n")[1].partition("```")[0]
    parts = re.split(r"(?m)^YOU  (.+)\n", text)[1:]
    return [(said, shown.strip("\n")) for said, shown in zip(parts[::2], parts[1::2], strict=True)]


def drawn(call):
    """Draw a message as the README does: quotes behind a bar, buttons in brackets."""
    raw = call.text.encode("utf-16-le")
    quotes = [each for each in call["entities"] or [] if each["type"] == "expandable_blockquote"]
    ranges = [(each["offset"], each["offset"] + each["length"]) for each in quotes]
    ends = [at for at in range(len(raw) // 2) if raw[2 * at : 2 * at + 2] == b"\n\0"]
    lines = []
    for start, end in pairwise([-1, *ends, len(raw) // 2]):
        inside = any(first <= max(0, start + 1) < last or first < end <= last for first, last in ranges)
        line = raw[2 * start + 2 : 2 * end].decode("utf-16-le")
        lines.append(f"  {'┃ ' if inside else ''}{line}")
    rows = (call["reply_markup"] or {}).get("inline_keyboard", [])
    lines += ["  " + " ".join(f"[ {button['text']} ]" for button in row) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


@pytest.mark.slow
async def test_the_readmes_conversation_is_a_real_one(world, tmp_path):
    """Questions, presses and answers, in both languages."""
    embedder = embedder_for("built-in")
    sync.ingest([ROOT / "ingest" / "samples"], tmp_path / "data", embedder)
    world.archive = Archive(tmp_path / "data", embedder)
    await world.start(count=2)
    answer = None
    for said, expected in conversation():
        press = _PRESS.fullmatch(said)
        if press is None:
            answer = await world.ask(said)
            shown = drawn(answer)
        else:
            label = press[1]
            sends = label not in _EDITS and not label.startswith("Why")
            notice = await world.press(answer, label, messages=int(sends))
            last = world.api.of("sendMessage" if sends else "editMessageText")[-1]
            shown = "\n".join(f"  {line}" for line in notice.split("\n")) if notice else drawn(last)
        assert _REFRESHED.sub("…", shown) == _REFRESHED.sub("…", expected)
    world.archive.close()
