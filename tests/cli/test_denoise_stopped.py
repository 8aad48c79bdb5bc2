"""`denoise` is ended by SIGKILL in the middle of what it does to files; the next one sets it right.

`python tests/crash_denoise.py` does so at every call, in four ways (100 stops, 2 minutes).
"""

import subprocess
import sys
from pathlib import Path

import pytest
from limits import PATIENCE

SCRIPT = Path(__file__).parents[1] / "crash_denoise.py"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="needs Linux to watch calls"),
]


@pytest.mark.parametrize("way", ["anew", "resumed"])
def test_fault_c01_what_is_there_is_old_or_new_and_the_next_one_ends_it(way: str) -> None:
    """At every fourth call, and at all renames; a process of its own has no threads yet."""
    command = [sys.executable, str(SCRIPT), way, "--every", "4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "stopped 0" not in done.stdout
