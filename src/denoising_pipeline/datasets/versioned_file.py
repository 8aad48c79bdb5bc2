"""What the datasets that write one file, versioned or not, have in common."""

import os
from abc import abstractmethod
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import fsspec
from kedro.io.core import (
    AbstractVersionedDataset,
    DatasetError,
    Version,
    get_filepath_str,
    get_protocol_and_path,
)

from denoising_pipeline.core.files import atomic_write, file_digest

DataT = TypeVar("DataT")

# Kedro wraps `__init__` and `save` of every subclass of its base once more. Two such levels would
# lose the arguments that the catalog reports, and save to another version than was announced. So
# this class is no dataset itself: its subclasses inherit from both.
if TYPE_CHECKING:
    _Base: TypeAlias = AbstractVersionedDataset[DataT, DataT]
else:
    _Base = Generic


class VersionedFile(_Base[DataT]):
    """Mixin of a dataset that is one file; a subclass says how it is read and written.

    After a save, the version that was saved is the one that is loaded, until `release` is called:
    another run's version, or one dated in the future, does not take its place.
    """

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Point the dataset at its file.

        Args:
            filepath: Path of the file, with the protocol of a remote filesystem (`s3://`) if any.
            version: The versions to load and save; Kedro fills it in for `versioned: true`.
            credentials: Credentials of the filesystem.
            fs_args: Further arguments of the fsspec filesystem.
            metadata: Ignored here; plugins such as Kedro-Viz read it.
        """
        self._protocol, path = get_protocol_and_path(filepath, version)
        self._fs = fsspec.filesystem(self._protocol, **(credentials or {}), **(fs_args or {}))
        self.metadata = metadata
        super().__init__(
            filepath=PurePosixPath(path),
            version=version,
            exists_function=self._fs.exists,
            glob_function=self._fs.glob,
        )

    @abstractmethod
    def _read(self, path: str) -> DataT:
        """Read a file; a `ValueError` says what is wrong with its content."""

    @abstractmethod
    def _write(self, data: DataT, path: str) -> None:
        """Write a file, atomically."""

    def _read_text(self, path: str) -> str:
        with self._fs.open(path, "rb") as file:
            return bytes(file.read()).decode()

    def _write_text(self, text: str, path: str) -> None:
        with atomic_write(self._fs, path) as file:
            file.write(text.encode())

    def load(self) -> DataT:
        """Read the file.

        Returns:
            What was saved.

        Raises:
            DatasetError: There is no such file or version, or its content is not as it was saved.
        """
        path = get_filepath_str(self._get_load_path(), self._protocol)
        try:
            return self._read(path)
        except FileNotFoundError as error:
            raise DatasetError(self._missing(path)) from error
        except ValueError as error:
            raise DatasetError(f"'{path}' {error}") from error

    def save(self, data: DataT) -> None:
        """Write the file: it appears whole or not at all.

        Args:
            data: What to save.

        Raises:
            DatasetError: The version exists already, or `data` cannot be written.
        """
        self._write(data, get_filepath_str(self._get_save_path(), self._protocol))
        self._invalidate_cache()
        if self._version and not self._version.load:
            self._cached_load_version = self.resolve_save_version()

    def digest(self) -> str:
        """Return what tells the file of an entry without versions from others.

        Returns:
            BLAKE2b of the file, 32 hexadecimal digits.

        Raises:
            DatasetError: There is no such file.
        """
        path = get_filepath_str(self._filepath, self._protocol)
        try:
            return file_digest(self._fs, path)[0]
        except FileNotFoundError as error:
            raise DatasetError(self._missing(path)) from error

    def _missing(self, path: str) -> str:
        """Return what to do about a file that is not there; the catalog may say it."""
        remedy = (self.metadata or {}).get("missing", "Run the pipeline that writes it first.")
        return f"'{path}' does not exist. {remedy}"

    def _exists(self) -> bool:
        try:
            path = get_filepath_str(self._get_load_path(), self._protocol)
        except DatasetError:
            return False
        return bool(self._fs.exists(path))

    def _describe(self) -> dict[str, Any]:
        return {
            "filepath": self._filepath,
            "protocol": self._protocol,
            "version": self._version,
        }

    def _release(self) -> None:
        super()._release()
        self._invalidate_cache()

    def _invalidate_cache(self) -> None:
        self._fs.invalidate_cache(get_filepath_str(self._filepath, self._protocol))
