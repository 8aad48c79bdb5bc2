"""The place of checkpoints in the catalog."""

import os
from typing import Any, NoReturn

import fsspec
from kedro.io.core import AbstractDataset, DatasetError, get_protocol_and_path

from denoising_pipeline.training.checkpoints import Checkpoints


class CheckpointsDataset(AbstractDataset[NoReturn, Checkpoints]):
    """A folder in which training keeps what it takes to go on after an interruption.

    Examples:
        ```yaml
        training_checkpoints:
          type: denoising_pipeline.datasets.CheckpointsDataset
          filepath: data/06_models/training_checkpoints
        ```
    """

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Point the dataset at its folder.

        Args:
            filepath: Path of the folder, which need not exist.
            credentials: Credentials of the filesystem.
            fs_args: Further arguments of the fsspec filesystem.
            metadata: Ignored here; plugins such as Kedro-Viz read it.
        """
        protocol, self._path = get_protocol_and_path(filepath)
        self._fs = fsspec.filesystem(protocol, **(credentials or {}), **(fs_args or {}))
        self.metadata = metadata

    def load(self) -> Checkpoints:
        """Return the folder's checkpoints."""
        return Checkpoints(self._path, self._fs)

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: training writes checkpoints while it runs."""
        raise DatasetError(f"{type(self).__name__} only loads; '{self._path}' is left alone.")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._path}
