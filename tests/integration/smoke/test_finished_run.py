"""What `kedro run` leaves behind: files of one version, and one run in MLflow that tells all."""

import hashlib
import io
import json
import struct
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup
from project_folder import ROOT, Smoke, inputs_of

from denoising_pipeline.config import Parameters, flatten, validate_parameters
from denoising_pipeline.datasets.metric_names import epoch_name, short_name
from denoising_pipeline.hooks.config_loader import ComponentConfigLoader
from denoising_pipeline.images.idx import read_idx
from denoising_pipeline.settings import CONFIG_LOADER_ARGS

FIGURES = {
    "best_and_worst_examples.png",
    "denoising_examples.png",
    "digit_figure.png",
    "noisy_examples.png",
    "psnr_figure.png",
    "training_curves.png",
}
TABLES = {
    "card.json",
    "digit_metrics.csv",
    "history.csv",
    "image_metrics.parquet",
    "noise_sweep.csv",
    "source_manifest.json",
    "summary.json",
}
CLEAN = {f"{split}_clean.npy" for split in ("train", "val", "test")}
WRITTEN = (
    FIGURES
    | TABLES
    | CLEAN
    | {"train_images.npy", "test_images.npy", "recorded_images.npy"}
    | {"image_table.parquet", "splits.parquet"}
    | {"degradation.json", "test_noisy.npy", "val_noisy.npy"}
    | {"denoiser.zip", "test_denoised.npy", "report.html"}
)

ABOUT = {"source", "seed", *("ingestion", "preprocessing", "noise_injection", "training")}
ABOUT |= {"evaluation", "reporting"}
"""Parameters of the stages that run."""

IMAGES = {"limit": 300}
"""What `FEWER` sets of the parameters."""


def parameters() -> Parameters:
    """Return what the configuration files and the command say, defaults filled in."""
    arguments: dict[str, Any] = CONFIG_LOADER_ARGS | {"runtime_params": {"ingestion": IMAGES}}
    loader = ComponentConfigLoader(str(ROOT / "conf"), env="smoke", **arguments)
    return validate_parameters(loader["parameters"])


def test_run_succeeds_and_prints_the_summary(smoke: Smoke) -> None:
    """Exit code 0, the table of scores, where the pictures are, and no traceback."""
    assert smoke.process.returncode == 0, smoke.process.stderr
    assert "300 test images" in smoke.process.stdout
    assert "Pictures: " in smoke.process.stdout
    assert "Traceback" not in smoke.process.stdout + smoke.process.stderr


def test_the_last_line_is_a_link_to_the_report(smoke: Smoke) -> None:
    """What it names opens in a browser, and says what the run was."""
    start, link = smoke.process.stdout.splitlines()[-1].split()
    assert start == "Report:"
    assert link == smoke.project.saved(smoke.run, "report.html").as_uri()
    with urlopen(link) as file:
        page = BeautifulSoup(file.read(), "html.parser")
    rows = {row.contents[0].get_text(): row for row in page.select("#run tbody tr")}
    said = {name: list(row.stripped_strings)[-1] for name, row in rows.items()}
    tags = smoke.run.data.tags
    assert said["run"] == tags["run_id"]
    assert said["MLflow run"] == smoke.run.info.run_id
    assert said["git commit"] == tags["git.commit"]
    assert said["train_images"] == tags["source.sha256.train_images"]
    assert said["tensorflow"] == tags["version.tensorflow"]
    code = page.select_one("#run code")
    assert code is not None
    assert code.get_text().splitlines()[-1] == tags["kedro_command"]
    headline = page.select_one("#result strong")
    assert headline is not None
    assert headline.get_text() == f"{smoke.run.data.metrics['test/psnr']:.2f} dB"


def test_the_sweep_passes_through_the_scores_of_the_run(smoke: Smoke) -> None:
    """At the trained level, its images and noise are those of evaluation."""
    sweep = pd.read_csv(smoke.project.saved(smoke.run, "noise_sweep.csv"))
    table = pd.read_parquet(smoke.project.saved(smoke.run, "image_metrics.parquet"))
    trained = sweep[sweep["trained"]].iloc[0]
    assert trained["level"] == 0.5
    scores = table.head(int(trained["n_images"]))
    assert trained["noisy_psnr"] == pytest.approx(scores["noisy_psnr"].mean(), rel=1e-6)
    assert trained["psnr"] == pytest.approx(scores["psnr"].mean(), abs=0.02)


