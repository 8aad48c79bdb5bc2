"""The same file gives the same bytes from the shell, Python, the service and Kedro."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pandas as pd
import pytest
import tifffile
from click.testing import CliRunner
from clusters import object_storage, workers
from limits import PATIENCE
from PIL import Image
from project_folder import Project, wait_until
from serving import client, served
from skimage import data
from small_denoiser import write_denoiser

from denoising_pipeline import Denoiser
from denoising_pipeline.cli.denoise import denoise

Files = dict[str, bytes]
IMAGES = 60


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Pictures of several formats, modes and depths in a folder."""
    folder = tmp_path / "in"
    folder.mkdir()
    photo = Image.fromarray(data.astronaut()[:40, :48])
    photo.save(folder / "a.jpg", quality=95, dpi=(300, 300))
    photo.quantize(16).save(folder / "palette.png")
    photo.convert("CMYK").save(folder / "print.tif")
    deep = np.stack([data.brick()[:30, :50], data.grass()[:30, :50]]).astype(np.uint16) * 257
    tifffile.imwrite(folder / "stack.tif", deep, photometric="minisblack")
    np.save(folder / "float.npy", deep[0].astype(np.float32) / 7000)
    return read(folder)


def read(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*")}


def from_shell(folder: Path, model: Path, *options: str) -> Files:
    arguments = [str(folder / "in"), "-o", str(folder / "shell"), "--model", str(model), *options]
    assert CliRunner().invoke(denoise, [*arguments, "--overwrite"]).exit_code == 0
    return read(folder / "shell")


def from_python(folder: Path, model: Path, options: Mapping[str, Any]) -> Files:
    denoiser = Denoiser.load(model)
    return {path.name: denoiser.denoise(path, **options) for path in (folder / "in").iterdir()}


def from_service(files: Files, address: str, query: Mapping[str, float]) -> Files:
    with client(address) as web:
        posted = {
            name: web.post("/denoise", params={"name": name, **query}, content=content)
            for name, content in files.items()
        }
    return {name: answer.content for name, answer in posted.items()}


def test_files_have_the_same_bytes_from_everywhere_and_a_tracked_table(
    project: Project, tmp_path: Path, files: Files
) -> None:
    """The bad one ends the run with an error, when the others and the table are written."""
    model = write_denoiser(tmp_path / "small.zip")
    given = f"inference.input={tmp_path}/in,inference.output={tmp_path}/kedro"
    params = f"{given},inference.model={model}"
    recipe = project.recipe("own_files")
    run = project.run(recipe, "--pipelines", "inference", "--params", params)
    expected = read(tmp_path / "kedro")
    assert expected.keys() == files.keys()
    assert all(expected[name] != content for name, content in files.items())
    assert from_shell(tmp_path, model) == expected
    assert from_python(tmp_path, model, {}) == expected
    table = pd.read_csv(project.saved(run, "denoised_files.csv"))
    assert table["status"].tolist() == ["done"] * len(files)
    tracked = project.client.list_artifacts(run.info.run_id, "tables")
    assert [file.path for file in tracked] == ["tables/denoised_files.csv"]
    (page,) = project.client.list_artifacts(run.info.run_id, "report")
    assert page.path == "report/denoised_files_page.html"
    html = project.saved(run, "denoised_files_page.html").read_text()
    assert f"{len(files)} of {len(files)} files denoised" in html
    assert html.count("<article") == len(files)
    assert "data:image/jpeg;base64" in html

    told = from_shell(tmp_path, model, "--strength", "0.5", "--sigma", "25.5")
    assert all(told[name] != content for name, content in expected.items())
    assert from_python(tmp_path, model, {"strength": 0.5, "sigma": 0.1}) == told
    with served(tmp_path, model) as (_, address):
        assert from_service(files, address, {}) == expected
        assert from_service(files, address, {"strength": 0.5, "sigma": 25.5}) == told
    (tmp_path / "in/bad.png").write_text("Dear diary")
    params += ",inference.resume=true,inference.strength=0.5,inference.sigma=25.5"
    result = project.invoke("run", "--env", recipe, "--pipelines", "inference", "--params", params)
    assert result.exit_code == 1
    assert f"1 of {len(files) + 1} files failed" in result.output
    assert "bad.png is no image" in result.output
    lines = result.stdout.splitlines()
    assert any(line.strip().endswith("/denoised_files.csv") for line in lines)
    (link,) = (line.split()[1] for line in lines if line.startswith("Report: "))
    with urlopen(link) as written:
        assert "bad.png" in written.read().decode()
    assert read(tmp_path / "kedro") == told
    (failed,) = (run for run in project.runs(recipe) if run.info.status == "FAILED")
    artifacts = {
        file.path
        for folder in ("tables", "report")
        for file in project.client.list_artifacts(failed.info.run_id, folder)
    }
    assert artifacts == {"tables/denoised_files.csv", "report/denoised_files_page.html"}


def test_kedro_takes_a_model_of_mlflow_and_a_version_of_the_catalog(
    project: Project, tmp_path: Path, files: Files
) -> None:
    """As the command does: a run's, one by an alias, and one of the recipe's own folder."""
    small, other = (write_denoiser(tmp_path / f"{side}.zip", side=side) for side in (3, 5))
    recipe = project.recipe("named_models")
    version = project.path / "data/named_models/06_models/denoiser.zip/2026-01-01T00.00.00.000Z"
    version.mkdir(parents=True)
    shutil.copy(small, version / "denoiser.zip")
    shutil.copy(other, tmp_path / "denoiser.zip")
    client = project.client
    logged = client.create_run(client.create_experiment("own")).info
    client.log_artifact(logged.run_id, str(tmp_path / "denoiser.zip"), "denoiser")
    client.create_registered_model("own")
    own = client.create_model_version("own", f"{logged.artifact_uri}/denoiser", logged.run_id)
    client.set_registered_model_alias("own", "champion", own.version)
    names = {
        f"catalog:{version.name}": small,
        f"runs:/{logged.run_id}/denoiser": other,
        "models:/own@champion": other,
    }
    assert from_shell(tmp_path, small) != from_shell(tmp_path, other)
    for number, (name, model) in enumerate(names.items()):
        places = f"inference.input={tmp_path}/in,inference.output={tmp_path}/{number}/"
        given = f"{places},inference.model={name},inference.max_memory=1G,inference.suffix=_new"
        project.run(recipe, "--pipelines", "inference", "--params", given)
        expected = from_shell(tmp_path, model, "--suffix", "_new")
        written = read(tmp_path / str(number))
        assert written
        assert written == {key: expected[key] for key in written}
    given = f"inference.input={tmp_path}/in,inference.model=models:/nobody@champion"
    done = project.kedro("run", "--env", recipe, "--pipelines", "inference", "--params", given)
    assert done.returncode == 1
    assert "'models:/nobody@champion' is not found by MLflow" in done.stderr
    assert "denoise_files failed" in done.stdout
    assert "previous command" not in done.stdout  # it would fail again


@pytest.mark.slow
@pytest.mark.parametrize("way", ["fast", "best"])
def test_every_way_to_compute_gives_the_same_bytes_from_everywhere(
    project: Project, tmp_path: Path, files: Files, way: str
) -> None:
    if way == "fast":
        pytest.importorskip("openvino", reason="OpenVINO is not installed: the extra `fast`")
    model = write_denoiser(tmp_path / "small.zip", flips="all")
    plain, expected = from_shell(tmp_path, model), from_shell(tmp_path, model, f"--{way}")
    assert all(plain[name] != content for name, content in expected.items())
    assert from_python(tmp_path, model, {way: True}) == expected
    with served(tmp_path, model, f"--{way}") as (_, address):
        assert from_service(files, address, {}) == expected
    given = f"inference.input={tmp_path}/in,inference.output={tmp_path}/kedro"
    params = f"{given},inference.model={model},inference.{way}=true"
    project.run(project.recipe(f"{way}_files"), "--pipelines", "inference", "--params", params)
    assert read(tmp_path / "kedro") == expected
    assert from_shell(tmp_path, model, f"--{way}", "--workers", "2") == expected


@pytest.mark.slow
def test_kedro_shares_files_among_the_processes_of_a_cluster_in_one_tracked_run(
    project: Project, tmp_path: Path, files: Files
) -> None:
    """`kedro run` as a process of its own, which starts two more."""
    pytest.importorskip("distributed", reason="Dask is not installed: the extra `cluster`")
    model = write_denoiser(tmp_path / "small.zip")
    given = f"inference.input={tmp_path}/in,inference.output={tmp_path}/kedro"
    params = f"{given},inference.model={model},inference.cluster=local:2"
    recipe = project.recipe("shared_files")
    done = project.kedro("run", "--env", recipe, "--pipelines", "inference", "--params", params)
    assert done.returncode == 0, done.stderr
    assert read(tmp_path / "kedro") == from_shell(tmp_path, model)
    (run,) = project.runs(recipe)
    assert run.info.status == "FINISHED"
    table = pd.read_csv(project.saved(run, "denoised_files.csv"))
    assert table["status"].tolist() == ["done"] * len(files)
    tracked = project.client.list_artifacts(run.info.run_id, "tables")
    assert [file.path for file in tracked] == ["tables/denoised_files.csv"]


@pytest.mark.slow
def test_kedro_with_a_cluster_on_object_storage_outlives_a_worker_and_does_nothing_twice(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: the extra `cluster`")
    model = write_denoiser(tmp_path / "slow.zip", side=15, hidden=96)
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    (tmp_path / "in").mkdir()
    for number in range(IMAGES):
        Image.fromarray(np.roll(noise, number, axis=1)).save(tmp_path / f"in/{number:03}.png")
    with object_storage(monkeypatch) as address:
        import s3fs

        files = s3fs.S3FileSystem(
            version_aware=True, use_listings_cache=False, skip_instance_cache=True
        )
        files.make_bucket_versioned("photos")
        files.put(f"{tmp_path}/in/", "photos/in/", recursive=True)

        def written() -> list[str]:
            return [name for name in files.find("photos/out") if name.endswith(".png")]

        recipe = project.recipe("stored_files")
        places = f"inference.input={address}/in,inference.output={address}/out"
        given = f"{places},inference.model={model},inference.cluster=local:2"
        options = ("--env", recipe, "--pipelines", "inference", "--params", given)
        with project.start("run", *options) as run:
            wait_until(lambda: len(written()) > IMAGES // 10, run)
            workers(run)[0].kill()
            said, lines = run.communicate(timeout=PATIENCE)
        assert run.returncode == 0, lines
        assert f"{IMAGES} of {IMAGES} files, 0 failed" in said + lines
        assert len(written()) == IMAGES
        assert {len(files.object_version_info(name)) for name in written()} == {1}
    (tracked,) = project.runs(recipe)
    assert tracked.info.status == "FINISHED"
    table = pd.read_csv(project.saved(tracked, "denoised_files.csv"))
    assert table["status"].tolist() == ["done"] * IMAGES
