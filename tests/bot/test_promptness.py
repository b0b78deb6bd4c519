import subprocess
import sys

SCRIPT = """
import gc
from bot.promptness import settle
loaded = [[number] for number in range(10_000)]
settle()
print(gc.get_freeze_count() > 10_000, len(gc.get_objects()) < 10_000)
"""


def test_what_is_loaded_is_not_looked_through_again():
    """In a process of its own, for it holds for the rest of one's life."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
