"""Which denoiser `--model` means."""

import atexit
import re
import tempfile
from pathlib import Path
from typing import Any

from denoising_pipeline.batch.results import shown
from denoising_pipeline.denoiser.shipped import denoiser_file

CATALOG = "catalog:"
MLFLOW = ("runs:/", "models:/")


def model_file(model: str) -> Path:
    """Return the file of a denoiser.

    Args:
        model: Name of a denoiser of the package; a file; a name of one's own, the champion of which
            is taken; `catalog:<version>` (`catalog:` alone: the newest) of the project around the
            current folder; or `runs:/<run>/<model>`, `models:/<name>@<alias>` or
            `models:/<name>/<version>` of MLflow.

    Raises:
        OSError: There is none.
        ValueError: There is none, or it is no denoiser of this package.
    """
    if model.startswith(CATALOG):
        return _of_catalog(model.removeprefix(CATALOG))
    if model.startswith(MLFLOW):
        _context()  # Tracking sets up the store of the project, if there is one.
        from denoising_pipeline.datasets.mlflow_runs import fetch_denoiser

        folder = tempfile.TemporaryDirectory(prefix="denoiser-")
        atexit.register(folder.cleanup)
        return fetch_denoiser(model, Path(folder.name))
    try:
        return denoiser_file(model)
    except FileNotFoundError:
        if not _is_recipe(model):
            raise
    try:
        return model_file(f"models:/{model}@champion")
    except ValueError as error:
        raise ValueError(
            f"'{model}' has no champion. If it is not trained yet: kedro run --env {model}. Else "
            f"none of its denoisers is known to be better than what it was trained on from, and "
            f"the newest one is models:/{model}@challenger. ({error})"
        ) from error


def _is_recipe(name: str) -> bool:
    """Return whether the project around the current folder has a recipe of that name."""
    from kedro.utils import find_kedro_project

    project = find_kedro_project(Path.cwd())
    return bool(project and re.fullmatch(r"[\w-]+", name) and (project / "conf" / name).is_dir())


def _of_catalog(version: str) -> Path:
    context = _context()
    if context is None:
        raise ValueError(
            f"--model {CATALOG}{shown(version)} means the catalog of a project, but '{Path.cwd()}' "
            "is in none: go to its folder, or give the denoiser's file."
        )
    from kedro.io.core import DatasetError

    from denoising_pipeline.datasets.provenance import nothing_there, path_of, recorded
    from denoising_pipeline.datasets.version_choice import check_exists

    entry = context.catalog.get("denoiser")
    try:
        if version:
            check_exists("denoiser", entry, version)
        chosen = version or next((found.version for found in recorded(entry)), None)
        if chosen is None:
            raise ValueError(nothing_there(entry, "denoiser"))
    except DatasetError as error:
        raise ValueError(str(error)) from error
    return Path(path_of(entry, chosen))


def _context() -> Any:
    """Load the project around the current folder; None: there is none."""
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project
    from kedro.utils import find_kedro_project

    project = find_kedro_project(Path.cwd())
    if project is None:
        return None
    bootstrap_project(project)
    return KedroSession.create(project, save_on_close=False).load_context()
