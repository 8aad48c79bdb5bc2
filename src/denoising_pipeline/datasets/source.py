"""Folders of raw images, in any of the forms that the project reads."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import Any, NoReturn, TypeVar

import fsspec
from kedro.io.core import AbstractDataset, DatasetError, get_filepath_str, get_protocol_and_path

from denoising_pipeline.images.idx import MAX_BYTES
from denoising_pipeline.images.source import Source, SourceError, Wanted, open_source

T = TypeVar("T")


class _RawFolder(AbstractDataset[NoReturn, T]):
    """A folder that is only read."""

    def __init__(
        self,
        *,
        path: str | os.PathLike[str],
        sha256: Mapping[str, Mapping[str, str]] | None = None,
        max_bytes: int = MAX_BYTES,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Point the dataset at its folder.

        Args:
            path: The folder. That of a source has its name as last part.
            sha256: Expected SHA-256 by source and file name; those of other sources are not looked
                at. See `open_source` for what a name pins.
            max_bytes: Refuse IDX files that promise more bytes of values than this.
            credentials: Credentials of the filesystem.
            fs_args: Further arguments of the fsspec filesystem.
            metadata: Ignored here; plugins such as Kedro-Viz read it.
        """
        self._protocol, folder = get_protocol_and_path(path)
        self._path = PurePosixPath(folder)
        fs = fsspec.filesystem(self._protocol, **(credentials or {}), **(fs_args or {}))
        self._fs = fs
        self._open = partial(open_source, fs, pins=dict(sha256 or {}), max_bytes=max_bytes)
        self.metadata = metadata

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: what was published is not overwritten."""
        raise DatasetError(f"{type(self).__name__} only loads; '{self._path}' is left alone.")

    @property
    def _folder(self) -> str:
        return get_filepath_str(self._path, self._protocol)

    def _exists(self) -> bool:
        return bool(self._fs.isdir(self._folder))

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path, "protocol": self._protocol}

    def _release(self) -> None:
        self._fs.invalidate_cache(self._folder)


class SourceDataset(_RawFolder[Source]):
    """Finds the images of a folder, IDX files or image files, and checks pinned sums; only loads.

    Attributes:
        wanted: What errors say to put there, which a run knows by its parameters.

    Examples:
        ```yaml
        raw_source:
          type: denoising_pipeline.datasets.SourceDataset
          path: data/01_raw/mnist
          sha256: ${globals:sha256,{}}
        ```
    """

    wanted: Wanted = "any"

    def load(self) -> Source:
        """Find the files.

        Returns:
            The source; image files are decoded when they are asked for.

        Raises:
            DatasetError: It is not there, it is not clear which files are meant, or a file is
                damaged or not the pinned one.
        """
        try:
            return self._open(self._folder, wanted=self.wanted)
        except SourceError as error:
            raise DatasetError(str(error)) from error

    def digest(self) -> str:
        """Return a text that is equal for equal content of all files, and for no other.

        Raises:
            DatasetError: As for `load`.
        """
        return self.load().digest


class SourcesDataset(_RawFolder[Callable[[str], Source]]):
    """A folder of sources, any of which can be opened by name; only loads.

    Examples:
        ```yaml
        sources:
          type: denoising_pipeline.datasets.SourcesDataset
          path: data/01_raw
          sha256: ${globals:sha256,{}}
        ```
    """

    def load(self) -> Callable[[str], Source]:
        """Return the function that opens a source by name, or raises `SourceError`."""
        return lambda name: self._open(f"{self._folder}/{name}")
