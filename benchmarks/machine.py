"""The machine that a benchmark ran on, and the table that it prints."""

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import psutil

from denoising_pipeline.core.backend import has_bfloat16
from denoising_pipeline.core.markdown import markdown_table


def describe_machine() -> str:
    """Return processor, cores, memory, operating system and versions, in one line."""
    parts = (
        _processor(),
        f"{_cores()} cores",
        "bfloat16" if has_bfloat16() else "no bfloat16",
        f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        f"TensorFlow {version('tensorflow')}",
        f"Keras {version('keras')}",
    )
    return ", ".join(parts)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table under a line that names the machine."""
    print(f"\n{describe_machine()}\n\n{markdown_table(columns, rows)}", flush=True)


def _processor() -> str:
    """Return the model's name, and the instructions wider than AVX2 that it knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in lines)}
    wide = " (AVX-512)" if "avx512f" in facts.get("flags", "").split() else ""
    return facts.get("model name", platform.machine()) + wide


def _cores() -> int:
    """Return the cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


if __name__ == "__main__":
    print(describe_machine())
