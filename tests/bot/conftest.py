import os

import pytest


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch, tmp_path):
    """Run every test without settings, in an empty folder, under an English locale."""
    for name in [*os.environ]:
        if name.startswith(("THREADBOT_", "LC_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("THREADBOT_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
