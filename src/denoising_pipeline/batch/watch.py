"""A folder that is watched: what is new or changed in it, once it is quiet."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from denoising_pipeline.batch.plan import Plan
from denoising_pipeline.batch.record import Stamp

if TYPE_CHECKING:
    from pathlib import Path

PAUSE = 1.0
"""Seconds between two looks; a file that grew in between is waited for."""


def watch(look: Callable[[], Plan], pause: float = PAUSE) -> Iterator[Plan]:
    """Yield plans of the files that are new or changed, for ever.

    A file is taken when it is the same at two looks, and again when it has changed since, whatever
    became of it the time before.

    Args:
        look: Makes the plan anew.
        pause: Seconds between two looks.
    """
    before: dict[Path, Stamp] = {}
    taken: dict[Path, Stamp] = {}
    first = True
    while True:
        plan = look()
        now: dict[Path, Stamp] = {}
        for work in plan.works:
            with suppress(OSError):
                now[work.source] = Stamp.of(work.source)
        ready = [
            work
            for work in plan.works
            if (stamp := now.get(work.source)) is not None
            and before.get(work.source) == stamp != taken.get(work.source)
        ]
        taken |= {work.source: now[work.source] for work in ready}
        taken = {source: stamp for source, stamp in taken.items() if source in now}
        before = now
        if ready:
            yield Plan(ready, plan.left_out if first else [])
            first = False
        time.sleep(pause)
