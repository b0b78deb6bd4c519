import json
from importlib.resources import files

import pytest

from bot.__main__ import main
from ingest.decoding import decode
from ingest.formats import parse
from ingest.identity import thread_id
from tests.fakes import streams, written

SAMPLES = sorted(
    str(path) for path in files("ingest.samples").iterdir() if path.name.endswith((".md", ".txt"))
)


def run(*argv):
    own = streams()
    code = main(["parse", *argv], own)
    return code, written(own.stdout), written(own.stderr)


@pytest.mark.parametrize("path", SAMPLES)
def test_jsonl_is_one_object_per_comment_in_file_order(path):
    """Exactly the promised keys, in the promised order."""
    code, out, err = run(path, "--jsonl")
    comments = [json.loads(line) for line in out.split("\n")[:-1]]
    assert (code, err) == (0, "")
    assert [comment["position"] for comment in comments] == list(range(1, len(comments) + 1))
    for comment in comments:
        assert " ".join(comment) == "thread position kind author reply_to parent text lines images"
        assert " ".join(comment["thread"]) == "id title question date tags"
        assert list(comment["text"]) == list(comment["thread"]["title"]) == ["zh", "en"]


def test_the_thread_has_the_id_it_has_in_the_index():
    """`parse` and `ask` speak of the same thread."""
    with open(SAMPLES[0], "rb") as file:  # noqa: PTH123
        parsed = parse(decode(file.read()))
    assert json.loads(run(SAMPLES[0], "--jsonl")[1].split("\n")[0])["thread"]["id"] == thread_id(parsed)


def test_without_jsonl_the_comments_are_listed_to_be_read():
    """Author, whom they reply to, lines, and both texts."""
    code, out, _ = run(SAMPLES[0])
    assert code == 0
    assert "4. reply under 3 by 栗子壳儿 replying to Momo Green Thumb, lines " in out
    assert "   en: Use cotton cords as wicks" in out
    assert "   zh: 棉绳引水" in out


def test_unreadable_files_are_named_and_the_others_go_on(tmp_path):
    """One reason a file on standard error; exit code 0 as long as something could be read."""
    (tmp_path / "empty.md").write_bytes(b"")
    (tmp_path / "binary.md").write_bytes(b"\x00\x01")
    bad = [str(tmp_path / name) for name in ("empty.md", "binary.md", "missing.md", "")]
    code, out, err = run(*bad, SAMPLES[0], "--jsonl")
    assert code == 0
    assert out.count("\n") > 10
    assert [line.split(": ")[0] for line in err.splitlines()] == [path.rstrip("/") for path in bad]
    code, out, _ = run(*bad)
    assert (code, out) == (1, "")
