"""Notebooks run on a finished run as anybody has it, and are committed without outputs."""

from pathlib import Path

import nbformat
import pytest
from limits import PATIENCE
from nbclient import NotebookClient
from project_folder import ROOT, Smoke, environment

pytestmark = pytest.mark.slow

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_on_the_smoke_recipe(smoke: Smoke, path: Path) -> None:
    """Every cell runs in the folder of a project where the smoke recipe has been run."""
    folder = smoke.project.path / "notebooks"
    folder.mkdir(exist_ok=True)
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook, timeout=PATIENCE, resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env=environment(KEDRO_ENV="smoke"))
    assert any(cell.get("outputs") for cell in notebook.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_has_no_outputs(path: Path) -> None:
    """What is committed is what somebody wrote."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert [cell for cell in code if cell.outputs or cell.execution_count] == []


def test_there_is_a_notebook() -> None:
    """The checks above do not pass for want of notebooks."""
    assert NOTEBOOKS
