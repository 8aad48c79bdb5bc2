"""Where studies are kept, if nobody says otherwise."""

import os
from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError


class StudyStorageDataset(AbstractDataset[NoReturn, str]):
    """The address of a SQLite file, which the first study makes; it cannot save.

    Examples:
        ```yaml
        study_storage:
          type: denoising_pipeline.datasets.StudyStorageDataset
          filepath: data/06_models/study_storage.db
        ```
    """

    def __init__(
        self, *, filepath: str | os.PathLike[str], metadata: dict[str, Any] | None = None
    ) -> None:
        """Point the dataset at its file.

        Args:
            filepath: Path on this machine; processes that share a study share it.
            metadata: Ignored here; plugins such as Kedro-Viz read it.
        """
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> str:
        """Return the address of the file, `sqlite:///` and its path."""
        return f"sqlite:///{self._path.absolute()}"

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: trials are written while the study goes on."""
        raise DatasetError(f"{type(self).__name__} only loads; '{self._path}' is left alone.")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
