"""What goes wrong is said in one message, tracked as FAILED or not at all, and leaves no ruins."""

import gzip
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from project_folder import ROOT, TRAINING, Project, models_of, raw_source

LABELS = "train-labels-idx1-ubyte"
IMAGES = "train-images-idx3-ubyte"


def only_message(stderr: str) -> str:
    """Return the error message, which is all that there is on stderr."""
    lines = [line for line in stderr.splitlines() if " INFO mlflow." not in line]
    assert lines[0].startswith("Error: "), stderr
    assert "Traceback" not in stderr
    return "\n".join(lines)


def test_truncated_file_fails_the_run(project: Project) -> None:
    """As a process: exit code 1, one message on stderr that names the file, and nothing written."""
    folder = raw_source(project, "truncated")
    content = gzip.compress((folder / IMAGES).read_bytes())
    (folder / IMAGES).unlink()
    (folder / f"{IMAGES}.gz").write_bytes(content[:-500])
    recipe = project.recipe("truncated")
    process = project.kedro("run", "--env", recipe, "--params", "source=truncated")
    assert process.returncode == 1
    message = only_message(process.stderr)
    assert f"{folder / IMAGES}.gz' is truncated" in message
    assert len(message.splitlines()) == 1
    assert "Traceback" not in process.stdout
    assert [run.info.status for run in project.runs(recipe)] == ["FAILED"]
    assert project.files(recipe) == []


@pytest.mark.slow
def test_counts_that_differ_fail_the_run(project: Project) -> None:
    """Both counts are named, and nothing of the pair is written."""
    raw_source(project, "miscounted", labels=59)
    recipe = project.recipe("miscounted")
    result = project.invoke("run", "--env", recipe, "--params", "source=miscounted")
    assert result.exit_code == 1
    message = only_message(result.stderr)
    assert "60 images" in message
    assert "59" in message
    assert [run.info.status for run in project.runs(recipe)] == ["FAILED"]
    assert not [file for file in project.files(recipe) if "train" in file or "part" in file]


def test_missing_file_is_named(project: Project) -> None:
    """A source that lacks a file says which, and where it belongs."""
    folder = raw_source(project, "incomplete")
    (folder / LABELS).unlink()
    recipe = project.recipe("incomplete")
    result = project.invoke("run", "--env", recipe, "--params", "source=incomplete")
    assert result.exit_code == 1
    message = only_message(result.stderr)
    assert f"{folder / LABELS}' does not exist" in message
    assert "Put the four IDX files" in message
    assert "--params source=<folder>" in message
    assert str(folder) in message
    assert [run.info.status for run in project.runs(recipe)] == ["FAILED"]


@pytest.mark.parametrize(
    ("recipe", "advice"),
    [
        ("pairs", "Put pairs of images as PNG, JPEG, WebP or TIFF under the same names into"),
        ("noisy", "Put noisy images as PNG, JPEG, WebP or TIFF into"),
        ("fitted", "Put noisy images as PNG, JPEG, WebP or TIFF into"),
        ("sound", "Put recordings as WAV into"),
    ],
)
def test_a_recipe_without_its_images_says_which_before_anything_is_done(
    project: Project, recipe: str, advice: str
) -> None:
    shutil.copytree(ROOT / "conf" / recipe, project.path / "conf" / recipe, dirs_exist_ok=True)
    result = project.invoke("run", "--env", recipe, "--params", "source=own")
    assert result.exit_code == 1
    message = only_message(result.stderr)
    assert f"01_raw/own' does not exist or holds no files. {advice} '" in message
    assert "IDX" not in message
    assert "name another folder of data/01_raw by --params source=<folder>" in message
    assert not project.files(recipe)


