"""Training and promotion are stopped at any moment: what is there is whole, and the next run works.

`python tests/crash_training.py` starts the next run from every kind of moment (about 160).
"""

import subprocess
import sys
from pathlib import Path

import pytest
from limits import PATIENCE

SCRIPT = Path(__file__).parents[1] / "crash_training.py"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="needs Linux to watch calls"),
]


def test_fault_c02_each_version_is_whole_or_not_there_and_the_next_run_works() -> None:
    """All calls of a run are looked at; the next run starts from a few of them, once whole."""
    command = [sys.executable, str(SCRIPT), "--most", "4", "--whole", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "calls, 1" in done.stdout
