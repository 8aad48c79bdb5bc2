"""Which denoiser `--model` means."""

from pathlib import Path
from typing import Any

from denoising_pipeline.denoiser.shipped import denoiser_file


def model_file(model: str) -> Path:
    """Return the file of a denoiser; the project is the one around the current folder.

    Args:
        model: As for `datasets.model_files.model_file`.

    Raises:
        OSError: There is none.
        ValueError: There is none, or it is no denoiser of this package.
    """
    try:
        return denoiser_file(model)  # at once: Kedro takes a second
    except FileNotFoundError:
        from denoising_pipeline.datasets.model_files import model_file as found

        return found(model, _trained)


def _trained() -> Any:
    """Load the project, and return its catalog's entry `denoiser`; None: there is no project."""
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project
    from kedro.utils import find_kedro_project

    project = find_kedro_project(Path.cwd())
    if project is None:
        return None
    bootstrap_project(project)
    context = KedroSession.create(project, save_on_close=False).load_context()
    return context.catalog.get("denoiser")
