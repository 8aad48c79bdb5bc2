"""The commands beside `kedro run`."""

import re
import subprocess
import sys

import pytest
from project_folder import PATIENCE, ROOT, Project, environment

ASK = """
import sys
from kedro.framework.cli import main

for command in sys.argv[1:]:
    sys.argv = ["kedro", *command.split()]
    try:
        main()
    except SystemExit as end:
        assert not end.code, command
    assert "denoising_pipeline" in sys.modules, command
    assert not {"keras", "tensorflow"} & sys.modules.keys(), command
    print()
    print("#", command, flush=True)
"""
"""One command after the other, none of which may import TensorFlow or Keras."""

COMMANDS = {
    "--help": ["Train, measure", "prune"],
    "registry list": ["__default__", "inference", "downstream", "uncertainty"],
    "registry describe training": ["train_denoiser"],
    "catalog describe-datasets": ["denoiser", "raw_source", "SourceDataset"],
    "viz build": ["Success"],
}


@pytest.fixture(scope="module")
def answers(project: Project) -> dict[str, str]:
    """What each command printed."""
    process = subprocess.run(
        [sys.executable, "-c", ASK, *COMMANDS],
        cwd=project.path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    printed = re.split(r"^# (.+)\n", process.stdout, flags=re.MULTILINE)
    return dict(zip(printed[1::2], printed[::2], strict=False))


@pytest.mark.parametrize(("command", "expected"), COMMANDS.items())
def test_command_answers_without_tensorflow(
    answers: dict[str, str], command: str, expected: list[str]
) -> None:
    for words in expected:
        assert words in answers[command]


def test_prune_removes_what_it_lists(project: Project) -> None:
    """Without --yes old versions are listed only; with it they are gone, and the newest stay."""
    recipe = project.recipe("pruned")
    runs = [project.run(recipe, "--pipelines", "ingestion") for _ in range(3)]
    written = ("source_manifest.json", "train_images.npy")
    folders = [project.saved(run, name).parent for name in written for run in runs]
    listing = project.invoke("prune", "--env", recipe, "--keep", "1")
    assert listing.exit_code == 0, listing.output
    assert [str(folder) in listing.stdout for folder in folders] == [True, True, False] * 2
    assert "10 versions" in listing.stdout
    assert all(folder.exists() for folder in folders)
    removal = project.invoke("prune", "--env", recipe, "--keep", "1", "--yes")
    assert removal.exit_code == 0, removal.output
    assert [folder.exists() for folder in folders] == [False, False, True] * 2
    assert "0 versions" in project.invoke("prune", "--env", recipe, "--keep", "1").stdout


def test_telemetry_is_off() -> None:
    """Nothing is reported to anybody, unless somebody changes the committed file."""
    assert (ROOT / ".telemetry").read_text() == "consent: false\n"
