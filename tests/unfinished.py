"""Unfinished files as other processes leave them."""

import os
import subprocess
import sys
from pathlib import Path

from denoising_pipeline.core.files import part_of


def part_of_process(target: Path, process: int) -> Path:
    """Return where a process of this machine writes a file before it is whole."""
    part = part_of(target)
    return part.with_name(part.name.replace(f"-{os.getpid()}-", f"-{process}-"))


def part_of_one_that_is_gone(target: Path) -> Path:
    """Return where a process wrote a file that is gone by now."""
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as process:
        process.wait()
    return part_of_process(target, process.pid)


def is_unfinished(path: Path) -> bool:
    """Tell whether a file is one that is not whole yet."""
    return path.name.endswith((".part", ".new"))
