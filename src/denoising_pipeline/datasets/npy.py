"""Arrays as .npy files."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from fsspec.implementations.local import LocalFileSystem
from kedro.io.core import AbstractVersionedDataset
from numpy.lib.format import open_memmap, read_array

from denoising_pipeline.core.files import atomic_write
from denoising_pipeline.datasets.versioned_file import VersionedFile

Array: TypeAlias = npt.NDArray[Any]


class NpyDataset(VersionedFile[Array], AbstractVersionedDataset[Array, Array]):
    """One array of any shape and dtype (other than objects) in a .npy file.

    A local file is mapped, not read: loading takes no memory of its own, the array is read-only,
    and it keeps its values when the file is replaced. An unversioned local file that this object
    has saved is loaded as it was saved, even if another process has replaced it meanwhile, until
    `release` is called.

    Arguments are those of `VersionedFile`.

    Examples:
        ```yaml
        train_clean:
          type: denoising_pipeline.datasets.NpyDataset
          filepath: data/03_primary/train_clean.npy
        ```
    """

    _written: Array | None = None

    def _read(self, path: str) -> Array:
        if self._written is not None:
            return self._written
        try:
            return self._map_or_read(path)
        except (ValueError, EOFError, OverflowError) as error:
            raise ValueError(
                f"is corrupt or no .npy file ({error}). Remove it and run the pipeline that "
                "writes it again."
            ) from error

    def _map_or_read(self, path: str) -> Array:
        if isinstance(self._fs, LocalFileSystem):
            return open_memmap(path, mode="r")
        with self._fs.open(path, "rb") as file:
            array: Array = read_array(file, allow_pickle=False)
        return array

    def _write(self, data: Array, path: str) -> None:
        written = None
        with atomic_write(self._fs, path) as file:
            np.save(file, data, allow_pickle=False)
            if isinstance(self._fs, LocalFileSystem) and not self._version:
                file.flush()
                # Mapped before it is renamed: nobody can replace it in between.
                written = open_memmap(file.name, mode="r")
        self._written = written

    def _release(self) -> None:
        super()._release()
        self._written = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_written": None}