def test_every_file_lies_under_the_version_of_the_run(smoke: Smoke) -> None:
    """Nothing but the catalog's entries is written: no part files, no other version."""
    version = smoke.run.data.tags["run_id"]
    found = {tuple(Path(file).parts[1:]) for file in smoke.project.files("smoke")}
    first = {parts for parts in found if parts[1] == version}
    expected = {(name, version, file) for name in WRITTEN for file in (name, "provenance.json")}
    assert first == expected


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_figures_are_whole_png_files(smoke: Smoke, name: str) -> None:
    """Signature, checksums and pixels of every picture are right (PNG specification, W3C)."""
    content = smoke.project.saved(smoke.run, name).read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, stream = [], io.BytesIO(content[8:])
    while head := stream.read(8):
        length, kind = struct.unpack(">I4s", head)
        chunks.append((kind, body := stream.read(length)))
        assert struct.unpack(">I", stream.read(4))[0] == zlib.crc32(kind + body)
    width, height, depth = struct.unpack(">IIB", chunks[0][1][:9])
    channels = {0: 1, 2: 3, 6: 4}[chunks[0][1][9]]
    pixels = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    assert chunks[-1][0] == b"IEND"
    assert min(width, height) >= 100
    assert len(pixels) == height * (1 + width * channels * depth // 8)
    assert len(set(pixels)) > 10


def test_there_is_one_finished_run_with_a_telling_name(smoke: Smoke) -> None:
    """The name says what was changed, noise, model and recipe."""
    assert [run.info.status for run in smoke.runs] == ["FINISHED"]
    model = parameters().training.model.name
    time, _, rest = str(smoke.run.info.run_name).partition(" ")
    assert datetime.strptime(time, "%H:%M")
    assert rest == f"limit 300 · smoke · gaussian 0.5 · {model}"


def test_the_parameters_of_the_stages_that_ran_are_recorded(smoke: Smoke) -> None:
    """With the recipe's values, one by one; those of all pipelines are a file."""
    expected = parameters().model_dump(mode="json")
    about = {key: value for key, value in expected.items() if key in ABOUT}
    assert smoke.run.data.params == {key: str(v) for key, v in flatten(about).items()}
    uri = f"{smoke.run.info.artifact_uri}/parameters.yml"
    assert yaml.safe_load(Path(uri.removeprefix("file://")).read_text()) == expected


def test_metrics_of_every_epoch_are_those_of_the_history(smoke: Smoke) -> None:
    """Steps count epochs from 1, and values are equal to the last digit."""
    history = pd.read_csv(
        smoke.project.saved(smoke.run, "history.csv"), float_precision="round_trip"
    )
    assert len(history) == int(smoke.run.data.params["training.epochs"])
    for column in map(str, history.columns.drop("epoch")):
        key = epoch_name(column)
        logged = smoke.project.client.get_metric_history(smoke.run.info.run_id, key)
        assert [(m.step, m.value) for m in logged] == list(
            zip(history["epoch"], history[column], strict=True)
        )


def test_final_metrics_are_those_of_the_summary(smoke: Smoke) -> None:
    """Every number of summary.json is a metric, to the last digit; flags and constants are tags."""
    summary = json.loads(smoke.project.saved(smoke.run, "summary.json").read_text())
    groups: dict[str, set[str]] = {}
    for key in smoke.run.data.metrics:
        groups.setdefault(key.partition("/")[0], set()).add(key)
    assert groups.pop("train") == {"train/loss", "train/psnr", "train/seconds"}
    assert groups.pop("val") == {"val/loss", "val/psnr"}
    assert "system/cpu_utilization_percentage" in groups.pop("system")
    tested = {"test", "test_baseline", "test_error", "test_limit", "test_noisy"}
    assert groups.keys() == {*tested, "within_ci", "within_label"}
    tags = smoke.run.data.tags
    constants = ("n_images", "confidence", "limit_psnr", "worse_than_noisy")
    assert [tags[key] for key in constants] == ["300", "0.95", "22.1", "false"]
    found = {short_name(k): smoke.run.data.metrics[k] for group in groups.values() for k in group}
    numbers = {key: value for key, value in summary.items() if type(value) in (int, float)}
    assert found == {key: value for key, value in numbers.items() if key not in constants}


def test_artifacts_are_the_files(smoke: Smoke) -> None:
    """Figures, tables and report in MLflow are byte for byte the files of the data folder."""
    client, run = smoke.project.client, smoke.run
    top = {"figures", "images", "previews", "report", "tables", "parameters.yml"}
    folders: dict[str | None, set[str]] = {None: top, "report": {"report.html"}}
    folders |= {"figures": FIGURES, "tables": TABLES}
    for folder, names in folders.items():
        listed = {Path(file.path).name for file in client.list_artifacts(run.info.run_id, folder)}
        assert listed == names
        for name in names if folder else ():
            artifact = Path(client.download_artifacts(run.info.run_id, f"{folder}/{name}"))
            assert artifact.read_bytes() == smoke.project.saved(run, name).read_bytes()


def test_every_test_image_has_its_row(smoke: Smoke) -> None:
    """The table of scores has one row per test image, and the summary is its mean."""
    table = pd.read_parquet(smoke.project.saved(smoke.run, "image_metrics.parquet"))
    assert table["index"].tolist() == list(range(300))
    assert smoke.run.data.metrics["test/psnr"] == pytest.approx(table["psnr"].mean(), rel=1e-12)


def test_run_says_what_code_it_was(smoke: Smoke) -> None:
    """The commit and that nothing was changed since, and the versions of the libraries."""
    tags = smoke.run.data.tags
    assert tags["git.commit"] == smoke.project.git("rev-parse", "HEAD")
    assert tags["git.dirty"] == "false"
    libraries = {"denoising-pipeline", "keras", "kedro", "mlflow", "numpy", "python", "tensorflow"}
    assert all(tags[f"version.{library}"][0].isdigit() for library in libraries)


def test_run_says_what_source_it_had(smoke: Smoke) -> None:
    """The sums of the four uncompressed files, as MNIST has them."""
    tags = smoke.run.data.tags
    assert tags["source"] == "mnist"
    files = {"train": "train", "test": "t10k"}
    kinds = {"images": "images-idx3-ubyte", "labels": "labels-idx1-ubyte"}
    for split, start in files.items():
        for kind, end in kinds.items():
            with (ROOT / f"data/01_raw/mnist/{start}-{end}.gz").open("rb") as file:
                array = read_idx(file)
            header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
            digest = hashlib.sha256(header + array.tobytes()).hexdigest()
            assert tags[f"source.sha256.{split}_{kind}"] == digest


def test_datasets_are_inputs_with_their_use(smoke: Smoke) -> None:
    """MLflow knows which images trained, validated and evaluated."""
    clean = {(f"{split}_clean", split) for split in ("train", "val", "test")}
    assert inputs_of(smoke.run) == clean | {("val_noisy", "val"), ("test_noisy", "test")}
