"""The IDX files of MNIST and its relatives, as they are published."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import IO, Any, NoReturn

import fsspec
from kedro.io.core import AbstractDataset, DatasetError, get_filepath_str, get_protocol_and_path

from denoising_pipeline.images.idx import MAX_BYTES, Array, IdxError, idx_sha256, read_idx
from denoising_pipeline.images.source import how_to_get


class IdxDataset(AbstractDataset[NoReturn, Array]):
    """Reads one IDX file, plain or gzip, as a read-only array; it cannot save.

    Examples:
        ```yaml
        mnist_test_labels:
          type: denoising_pipeline.datasets.IdxDataset
          filepath: data/01_raw/mnist/t10k-labels-idx1-ubyte.gz
          sha256:
            t10k-labels-idx1-ubyte: ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2
        ```
    """

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        sha256: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BYTES,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Point the dataset at its file.

        Args:
            filepath: Path of the file. If it does not exist, the same path with `.gz` added or
                removed is read. Gzip is told by content, not by name.
            sha256: Expected SHA-256 by file name. A name with `.gz` pins the file as it lies
                there, a name without it the uncompressed bytes; other names are not checked.
            max_bytes: Refuse files that promise more bytes of values than this.
            credentials: Credentials of the filesystem.
            fs_args: Further arguments of the fsspec filesystem.
            metadata: Ignored here; plugins such as Kedro-Viz read it.
        """
        self._protocol, path = get_protocol_and_path(filepath)
        self._filepath = PurePosixPath(path)
        self._sha256 = dict(sha256 or {})
        self._max_bytes = max_bytes
        self._fs = fsspec.filesystem(self._protocol, **(credentials or {}), **(fs_args or {}))
        self.metadata = metadata

    def load(self) -> Array:
        """Read the file and check it.

        Returns:
            Read-only array in the byte order of the machine.

        Raises:
            DatasetError: The file is missing, is not one whole IDX file, or is not the pinned one.
        """
        path = self._find()
        if path is None:
            raise DatasetError(f"'{self._filepath}' does not exist. {self._how_to_get_it()}")
        with self._fs.open(get_filepath_str(path, self._protocol), "rb") as file:
            try:
                return self._read(file, path)
            except IdxError as error:
                raise DatasetError(
                    f"'{path}' {error}. Remove it. {self._how_to_get_it()}"
                ) from error

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: what was published is not overwritten."""
        raise DatasetError(f"{type(self).__name__} only loads; '{self._filepath}' is left alone.")

    def _read(self, file: IO[bytes], path: PurePosixPath) -> Array:
        pinned = self._sha256.get(path.name) if path.suffix == ".gz" else None
        stored_wrong = _mismatch(path.name, pinned, _file_sha256(file)) if pinned else ""
        file.seek(0)
        try:
            array = read_idx(file, self._max_bytes)
        except IdxError as error:
            raise IdxError("; also, it ".join(filter(None, [str(error), stored_wrong]))) from error
        plain = path.name.removesuffix(".gz")
        pinned = self._sha256.get(plain)
        wrong = stored_wrong or (_mismatch(plain, pinned, idx_sha256(array)) if pinned else "")
        if wrong:
            raise IdxError(wrong)
        return array

    def _find(self) -> PurePosixPath | None:
        name = self._filepath.name
        sibling = name.removesuffix(".gz") if name.endswith(".gz") else f"{name}.gz"
        for path in (self._filepath, self._filepath.with_name(sibling)):
            if self._fs.isfile(get_filepath_str(path, self._protocol)):
                return path
        return None

    def _how_to_get_it(self) -> str:
        return how_to_get(self._filepath.parent.name, str(self._filepath.parent))

    def _exists(self) -> bool:
        return self._find() is not None

    def _describe(self) -> dict[str, Any]:
        return {
            "filepath": self._filepath,
            "protocol": self._protocol,
            "sha256": self._sha256,
            "max_bytes": self._max_bytes,
        }

    def _release(self) -> None:
        self._fs.invalidate_cache(get_filepath_str(self._filepath, self._protocol))


def _mismatch(name: str, expected: str, found: str) -> str:
    if found == expected.lower():
        return ""
    return f"is not the pinned file: the SHA-256 of {name} is {found}, expected {expected}"


def _file_sha256(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(1024**2):
        digest.update(chunk)
    return digest.hexdigest()
