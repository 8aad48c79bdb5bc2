"""What watches a process misses no call: else a crash point would be passed over unseen."""

import ctypes
import mmap
import os
import sys
from pathlib import Path

import pytest
from crash_points import run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux to watch calls")


@pytest.mark.parametrize("before_the_end", [0, 1, 30])
def test_a_path_is_read_across_pages_of_memory(tmp_path: Path, before_the_end: int) -> None:
    file = tmp_path / ("a" * 40)
    file.touch()
    seen: list[str] = []

    def remove() -> None:
        text = os.fsencode(file) + b"\0"
        memory = mmap.mmap(-1, 2 * mmap.PAGESIZE)
        start = mmap.PAGESIZE - (before_the_end or len(text))
        memory[start : start + len(text)] = text
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory, start))
        ctypes.CDLL(None).unlink(ctypes.c_char_p(address))

    assert run(remove, tmp_path, lambda moment: seen.append(str(moment.call))) == 0
    assert seen == [f"unlink {file.name}"]
