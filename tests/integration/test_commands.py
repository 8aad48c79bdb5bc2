"""The commands beside `kedro run`."""

import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from limits import PATIENCE
from mlflow.entities import Run
from project_folder import ROOT, TO_SCORES, TRAINING, Project, environment, wait_until

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


@pytest.mark.slow
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


@pytest.mark.slow
def test_fault_p09_prune_leaves_what_a_living_run_uses(project: Project) -> None:
    """Another process has begun, and reads the oldest version."""
    recipe = project.recipe("pruned_beside")
    runs = [project.run(recipe, "--pipelines", "ingestion") for _ in range(3)]
    oldest = runs[0].data.tags["run_id"]
    folder = project.saved(runs[0], "source_manifest.json").parent
    code = (
        "import sys; from pathlib import Path; from denoising_pipeline.hooks.running import begin;"
        "begin(Path(sys.argv[1]), 'its own version', [sys.argv[2]]); print(flush=True); input()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(project.path), oldest],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with other:
        assert other.stdout
        other.stdout.readline()
        prune = ("prune", "--env", recipe, "--keep", "1", "--yes")
        assert project.invoke(*prune).exit_code == 0
        assert folder.exists()
        other.kill()
    assert project.invoke(*prune).exit_code == 0
    assert not folder.exists()
    assert list((project.path / "data/.running").glob("*.json")) == []


@pytest.mark.slow
def test_fault_p09_a_run_that_stands_still_while_others_are_pruned_ends_well(
    project: Project,
) -> None:
    """SIGSTOP in its training; two newer ones come and `prune` keeps one; it goes on."""
    recipe = project.recipe("stopped", {"training": {**TRAINING, "epochs": 80}})
    with project.start("run", "--env", recipe, "--pipelines", TO_SCORES) as process:
        wait_until(lambda: stands_still_in_training(project, recipe, process), process)
        newer = [project.run(recipe, "--pipelines", "ingestion") for _ in range(2)]
        pruned = project.invoke("prune", "--env", recipe, "--keep", "1", "--yes")
        assert pruned.exit_code == 0, pruned.output
        own = [run for run in project.runs(recipe) if run.info.run_id not in ids(newer)]
        process.send_signal(signal.SIGCONT)
        _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, stderr
    assert [run.info.status for run in own] == ["RUNNING"]
    (end,) = (project.client.get_run(run.info.run_id) for run in own)
    assert end.info.status == "FINISHED"
    for name in ("source_manifest.json", "train_images.npy", "denoiser.zip", "summary.json"):
        assert project.saved(end, name).exists()
    assert project.saved(newer[1], "source_manifest.json").exists()
    folder = project.saved(end, "source_manifest.json").parent
    assert not (folder.parent / newer[0].data.tags["run_id"]).exists()


def ids(runs: list[Run]) -> set[str]:
    """Return their ids in MLflow."""
    return {run.info.run_id for run in runs}


def stands_still_in_training(project: Project, recipe: str, process: subprocess.Popen[str]) -> bool:
    """Stop a process in its training; not while it writes to the store, which would be locked."""
    if not any("val/loss" in run.data.metrics for run in project.runs(recipe)):
        return False
    process.send_signal(signal.SIGSTOP)
    with closing(sqlite3.connect(project.path / "data/smoke/mlflow.db", 0.1)) as database:
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            process.send_signal(signal.SIGCONT)
            return False
        database.rollback()
    return True


@pytest.mark.slow
def test_fault_p09_prune_and_export_neither_make_nor_ask_the_tracking_store(
    project: Project, tmp_path: Path
) -> None:
    """The store would be on a server that is away, or in a database that does not exist yet."""
    recipe = project.recipe("unasked")
    config = project.path / "conf" / recipe / "mlflow.yml"
    for uri in ("http://127.0.0.1:9", f"sqlite:///{tmp_path}/made.db"):
        config.write_text(f"server: {{mlflow_tracking_uri: '{uri}'}}\n")
        assert project.invoke("prune", "--env", recipe).exit_code == 0
        result = project.invoke("export", "--env", recipe, "--to", str(tmp_path / "a.onnx"))
        assert result.exit_code == 1
        assert "denoiser" in result.output
        assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_fault_p13_a_folder_that_is_no_project_gets_no_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "denoising_pipeline", "run"]
    process = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert process.returncode != 0
    assert "Traceback" not in process.stderr
    assert [path.name for path in tmp_path.iterdir()] == []


def test_telemetry_is_off(tmp_path: Path) -> None:
    """Nothing is reported to anybody, in the checkout and outside of it, by Kedro nor by MLflow.

    Kedro asks a file of the checkout and its own hook; MLflow a client that may be there before.
    """
    assert (ROOT / ".telemetry").read_text() == "consent: false\n"
    asked = (
        "import mlflow, mlflow.telemetry\n"
        "from kedro.framework.project import configure_project, settings\n"
        "from kedro.framework.hooks import manager\n"
        "configure_project('denoising_pipeline')\n"
        "hooks = manager._create_hook_manager()\n"
        "manager._register_hooks_entry_points(hooks, settings.DISABLE_HOOKS_FOR_PLUGINS)\n"
        "print([type(one).__name__ for one in hooks.get_plugins() if 'Telemetry' in repr(one)])\n"
        "print(mlflow.telemetry.get_telemetry_client())\n"
    )
    left_out = {"DO_NOT_TRACK", "CI", "PYTEST_CURRENT_TEST", "MLFLOW_DISABLE_TELEMETRY"}
    variables = {key: value for key, value in environment().items() if key not in left_out}
    command = [sys.executable, "-c", asked]
    done = subprocess.run(
        command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-2:] == ["[]", "None"], done.stderr
