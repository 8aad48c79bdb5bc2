"""Outputs that were being written when a process ended."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from denoising_pipeline.core.files import PART, is_abandoned, is_own, part_prefix


def remove_parts(targets: Iterable[Path], *, own: bool = False) -> None:
    """Remove the unfinished files of outputs that nobody is writing any more.

    Args:
        targets: The outputs.
        own: This process has ended its work on them: its own are removed, too.
    """
    begun: dict[Path, set[str]] = {}
    for target in targets:
        begun.setdefault(target.parent, set()).add(part_prefix(target.name))
    for folder, prefixes in begun.items():
        with suppress(OSError):
            for name in os.listdir(folder):  # noqa: PTH208  # names alone: folders may be large
                prefix = f"{name.removesuffix(PART).rpartition('.')[0]}."
                if not (name.endswith(PART) and prefix in prefixes):
                    continue
                part = folder / name
                if is_abandoned(part) or (own and is_own(part)):
                    part.unlink(missing_ok=True)
