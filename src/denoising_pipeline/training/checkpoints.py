"""What unfinished trainings leave on disk: two generations each, whole or not there."""

import logging
import time
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from denoising_pipeline.core.files import atomic_write

State: TypeAlias = Mapping[str, npt.NDArray[Any]]
"""Arrays by name, none of them of objects."""

GENERATIONS = 2
"""Checkpoints that are kept of a training: if the last is damaged, the one before is used."""

TRAININGS = 3
"""Unfinished trainings whose checkpoints are kept, the latest ones, beside the recent ones."""

RECENT = 7 * 24 * 3600 * 10**9
"""Nanoseconds since its last checkpoint within which a training may be running."""

DAMAGED = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged file raises; a flipped bit may say "encrypted" or "of a newer version"."""

logger = logging.getLogger(__name__)


class Checkpoints:
    """Checkpoints of trainings, each known by a text that says all that decides its result.

    A checkpoint is an .npz file without pickles, `<folder>/<identity>/<epoch>-<time>.npz`: the time
    in nanoseconds, since not every filesystem knows when a file was written.
    """

    def __init__(self, folder: str, filesystem: Any) -> None:
        """Point it at its folder, which need not exist.

        Args:
            folder: Path on the filesystem.
            filesystem: The fsspec filesystem.
        """
        self._folder = PurePosixPath(folder)
        self._fs = filesystem

    def save(self, identity: str, epoch: int, state: State) -> None:
        """Write a checkpoint; then remove those that are too many, but of no recent training.

        A disk that is full ends no training: the earlier checkpoints stay, and it is said.

        Args:
            identity: Which training it is; the name of a folder.
            epoch: Epochs that are done.
            state: What to keep.
        """
        path = str(self._folder / identity / f"{epoch:06d}-{time.time_ns():020d}.npz")
        try:
            with atomic_write(self._fs, path) as file:
                np.savez(file, allow_pickle=False, **state)
        except OSError as error:
            logger.warning("No checkpoint after epoch %d: %s. Training goes on.", epoch, error)
            return
        with suppress(OSError):  # Another training may remove them at the same time.
            for old in self._generations(identity)[GENERATIONS:]:
                self._fs.rm_file(old)
            for written, other in self._others(identity)[TRAININGS - 1 :]:
                if written < time.time_ns() - RECENT:
                    self._fs.rm(other, recursive=True)

    def latest(self, identity: str) -> dict[str, npt.NDArray[Any]] | None:
        """Read the newest checkpoint that is not damaged.

        Args:
            identity: Which training it is.

        Returns:
            The arrays, or None if there is none.
        """
        for path in self._generations(identity):
            try:
                with self._fs.open(path, "rb") as file, np.load(file) as archive:
                    return dict(archive)
            except DAMAGED as error:
                logger.warning("The checkpoint '%s' is damaged (%s) and left out.", path, error)
        return None

    def clear(self, identity: str) -> None:
        """Remove the checkpoints of a training that is done."""
        if self._fs.isdir(folder := str(self._folder / identity)):
            self._fs.rm(folder, recursive=True)

    def _generations(self, identity: str) -> list[str]:
        """Return the files of a training, newest first."""
        return sorted(self._fs.glob(str(self._folder / identity / "*.npz")), reverse=True)

    def _others(self, identity: str) -> list[tuple[int, str]]:
        """Return when other trainings were written to, in nanoseconds, and where; latest first."""
        written: dict[str, int] = {}
        for file in self._fs.glob(str(self._folder / "*" / "*.npz")):
            path = PurePosixPath(file)
            time_written = int(path.stem.partition("-")[2] or 0)
            if path.parent.name != identity:
                folder = str(path.parent)
                written[folder] = max(written.get(folder, 0), time_written)
        return sorted(((when, folder) for folder, when in written.items()), reverse=True)
