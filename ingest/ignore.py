"""Ignore rules as in git: a `.gitignore` and a `.threadbotignore` in any folder of a source.

The rules of a folder are loaded only where one of these files stands in it, so that a tree without any
is listed without looking for them. The last rule that matches decides, and those of a folder go before
those of the folders above it, `.threadbotignore` before `.gitignore`. What is inside an ignored folder
is never looked at, so nothing in it can be brought back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

#: In order of weight, the least first.
FILES = (".gitignore", ".threadbotignore")
#: The group with which pathspec's expressions match the slash behind a folder.
_FOLDER = "ps_d"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an ignore file."""

    expression: re.Pattern[str]
    #: Whether it ignores what it matches, or brings it back.
    ignores: bool

    def matches(self, path: str, *, folder: bool) -> bool:
        """Tell whether it speaks of this very entry, and not only of a folder above it.

        That is where pathspec's own answer differs from git's: `!drafts` brings back the folder, and
        leaves what other rules say of the files in it.
        """
        if _FOLDER not in self.expression.groupindex:
            return self.expression.search(path) is not None
        if not self.expression.pattern.startswith("^"):  # `*/`: any folder
            return folder
        return self.expression.fullmatch(f"{path}/" if folder else path) is not None


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in one folder: its own rules and those of all folders above it."""

    #: (path of the folder whose rules they are, as the beginning of what is in it; its rules), the
    #: strongest first.
    levels: tuple[tuple[str, tuple[Rule, ...]], ...] = ()

    def within(self, prefix: str, texts: Iterable[str]) -> Rules:
        """Return what holds in a folder with ignore files of these texts, in order of `FILES`.

        `prefix` is its path with a slash behind, "" for the source itself.
        """
        rules = tuple(rule for text in texts for rule in parse(text))[::-1]
        return Rules(((prefix, rules), *self.levels)) if rules else self

    def ignore(self, path: str, *, folder: bool) -> bool:
        """Tell whether a file or folder that stands at a path below the source is to be left alone."""
        for prefix, rules in self.levels:
            own = path[len(prefix) :]
            for rule in rules:
                if rule.matches(own, folder=folder):
                    return rule.ignores
        return False


def parse(text: str) -> list[Rule]:
    """Return the rules of an ignore file; lines that git has no meaning for have none here."""
    from pathspec import GitIgnoreSpec

    rules: list[Rule] = []
    for line in text.split("\n"):
        try:
            (pattern,) = GitIgnoreSpec.from_lines([line]).patterns
        except ValueError:  # such as a lone "!"
            continue
        if pattern.regex is not None and pattern.include is not None:
            rules.append(Rule(pattern.regex, pattern.include))
    return rules
