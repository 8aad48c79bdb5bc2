"""Signals, outages and crowds, by processes that begin with everything imported.

Each script says by itself how to try everything: `python tests/crash_signals.py` every cell,
`python tests/crash_outages.py` every node.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from limits import PATIENCE

TESTS = Path(__file__).parents[1]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="needs Linux to watch calls"),
]


def run_script(name: str, *options: str) -> str:
    """Return what a script prints that finds nothing wrong."""
    command = [sys.executable, str(TESTS / f"{name}.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_fault_p02_p03_p05_p06_a_signal_at_any_stage_ends_a_run_truthfully() -> None:
    """A cell of each stage: before the run exists, until after its end."""
    cells = ("--wish", "SIGINT twice", "--runner", "SequentialRunner")
    assert run_script("crash_signals", *cells).count("well") == 8


def test_fault_p02_who_ends_a_run_that_is_being_created_is_told_the_truth_of_it() -> None:
    """Where the test above has Ctrl-C, the two others that end processes."""
    stages = ("--stage", "before its run exists", "--stage", "while its run is created")
    wishes = ("--wish", "SIGTERM", "--wish", "SIGKILL", "--runner", "SequentialRunner")
    assert run_script("crash_signals", *stages, *wishes).count("well") == 4


def test_fault_r41_p08_an_outage_from_any_node_on_costs_nothing() -> None:
    """A database that is locked, one that is read-only, and one whose disk is full."""
    assert run_script("crash_outages", "--most", "3").count("well") >= 3


def test_fault_r41_p08_a_server_that_is_full_killed_or_hung_costs_nothing() -> None:
    """From a node on until the run has ended: twice it can write nothing to any file."""
    kinds = ("full server", "killed server", "hung server")
    options = [word for kind in kinds for word in ("--kind", kind)]
    assert run_script("crash_outages", *options, "--most", "4").count("well") >= 4


def test_fault_r42_r48_eight_first_runs_at_once_are_each_scored_on_their_own() -> None:
    """In sequence and in processes, beside prune, export, a service and two that denoise."""
    assert run_script("crash_crowd") == "well\n"
