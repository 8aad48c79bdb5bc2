"""Which denoiser a name means: one of the package, a file, of the catalog, or of MLflow."""

import atexit
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError, Version
from kedro.utils import find_kedro_project

from denoising_pipeline.batch.results import shown
from denoising_pipeline.datasets.mlflow_runs import fetch_denoiser
from denoising_pipeline.datasets.networks import DenoiserDataset
from denoising_pipeline.datasets.provenance import listed, nothing_there, path_of, recorded
from denoising_pipeline.datasets.writers import writer_in_words
from denoising_pipeline.denoiser.shipped import denoiser_file

CATALOG = "catalog:"
MLFLOW = ("runs:/", "models:/")


def model_file(model: str, trained: Callable[[], Any]) -> Path:
    """Return the file of a denoiser.

    Args:
        model: Name of a denoiser of the package; a file; a name of one's own, the champion of which
            is taken; `catalog:<version>` (`catalog:` alone: the newest) of the project; or
            `runs:/<run>/<model>`, `models:/<name>@<alias>` or `models:/<name>/<version>` of MLflow.
        trained: Returns the entry `denoiser` of the project's catalog, None where there is no
            project; when it was called, MLflow knows the project's store.

    Raises:
        OSError: There is none.
        ValueError: There is none, or it is no denoiser of this package.
    """
    with suppress(FileNotFoundError):
        return denoiser_file(model)
    if model.startswith(CATALOG):
        return _of_catalog(model, trained())
    if model.startswith(MLFLOW):
        trained()
        folder = tempfile.TemporaryDirectory(prefix="denoiser-")
        atexit.register(folder.cleanup)
        return fetch_denoiser(model, Path(folder.name))
    if not _is_recipe(model):
        return denoiser_file(model)  # which says what there is
    try:
        return model_file(f"models:/{model}@champion", trained)
    except ValueError as error:
        raise ValueError(
            f"'{model}' has no champion. If it is not trained yet: kedro run --env {model}. Else "
            f"none of its denoisers is known to be better than the one it started from, and "
            f"the newest one is models:/{model}@challenger. ({error})"
        ) from error


def _is_recipe(name: str) -> bool:
    """Return whether the project around the current folder has a recipe of that name."""
    project = find_kedro_project(Path.cwd())
    return bool(project and re.fullmatch(r"[\w-]+", name) and (project / "conf" / name).is_dir())


def _of_catalog(model: str, entry: Any) -> Path:
    if entry is None:
        raise ValueError(
            f"{shown(model)} means the catalog of a project, but '{Path.cwd()}' is in none: go to "
            "its folder, or give the denoiser's file."
        )
    version = model.removeprefix(CATALOG)
    try:
        if version and version not in (known := listed(entry)):
            there = "\n  ".join(known) or f"none: run {writer_in_words('denoiser')} first"
            raise ValueError(f"{shown(model)} does not exist. Versions of 'denoiser':\n  {there}")
        chosen = version or next((found.version for found in recorded(entry)), None)
        if chosen is None:
            raise ValueError(nothing_there(entry, "denoiser"))
    except DatasetError as error:
        raise ValueError(str(error)) from error
    return Path(path_of(entry, chosen))


class ModelFilesDataset(AbstractDataset[NoReturn, Callable[[str], Path]]):
    """The file of any denoiser that has a name; see `model_file`. It only loads.

    Examples:
        ```yaml
        model_files:
          type: denoising_pipeline.datasets.ModelFilesDataset
          path: data/06_models/denoiser.zip
        ```
    """

    def __init__(
        self, *, path: str | os.PathLike[str], metadata: dict[str, Any] | None = None
    ) -> None:
        """Point the dataset at the versions of the project.

        Args:
            path: That of the entry `denoiser`.
            metadata: Ignored here; plugins such as Kedro-Viz read it.
        """
        self._path = path
        self.metadata = metadata

    def load(self) -> Callable[[str], Path]:
        """Return a function of a name; it raises as `model_file` does."""
        trained = DenoiserDataset(filepath=self._path, version=Version(None, None))
        return lambda model: model_file(model, lambda: trained)

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: a denoiser is written by the entry that has its name."""
        raise DatasetError(f"{type(self).__name__} only loads.")

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
