"""Recordings through the whole pipeline, by the recipe of it, and through the command line."""

from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from project_folder import BESIDE_BASELINES, ROOT, Project

from denoising_pipeline.cli.denoise import denoise
from denoising_pipeline.cli.train import train
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.wav import read_wav, write_wav

pytestmark = pytest.mark.slow


def melody(number: int, samples: int = 9000) -> bytes:
    """Return a recording of tones with harmonics, one after the other, with rests."""
    draws = np.random.default_rng(number)
    time = np.arange(samples) / 8000
    pitch = np.repeat(draws.uniform(120, 300, samples // 900), 900)
    rests = np.repeat(draws.random(samples // 900) > 0.3, 900)
    phase = 2 * np.pi * np.cumsum(pitch) / 8000
    wave = (
        sum(np.sin(n * phase) / n for n in (1, 2, 3, 5)) * rests * (0.5 + 0.5 * np.sin(20 * time))
    )
    return write_wav((0.5 + 0.05 * np.asarray(wave))[None, :, None].astype(np.float32), 8000)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with recordings of two lengths, some of them for the test."""
    project = Project.create(tmp_path_factory.mktemp("project"))
    project.create_store()
    for number in range(10):
        split = "train" if number < 8 else "test"
        folder = project.path / "data/01_raw/melodies" / split
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.wav").write_bytes(melody(number, 9000 + 900 * (number % 2)))
    return project


def small() -> dict[str, Any]:
    """Return the parameters of the recipe, with a small network and a few steps."""
    given: dict[str, Any] = yaml.safe_load((ROOT / "conf/sound/parameters.yml").read_text())
    given["training"]["model"] |= {"widths": [6, 8], "blocks": [1, 1]}
    given["training"] |= {"patch": 4096, "patches_per_epoch": 128, "epochs": 1}
    given["benchmark"] |= {"calibration_images": 2, "examples": 2}
    split = {"validation_images": 2}
    return given | {"source": "melodies", "preprocessing": split, "reporting": {"examples": 2}}


def test_the_recipe_runs_to_its_report_and_denoises_files(project: Project) -> None:
    recipe = project.recipe("sound", small())
    own = yaml.safe_load((ROOT / "conf/sound/globals.yml").read_text())
    given = {"data": "data/sound", "source": "melodies"}
    (project.path / "conf/sound/globals.yml").write_text(yaml.safe_dump(own | given))
    tracked = project.path / "conf/sound/mlflow.yml"  # Where `denoise` looks, too, in the project.
    (project.path / "conf/local/mlflow.yml").write_text(tracked.read_text())
    run = project.run(recipe, "--pipelines", BESIDE_BASELINES)
    metrics = run.data.metrics
    assert metrics["test/si_sdr"] > metrics["test_noisy/si_sdr"]
    page = project.saved(run, "report.html").read_text()
    assert "SI-SDR" in page and "spectral subtraction" in page
    assert "Over wiener filter of speech" in page and "test_baseline/si_sdr" in metrics
    path = project.saved(run, "denoiser.zip")
    assert Denoiser.load(path).architecture.sample_rate == 8000
    recording = project.path / "data/01_raw/melodies/test/9.wav"
    exported = project.path / "sound.zip"
    result = project.invoke("export", "--env", "sound", "--to", str(exported))
    assert result.exit_code == 0, result.output
    before = read_wav(recording.read_bytes())
    for model in ("sound", str(exported)):
        out = project.path / f"{Path(model).stem}.wav"
        with chdir(project.path):
            arguments = [str(recording), "-o", str(out), "--model", model, "--overwrite"]
            result = CliRunner().invoke(denoise, arguments)
        assert result.exit_code == 0, result.output
        after = read_wav(out.read_bytes())
        assert len(before.content) == len(after.content)
        assert not np.array_equal(before.values, after.values)


def test_without_a_model_it_says_how_to_get_one(project: Project) -> None:
    recording = project.path / "data/01_raw/melodies/test/9.wav"
    result = CliRunner().invoke(denoise, [str(recording)])
    assert result.exit_code == 1
    assert "kedro run --env sound" in result.output
    assert not recording.with_name("9_denoised.wav").exists()


def test_training_on_recordings_is_told_by_which_command(project: Project) -> None:
    folder = project.path / "data/01_raw/melodies/train"
    with chdir(project.path):
        result = CliRunner().invoke(train, [str(folder), "--name", "mine"])
    assert result.exit_code == 2
    assert f"ln -s {folder} data/01_raw/mine && kedro run --env sound" in result.output
    assert "--params source=mine" in result.output
    assert not (project.path / "conf/mine").exists()
