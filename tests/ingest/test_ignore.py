"""What ignore files leave out; every expectation is what git 2.39 says of the same tree."""

import pytest

from ingest.ignore import Rules

TREE = ("a.md", "x.txt", "draft/x.txt", "draft/y.md", "draft/deep/x.txt", "other/draft/x.txt", "other/z.md")


def kept(**texts):
    """Return what is left of the tree, walked down from the top, given ignore files by folder."""
    left = []
    for path in TREE:
        rules, prefix = Rules().within("", [texts.get("top", "")]), ""
        for name in path.split("/")[:-1]:
            if rules.ignore(f"{prefix}{name}", folder=True):
                break
            prefix += f"{name}/"
            rules = rules.within(prefix, [texts.get(prefix[:-1].replace("/", "_"), "")])
        else:
            if not rules.ignore(path, folder=False):
                left.append(path)
    return " ".join(left)


@pytest.mark.parametrize(
    ("texts", "left"),
    [
        ({}, " ".join(TREE)),
        ({"top": "# nothing\n\n   \n!\n"}, " ".join(TREE)),
        ({"top": "*.txt"}, "a.md draft/y.md other/z.md"),
        ({"top": "*.txt\r\n!/x.txt  "}, "a.md x.txt draft/y.md other/z.md"),
        ({"top": "draft/"}, "a.md x.txt other/z.md"),
        ({"top": "/draft"}, "a.md x.txt other/draft/x.txt other/z.md"),
        ({"top": "draft/\n!draft/x.txt"}, "a.md x.txt other/z.md"),
        ({"top": "draft/*\n!draft/x.txt"}, "a.md x.txt draft/x.txt other/draft/x.txt other/z.md"),
        ({"top": "draft/**\n!draft/x.txt"}, "a.md x.txt draft/x.txt other/draft/x.txt other/z.md"),
        ({"top": "*\n!*/\n!*.md"}, "a.md draft/y.md other/z.md"),
        ({"top": "/*\n!/other/"}, "other/draft/x.txt other/z.md"),
        ({"top": "**/deep"}, "a.md x.txt draft/x.txt draft/y.md other/draft/x.txt other/z.md"),
        ({"top": "other/**/x.txt"}, "a.md x.txt draft/x.txt draft/y.md draft/deep/x.txt other/z.md"),
        ({"top": "[ax].*"}, "draft/y.md other/z.md"),
        (
            {"top": "*.txt", "draft": "!x.txt"},
            "a.md draft/x.txt draft/y.md draft/deep/x.txt other/z.md",
        ),
        ({"top": "*.txt\n", "draft": "!deep"}, "a.md draft/y.md other/z.md"),
        ({"draft": "/x.txt"}, "a.md x.txt draft/y.md draft/deep/x.txt other/draft/x.txt other/z.md"),
        (
            {"top": "draft", "other": "!draft/\n*.md"},
            "a.md x.txt other/draft/x.txt",
        ),
    ],
)
def test_ignore_rules_are_those_of_git(texts, left):
    """Anchored and free patterns, folders, exceptions, and rules of deeper folders before those above."""
    assert kept(**texts) == left
