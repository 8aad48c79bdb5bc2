"""The commands beside `kedro run`."""

import re
import subprocess
import sys

import pytest
from project_folder import PATIENCE, ROOT, Project, environment

COMMANDS = {
    "--help": ["Train, measure", "prune"],
    "registry list": ["__default__", "inference", "downstream", "uncertainty"],
    "registry describe training": ["train_denoiser"],
    "catalog describe-datasets": ["denoiser", "raw_source", "SourceDataset"],
    "viz build": ["Success"],
}


@pytest.mark.parametrize(("command", "expected"), COMMANDS.items())
def test_command_answers_without_tensorflow(
    project: Project, command: str, expected: list[str]
) -> None:
    """What it says, and that neither TensorFlow nor Keras was imported for it."""
    process = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "kedro", *command.split()],
        cwd=project.path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    for words in expected:
        assert words in process.stdout
    imported = re.findall(r"^import time:.*\| +(\S+)$", process.stderr, re.MULTILINE)
    assert "denoising_pipeline" in {name.split(".")[0] for name in imported}
    assert {name.split(".")[0] for name in imported}.isdisjoint({"keras", "tensorflow"})


def test_prune_removes_what_it_lists(project: Project) -> None:
    """Without --yes old versions are listed only; with it they are gone, and the newest stay."""
    recipe = project.recipe("pruned")
    runs = [project.run(recipe, "--pipelines", "ingestion") for _ in range(3)]
    written = ("source_manifest.json", "train_images.npy")
    folders = [project.saved(run, name).parent for name in written for run in runs]
    listing = project.invoke("prune", "--env", recipe, "--keep", "1")
    assert listing.exit_code == 0, listing.output
    assert [str(folder) in listing.stdout for folder in folders] == [True, True, False] * 2
    assert "8 versions" in listing.stdout
    assert all(folder.exists() for folder in folders)
    removal = project.invoke("prune", "--env", recipe, "--keep", "1", "--yes")
    assert removal.exit_code == 0, removal.output
    assert [folder.exists() for folder in folders] == [False, False, True] * 2
    assert "0 versions" in project.invoke("prune", "--env", recipe, "--keep", "1").stdout


def test_telemetry_is_off() -> None:
    """Nothing is reported to anybody, unless somebody changes the committed file."""
    assert (ROOT / ".telemetry").read_text() == "consent: false\n"
