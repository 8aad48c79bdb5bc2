"""What the addresses of the service share."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.picture import Settings
from denoising_pipeline.service.facts import LEVELS
from denoising_pipeline.service.limits import Limits, RefusedError
from denoising_pipeline.service.results import Results
from denoising_pipeline.service.work import Worker


class Service:
    """A denoiser, who works with it, and what waits.

    Attributes:
        denoiser: For images of any size.
        name: What it is called.
        limits: What a picture may take.
        worker: Denoises.
        results: What waits to be downloaded.
        folder: Where everything lies that is on disk; it is removed in the end.
    """

    def __init__(self, denoiser: Denoiser, name: str, limits: Limits) -> None:
        self.denoiser = denoiser
        self.name = name
        self.limits = limits
        self.worker = Worker(limits.queue, limits.timeout)
        self.results = Results(limits)
        self.folder = Path(tempfile.mkdtemp(prefix="denoise-serve-"))

    @contextmanager
    def new_folder(self) -> Iterator[Path]:
        """Make a folder, which stays if nothing goes wrong."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def settings(self, strength: float = 1.0, sigma: float | None = None) -> Settings:
        """Return how a picture is denoised, `sigma` being of 255.

        Raises:
            RefusedError: 422, the network is not told the noise level.
        """
        try:
            self.denoiser.check_sigma(sigma)
        except ValueError as error:
            raise RefusedError(422, str(error)) from error
        level = None if sigma is None else sigma / LEVELS
        limits = self.limits
        return Settings(strength, level, limits.max_memory, limits.fast, limits.best)

    def close(self, seconds: float) -> bool:
        """Stop all work, remove what is on disk, and return whether work ended in time."""
        ended = self.worker.close(seconds)
        shutil.rmtree(self.folder, ignore_errors=True)
        return ended


def service_of(request: Request) -> Service:
    """Return what all requests share."""
    service: Service = request.app.state.service
    return service


At = Annotated[Service, Depends(service_of)]


async def take_place(service: At) -> AsyncIterator[Path]:
    """Take a place, with a folder that is removed in the end, as long as a request is served."""
    with (
        service.worker.place(),
        tempfile.TemporaryDirectory(dir=service.folder, ignore_cleanup_errors=True) as folder,
    ):
        yield Path(folder)


Place = Annotated[Path, Depends(take_place)]
