"""Thread files made by tests, in the Chinese archive's format."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def page(*comments: tuple[str, str], title: str = "怎么种番茄？", date: str = "2025-01-14") -> str:
    """Return a thread file with these (author, Markdown) comments."""
    front = f'---\ndate: {date}T06:20:11+00:00\ntitle: "{title}"\ntags: [番茄]\n---\n\n'
    return front + "".join(f"### 知乎用户 {author} 发表\n\n{body}\n\n\n" for author, body in comments)


def write(path: Path, *comments: tuple[str, str], title: str = "怎么种番茄？") -> Path:
    """Write such a file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(*comments, title=title), encoding="utf-8")
    return path