@pytest.mark.slow
def test_fault_r31_a_run_that_diverges_fails_and_saves_no_model(project: Project) -> None:
    """Weights that grow at each step until they are no numbers: a real training, from its options.

    Kernels are taken ten times their size at each step.
    """
    growing = {"learning_rate": 1, "weight_decay": 10, "schedule": "constant", "epochs": 200}
    recipe = project.recipe("diverging", {"training": {**TRAINING, **growing}})
    before = project.client.search_registered_models()
    result = project.invoke("run", "--env", recipe)
    assert result.exit_code == 1
    assert "The loss is not a finite number after epoch" in (said := only_message(result.stderr))
    assert "Lower training.learning_rate" in said
    (run,) = project.runs(recipe)
    assert run.info.status == "FAILED"
    assert models_of(run) == []
    assert [m.name for m in project.client.search_registered_models()] == [m.name for m in before]
    written = project.files(recipe)
    assert not [file for file in written if "denoiser" in file or "08_reporting" in file]
    kept = [file for file in written if file.startswith("06_models/training_checkpoints/")]
    assert len(kept) in {1, 2}
    history = project.client.get_metric_history(run.info.run_id, "val/loss")
    assert len(history) == int(sorted(kept)[-1].split("/")[-1][:6])
    assert all(math.isfinite(metric.value) for metric in history)
    for file in kept:
        with np.load(project.path / "data" / recipe / file) as state:
            assert all(np.isfinite(state[n]).all() for n in state if n != "progress")


def test_fault_r50_r51_wrong_parameters_are_all_named_before_a_run_exists(project: Project) -> None:
    """Both keys, the nearest name, exit code 1, and nothing in MLflow."""
    recipe = project.recipe("misspelt")
    wrong = "training.epohcs=3,noise_injection.sigma=-1"
    result = project.invoke("run", "--env", recipe, "--params", wrong)
    assert result.exit_code == 1
    message = only_message(result.stderr)
    assert "2 parameters are not allowed" in message
    assert "noise_injection.sigma: -1 is not allowed" in message
    assert "training.epohcs: no such parameter; did you mean 'epochs'?" in message
    assert project.runs(recipe) == []
    assert not (project.path / "data" / recipe).exists()


def test_fault_r49_version_that_is_not_there_lists_those_that_are(project: Project) -> None:
    """`--load-versions` of what does not exist starts no run."""
    recipe = project.recipe("unversioned")
    run = project.run(recipe, "--pipelines", "ingestion")
    version = run.data.tags["run_id"]
    wrong = "source_manifest:2000-01-01T00.00.00.000Z"
    for entry, known in ((wrong, version), (wrong.replace("source_manifest", "denoiser"), "none")):
        result = project.invoke("run", "--env", recipe, "--load-versions", entry)
        assert result.exit_code == 1
        assert f"{entry} does not exist" in (message := only_message(result.stderr))
        assert known in message
    assert len(project.runs(recipe)) == 1


def test_fault_r45_run_that_cannot_be_published_fails(project: Project) -> None:
    """The pipeline has ended, but MLflow refuses the folder that the catalog names."""
    filepath = "data/unpublished/02_intermediate/source_manifest.json"
    manifest = {
        "type": "denoising_pipeline.datasets.StrictJsonDataset",
        "filepath": filepath,
        "versioned": True,
        "metadata": {"mlflow": {"artifact": "../elsewhere"}},
    }
    recipe = project.recipe("unpublished", catalog={"source_manifest": manifest})
    result = project.invoke("run", "--env", recipe, "--pipelines", "ingestion")
    assert result.exit_code == 1
    assert "'../elsewhere'" in only_message(result.stderr)
    assert [run.info.status for run in project.runs(recipe)] == ["FAILED"]


@pytest.mark.slow
def test_run_without_a_place_for_artifacts_fails(tmp_path: Path) -> None:
    """A file lies where MLflow's folder should be: the run is FAILED before a node has run."""
    project = Project.create(tmp_path)
    recipe = project.recipe("homeless")
    place = tmp_path / "data/smoke/mlruns"
    place.parent.mkdir()
    place.write_text("a file")
    result = project.invoke("run", "--env", recipe, "--pipelines", "ingestion")
    assert result.exit_code == 1
    assert str(place) in only_message(result.stderr)
    assert [run.info.status for run in project.runs(recipe)] == ["FAILED"]
    assert project.files(recipe) == []


@pytest.mark.parametrize("arguments", [("--env", "smok"), ("--pipelines", "trainig")])
def test_misspelt_names_leave_no_traceback(project: Project, arguments: tuple[str, str]) -> None:
    """Recipes and pipelines that are not there are named."""
    result = project.invoke("run", *arguments)
    assert result.exit_code == 1
    assert arguments[1] in only_message(result.stderr)
