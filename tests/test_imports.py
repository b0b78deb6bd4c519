"""Who may import whom: bot → ingest → retrieval, one importer for each heavy library, and cheap commands."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: What each package may import of the three.
ARROWS = {
    "retrieval": {"retrieval"},
    "ingest": {"ingest", "retrieval"},
    "bot": {"bot", "ingest", "retrieval"},
}
#: Where each library may be imported; a folder stands for all that is in it.
ADAPTERS = {
    "chromadb": {"retrieval/vectors.py"},
    "tantivy": {"retrieval/lexical.py"},
    "sentence_transformers": {
        "retrieval/embedder.py",
        "retrieval/model/",
        "retrieval/pool.py",
        "retrieval/rerank.py",
    },
    "transformers": {"retrieval/embedder.py", "retrieval/model/"},
    "torch": {"retrieval/embedder.py", "retrieval/model/"},
    "telegram": {"bot/telegram/"},
}
MODULES = sorted(path for package in ARROWS for path in (ROOT / package).rglob("*.py"))


def imported(source):
    """Return the top-level names of everything imported anywhere in a source text."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_imports_only_along_the_arrows(path):
    """The arrows are bot → ingest → retrieval; nothing points the other way, not even for type checking."""
    package = path.relative_to(ROOT).parts[0]
    assert imported(path.read_text(encoding="utf-8")) & ARROWS.keys() <= ARROWS[package]


@pytest.mark.parametrize("library", ADAPTERS)
def test_a_heavy_library_has_one_importer(library):
    """Each is behind one adapter, so that it can be replaced, and loaded late."""
    importers = {
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        if library in imported(path.read_text(encoding="utf-8"))
    }
    assert {name for name in importers if not name.startswith(tuple(ADAPTERS[library]))} == set()


def test_the_import_reader_sees_every_kind_of_import():
    """Late, renamed, nested and relative ones."""
    source = "import a.b as c\nfrom d.e import f\nfrom . import g\ndef h():\n    import i, j.k\n"
    assert imported(source) == {"a", "d", "i", "j"}


HEAVY = {"torch", "chromadb", "sentence_transformers", "transformers", "tantivy", "telegram"}


@pytest.mark.parametrize(
    ("argv", "forbidden"),
    [
        (["--help"], HEAVY | {"rich", "pydantic", "numpy", "prompt_toolkit", "platformdirs"}),
        (["ask", "--help"], HEAVY | {"rich", "pydantic", "numpy", "prompt_toolkit"}),
        (["status"], HEAVY | {"rich", "prompt_toolkit"}),
        (["serve"], {"telegram", "torch", "rich", "prompt_toolkit"}),
        (["telegram"], HEAVY | {"rich", "prompt_toolkit"}),  # there is no token
        (
            ["parse", str(ROOT / "ingest" / "samples" / "winter-cycling.txt"), "--jsonl"],
            HEAVY | {"rich", "pydantic"},
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_cheap_command_loads_nothing_heavy(argv, forbidden, tmp_path):
    """Neither the model nor an index is loaded to say what there is."""
    script = (
        "import sys, json\nfrom bot.__main__ import main\n"
        f"main({argv!r})\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "THREADBOT_DATA_DIR": str(tmp_path)},
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}
    assert loaded & forbidden == set()
    assert "bot" in loaded
