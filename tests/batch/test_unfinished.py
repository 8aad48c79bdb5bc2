"""Unfinished files: those of processes that are gone are removed, and no others."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from unfinished import part_of_one_that_is_gone, part_of_process

from denoising_pipeline.batch.parts import remove_parts
from denoising_pipeline.core.files import part_of


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "photo.png"


def aged(part: Path, seconds: float) -> Path:
    """Write an unfinished file that was last changed some time ago."""
    part.write_bytes(b"half")
    then = time.time() - seconds
    os.utime(part, (then, then))
    return part


def test_what_another_process_writes_is_left_to_it(target: Path) -> None:
    """Two `denoise` on one folder of outputs, or one that was killed beside one that goes on."""
    gone = aged(part_of_one_that_is_gone(target), 0)
    beside = aged(part_of_process(target, os.getppid()), 0)
    other = aged(part_of_one_that_is_gone(target.with_name("photo.png.png")), 0)
    remove_parts([target], own=True)
    assert not gone.exists()
    assert beside.exists()
    assert other.exists()


def test_a_process_removes_its_own_when_it_has_ended_its_work(target: Path) -> None:
    own = aged(part_of(target), 0)
    remove_parts([target])
    assert own.exists()
    remove_parts([target], own=True)
    assert not own.exists()


def test_an_id_that_came_again_is_another_process(target: Path) -> None:
    """In a container each process may have the same."""
    earlier = aged(part_of(target), 3600 * 24 * 365)
    remove_parts([target])
    assert not earlier.exists()


def test_a_process_that_ended_and_was_not_asked_how_is_gone(target: Path) -> None:
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    part = aged(part_of_process(target, process.pid), 0)
    remove_parts([target])
    process.wait()
    assert not part.exists()


def test_what_another_host_writes_is_left_for_a_day(target: Path) -> None:
    there = part_of(target).name.replace(".png.", ".png.0")
    new, old = (aged(target.with_name(f"{there[:-5]}{n}.part"), n * 90_000) for n in (0, 1))
    remove_parts([target])
    assert new.exists()
    assert not old.exists()
