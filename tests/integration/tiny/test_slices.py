"""Parts of the pipeline, on what an earlier run left behind."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow.entities import Run
from project_folder import (
    TO_SCORES,
    Project,
    inputs_of,
    load_versions,
    model_inputs_of,
    models_of,
)

from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser.export import run_onnx

LOADED = ("denoiser", "history", "test_noisy")


def written_by(project: Project, run: Run) -> set[str]:
    """Return the names of the versioned files that a run wrote."""
    tags = run.data.tags
    files = (Path(file) for file in project.files(tags["env"]))
    return {path.name for path in files if path.parent.name == tags["run_id"]}


@pytest.fixture(scope="module")
def replay(project: Project, tiny: Run) -> Run:
    """Evaluation and reporting of the tiny run again, from the versions that it wrote."""
    stages = ("--pipelines", "evaluation,reporting")
    return project.run("tiny", *stages, *load_versions(tiny, *LOADED))


def test_replay_reproduces_the_summary(project: Project, tiny: Run, replay: Run) -> None:
    """Scores of the loaded denoiser are those that it had, and figures are drawn again."""
    summaries = [
        json.loads(project.saved(run, "summary.json").read_text()) for run in (tiny, replay)
    ]
    assert summaries[0] == summaries[1]
    assert {"denoiser.zip", "test_clean.npy"} < written_by(project, tiny)
    scored = {"summary.json", "image_metrics.parquet", "test_denoised.npy", "report.html"}
    made = written_by(project, replay)
    assert scored < made < written_by(project, tiny)
    assert not {"denoiser.zip", "test_clean.npy", "test_noisy.npy"} & made
    assert "training" not in replay.info.run_name
    assert {"evaluation", "reporting"} <= set(re.split(r"\W+", replay.info.run_name))


def test_replay_tracks_what_it_wrote_and_no_more(project: Project, tiny: Run, replay: Run) -> None:
    """Final metrics are there, those of epochs and the model are not; inputs are what it read."""
    assert {key for key in tiny.data.metrics if key not in replay.data.metrics} == {
        "train/loss",
        "train/psnr",
        "train/seconds",
        "val/loss",
        "val/psnr",
    }
    assert models_of(replay) == []
    read = {(f"{n}_{k}", n) for n in ("test", "val") for k in ("clean", "noisy")}
    assert inputs_of(replay) == {*read, ("train_clean", "train")}
    assert model_inputs_of(project, replay) == models_of(tiny)
    assert replay.data.tags["training_run"] == tiny.info.run_id


def test_tag_draws_the_figures(project: Project, tiny: Run) -> None:
    """`--tags reporting` writes six pictures and the report, byte for byte those of the full run.

    What the report says of the run itself differs.
    """
    tables = ("image_metrics", "digit_metrics", "summary", "noise_sweep", "source_manifest")
    loaded = load_versions(tiny, *LOADED, "test_denoised", *tables)
    run = project.run("tiny", "--tags", "reporting", *loaded)
    names = written_by(project, run) - {"provenance.json"}
    assert len(names) == 7
    for name in names - {"report.html"}:
        assert project.saved(run, name).read_bytes() == project.saved(tiny, name).read_bytes()
    pages = [project.saved(one, "report.html").read_text() for one in (run, tiny)]
    assert "--tags=reporting" in pages[0]
    results = [page[page.index("<main>") : page.index('<section id="run"')] for page in pages]
    assert results[0] == results[1]


@pytest.mark.slow
def test_the_report_is_written_without_tracking(project: Project, tiny: Run) -> None:
    """`tracking.disable_tracking` in mlflow.yml: no run, and a report that says so."""
    folder = project.path / "conf" / project.recipe("untracked")
    (folder / "globals.yml").write_text("data: data/tiny\nsource: digits")
    off = {"tracking": {"disable_tracking": {"pipelines": ["reporting"]}}}
    with (folder / "mlflow.yml").open("a") as file:
        file.write(yaml.safe_dump(off))
    before = len(project.runs())
    command = ("run", "--env", "untracked", "--pipelines", "reporting")
    done = project.invoke(*command, *load_versions(tiny, *LOADED))
    assert done.exit_code == 0, done.output
    link = done.output.splitlines()[-1].removeprefix("Report: file://")
    page = Path(link).read_text()
    assert "not tracked" in page
    assert tiny.info.run_id not in page
    assert "kedro run --env=untracked --pipelines=reporting --load-versions=" in page
    assert len(project.runs()) == before


@pytest.mark.slow
def test_from_nodes_goes_on_where_it_is_told(project: Project, tiny: Run) -> None:
    """`--from-nodes evaluation.score_test_images` loads what was denoised and scores it."""
    versions = load_versions(tiny, "test_denoised", "test_noisy")
    run = project.run("tiny", "--from-nodes", "evaluation.score_test_images", *versions)
    assert {"image_metrics.parquet", "summary.json"} < written_by(project, run)
    assert "test_denoised.npy" not in written_by(project, run)
    assert run.data.metrics["test/psnr"] == tiny.data.metrics["test/psnr"]


def test_parameter_reaches_the_images_and_the_record(project: Project, tiny: Run) -> None:
    """`--to-outputs test_noisy` with another sigma: its parameter, its noise, its name."""
    run = project.run("tiny", "--to-outputs", "test_noisy", "--params", "noise_injection.sigma=0.3")
    assert "test_noisy.npy" in written_by(project, run)
    assert "denoiser.zip" not in written_by(project, run)
    changed = {key for key, value in run.data.params.items() if tiny.data.params[key] != value}
    assert changed == {"noise_injection.sigma"}
    assert run.data.params["noise_injection.sigma"] == "0.3"
    assert "gaussian 0.3" in run.info.run_name
    clean = np.load(project.saved(run, "test_clean.npy"))
    noisy = np.load(project.saved(run, "test_noisy.npy"))
    np.testing.assert_array_equal(
        noisy, draw_noisy(clean, Gaussian(sigma=0.3), seed=0, split="test", epoch=0)
    )


def test_command_of_a_run_repeats_it(project: Project, tiny: Run) -> None:
    """The tag `kedro_command`, given to a shell, makes the same run again."""
    options = (
        "--params",
        "noise_injection.sigma=0.25,training.epochs=3",
        "--to-outputs",
        "val_noisy",
    )
    first = project.run("tiny", *options)
    command = shlex.split(first.data.tags["kedro_command"])
    assert command[:2] == ["kedro", "run"]
    assert project.invoke(*command[1:]).exit_code == 0
    again = project.runs("tiny")[-1]
    assert again.info.run_id != first.info.run_id
    assert again.data.params == first.data.params
    assert again.data.tags["kedro_command"] == first.data.tags["kedro_command"]
    noisy = [project.saved(run, "val_noisy.npy").read_bytes() for run in (first, again)]
    assert noisy[0] == noisy[1]


@pytest.mark.slow
def test_command_of_a_slice_repeats_exactly_this_run(
    project: Project, tiny: Run, replay: Run
) -> None:
    """It names the versions of all that the slice loaded, whatever was written since."""
    project.run("tiny", "--pipelines", TO_SCORES, "--params", "seed=5,training.epochs=1")
    command = shlex.split(replay.data.tags["kedro_command"])
    result = project.invoke(*command[1:])
    assert result.exit_code == 0, result.output
    again = project.runs("tiny")[-1]
    assert again.data.tags["kedro_command"] == replay.data.tags["kedro_command"]
    assert again.data.metrics == replay.data.metrics
    assert again.data.metrics["test/psnr"] == tiny.data.metrics["test/psnr"]
    for name in ("summary.json", "test_denoised.npy"):
        files = [project.saved(run, name).read_bytes() for run in (again, replay)]
        assert files[0] == files[1]


@pytest.mark.slow
def test_old_spelling_of_pipelines_works(project: Project, tiny: Run) -> None:
    """`--pipeline training` trains on what is there, and the model is tracked."""
    run = project.run("tiny", "--pipeline", "training", *load_versions(tiny, "val_noisy"))
    written = {"denoiser.zip", "history.csv", "card.json", "provenance.json"}
    assert written_by(project, run) == written
    assert "training" in run.info.run_name
    assert run.data.metrics["val/loss"] == tiny.data.metrics["val/loss"]
    assert len(models_of(run)) == 1


@pytest.mark.slow
def test_benchmark_puts_a_baseline_beside_the_denoiser(project: Project, tiny: Run) -> None:
    """`--pipelines benchmark` on the tiny run: table, Markdown and pictures, also in MLflow."""
    options = "benchmark.baselines=[median filter + tone],benchmark.article_epochs=0"
    versions = load_versions(tiny, "denoiser", "val_noisy", "test_noisy")
    run = project.run("tiny", "--pipelines", "benchmark", "--params", options, *versions)
    tables = {"benchmark_table.parquet", "benchmark_markdown.md"}
    pictures = {"benchmark_figure.png", "benchmark_examples.png"}
    others = {"benchmark_denoised.npy", "baseline_calibration.json", "provenance.json"}
    others |= {"benchmark_section.json"}
    assert written_by(project, run) == tables | pictures | others
    table = pd.read_parquet(project.saved(run, "benchmark_table.parquet")).set_index("denoiser")
    assert set(table.index) == {"denoiser (dense)", "median filter + tone"}
    assert table.loc["denoiser (dense)", "psnr"] == pytest.approx(tiny.data.metrics["test/psnr"])
    assert "| median filter + tone" in project.saved(run, "benchmark_markdown.md").read_text()
    shown = {"benchmark_table.csv", "benchmark_markdown.md"}  # MLflow shows what is text
    for folder, names in (("tables", shown), ("figures", pictures)):
        files = project.client.list_artifacts(run.info.run_id, folder)
        assert {Path(file.path).name for file in files} >= names


@pytest.mark.slow
def test_the_denoiser_that_a_run_left_is_exported(project: Project, tiny: Run) -> None:
    """ONNX Runtime makes of the run's noisy images what the pipeline made of them."""
    pytest.importorskip("tf2onnx")
    result = project.invoke("export", "--env", "tiny", "--to", "exported/denoiser.onnx")
    assert result.exit_code == 0, result.output
    assert "exported/denoiser.onnx: " in result.stdout
    content = (project.path / "exported/denoiser.onnx").read_bytes()
    found = run_onnx(content, np.load(project.saved(tiny, "test_noisy.npy")))
    expected = np.load(project.saved(tiny, "test_denoised.npy"))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
    again = project.invoke("export", "--env", "tiny", "--to", "exported/denoiser.onnx")
    assert again.exit_code == 1
    assert "--overwrite" in again.output
