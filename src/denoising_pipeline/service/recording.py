"""What a network gave, written down, so that it can be given again without the network."""

import copy
from pathlib import Path
from typing import Any

import numpy as np

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.service.work import Stop


class _Network:
    """A network that is asked in another way for its output, and is the same in all else."""

    def __init__(self, network: Any) -> None:
        self._network = network

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)


class Stoppable(_Network):
    """A network that stops when nobody waits, and may write down what it gives.

    Attributes:
        shapes: Of what it gave.
    """

    def __init__(self, network: Any, stop: Stop, record: Path | None = None) -> None:
        super().__init__(network)
        self.shapes: list[tuple[int, ...]] = []
        self._stop = stop
        self._record = record

    def predict_on_batch(self, pixels: Images) -> Images:
        """Return the output for (N, H, W, C)."""
        self._stop.check()
        output = np.ascontiguousarray(self._network.predict_on_batch(pixels), np.float32)
        if self._record:
            self.shapes.append(output.shape)
            with self._record.open("ab") as file:
                file.write(output.data)
        return output


class Replayed(_Network):
    """Gives, in the same order, what a network gave before."""

    def __init__(self, network: Any, stop: Stop, record: Path, shapes: list[tuple[int, ...]]):
        super().__init__(network)
        self._stop = stop
        self._record = record
        self._shapes = iter(shapes)
        self._offset = 0

    def predict_on_batch(self, pixels: Images) -> Images:
        """Return the next output; `pixels` are those of then."""
        del pixels
        self._stop.check()
        shape = next(self._shapes)
        count = int(np.prod(shape))
        values = np.fromfile(self._record, np.float32, count, offset=self._offset)
        self._offset += values.nbytes
        return values.reshape(shape)


def with_network(denoiser: Denoiser, network: Any) -> Denoiser:
    """Return a denoiser that has another network, and is equal otherwise."""
    other = copy.copy(denoiser)
    other.model = network
    return other
