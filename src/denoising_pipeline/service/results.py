"""Results that wait to be downloaded, so that another strength needs no network."""

import asyncio
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from denoising_pipeline.denoiser.picture import Settings
from denoising_pipeline.pictures.formats import Picture
from denoising_pipeline.service.limits import Limits, RefusedError


@dataclass(frozen=True)
class Result:
    """A picture and what the network gave for it.

    Attributes:
        folder: With everything that it has on disk.
        picture: What was sent.
        settings: How it was denoised.
        shapes: Of what the network gave, one after the other; see `recording`.
    """

    folder: Path
    picture: Picture
    settings: Settings
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def record(self) -> Path:
        """What the network gave."""
        return self.folder / "record"

    def preview(self, kind: str, page: int) -> Path:
        """Return the file that shows a page, `kind` being "before" or "after"."""
        return self.folder / f"{kind}-{page}.png"


class Results:
    """The newest results, for some time and within some space on disk."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._kept: dict[str, tuple[Result, int]] = {}

    def keep(self, result: Result) -> str:
        """Keep a result and return what to ask for it by, which nobody can guess."""
        key = secrets.token_urlsafe(16)
        size = sum(path.stat().st_size for path in result.folder.iterdir())
        self._kept[key] = (result, size)
        while len(self._kept) > 1 and (len(self._kept) > self._limits.kept or self._is_full()):
            self.drop(next(iter(self._kept)))
        asyncio.get_running_loop().call_later(self._limits.kept_seconds, self.drop, key)
        return key

    def __getitem__(self, key: str) -> Result:
        """Return a result.

        Raises:
            RefusedError: 404, it is not kept.
        """
        if key not in self._kept:
            raise RefusedError(404, "This result is not kept any more: send the picture again.")
        return self._kept[key][0]

    def drop(self, key: str) -> None:
        """Remove a result, if it is there."""
        if key in self._kept:
            result, _ = self._kept.pop(key)
            shutil.rmtree(result.folder, ignore_errors=True)

    def _is_full(self) -> bool:
        return sum(size for _, size in self._kept.values()) > self._limits.kept_bytes
