"""Pipelines other than the default one, on what an earlier run left behind."""

import json

import numpy as np
import pandas as pd
import pytest
from mlflow.entities import Run
from project_folder import Project, load_versions, raw_source

from denoising_pipeline.datasets.metric_names import CONSTANTS

pytestmark = pytest.mark.slow

DOWNSTREAM = {
    "clean_classifier.zip",
    "confusion_figure.png",
    "confusions.csv",
    "noisy_classifier.zip",
    "predictions.parquet",
    "downstream_by_digit.csv",
    "downstream_figure.png",
    "downstream_summary.json",
    "hallucination_examples.png",
}
FEATURES = {
    "features.parquet",
    "feature_scores.csv",
    "feature_summary.json",
    "feature_markdown.md",
    "feature_figure.png",
}
UNCERTAINTY = {
    "coverage.csv",
    "coverage_figure.png",
    "reliability.csv",
    "sd_calibration.json",
    "sd_estimator.zip",
    "test_sd.npy",
    "uncertainty_examples.png",
    "uncertainty_summary.json",
}


def numbers(run: Run) -> list[float]:
    """Return the metrics of a run."""
    return sorted(run.data.metrics.values())


def results(summary: dict[str, float]) -> list[float]:
    """Return what of a summary is no constant, and so becomes a metric."""
    return sorted(value for key, value in summary.items() if not CONSTANTS.fullmatch(key))


@pytest.fixture(scope="module")
def others(project: Project, tiny: Run) -> Run:
    """Both pipelines on the images and the denoiser of the tiny run."""
    names = ("denoiser", "splits", "test_noisy", "test_denoised", "val_noisy")
    pipelines = ("--pipelines", "downstream,uncertainty")
    return project.run("tiny", *pipelines, *load_versions(tiny, *names))


def test_every_result_is_a_file_of_the_run(project: Project, others: Run) -> None:
    for name in DOWNSTREAM | UNCERTAINTY:
        assert project.saved(others, name).stat().st_size > 0
    sd = np.load(project.saved(others, "test_sd.npy"))
    assert sd.shape == (60, 28, 28, 1)
    assert sd.dtype == np.float32
    assert (sd > 0).all()


def test_summaries_are_the_metrics_of_the_run(project: Project, others: Run) -> None:
    """And the other tables and the figures are its artifacts."""
    metrics: dict[str, float] = {}
    for name in ("downstream", "uncertainty"):
        metrics |= json.loads(project.saved(others, f"{name}_summary.json").read_text())
    assert numbers(others) == results(metrics)
    predictions = pd.read_parquet(project.saved(others, "predictions.parquet"))
    correct = predictions["denoised_prediction"] == predictions["label"]
    assert metrics["accuracy_denoised"] == correct.mean()
    logged = {
        file.path
        for folder in ("figures", "tables")
        for file in project.client.list_artifacts(others.info.run_id, folder)
    }
    files = {name for name in DOWNSTREAM | UNCERTAINTY if not name.endswith((".zip", ".npy"))}
    assert {path.split("/")[1] for path in logged} == files
    assert {path for path in logged if path.endswith("png")} == {
        f"figures/{name}" for name in files if name.endswith("png")
    }


def test_features_are_encoded_and_probed(project: Project, tiny: Run) -> None:
    """`--pipelines features` on the tiny run: its summary and tables are in MLflow as well."""
    names = ("denoiser", "train_clean", "val_clean", "test_noisy", "test_denoised")
    options = "features.labels=[20,null]"
    versions = load_versions(tiny, *names)
    run = project.run("tiny", "--pipelines", "features", "--params", options, *versions)
    assert all(project.saved(run, name).stat().st_size > 0 for name in FEATURES)
    table = pd.read_parquet(project.saved(run, "features.parquet"))
    assert table["split"].value_counts().to_dict() == {"test": 60, "train": 40}
    assert table.filter(regex=r"^code_\d+$").shape[1] == 32
    summary = json.loads(project.saved(run, "feature_summary.json").read_text())
    assert numbers(run) == results(summary)
    assert 0.1 < summary["accuracy_pixels_knn_clean"] <= 1
    logged = {
        file.path.split("/")[1]
        for folder in ("figures", "tables")
        for file in project.client.list_artifacts(run.info.run_id, folder)
    }
    assert logged == FEATURES - {"features.parquet"}


def test_projections_are_trained_measured_and_mapped(project: Project, tiny: Run) -> None:
    """`--pipelines projections` on the tiny run's images: the page is there, and in MLflow."""
    options = (
        "projections.latent_dims=[2],projections.nodes=8,projections.epochs=1,"
        "projections.test_images=30,projections.neighbours=3"
    )
    versions = load_versions(tiny, "train_clean", "val_clean", "test_clean", "splits")
    run = project.run("tiny", "--pipelines", "projections", "--params", options, *versions)
    summary = json.loads(project.saved(run, "projection_summary.json").read_text())
    assert numbers(run) == results(summary)
    scores = pd.read_csv(project.saved(run, "projection_scores.csv"))
    methods = ["PCA", "linear autoencoder", "autoencoder", "t-SNE"]
    assert scores["method"].tolist() == methods
    page = project.saved(run, "projection_map.html").read_text()
    assert page.count("<canvas role") == 3
    files = {
        file.path
        for folder in ("figures", "report", "tables")
        for file in project.client.list_artifacts(run.info.run_id, folder)
    }
    assert files == {
        "figures/projection_figure.png",
        "report/projection_map.html",
        "tables/projection_markdown.md",
        "tables/projection_rows.parquet",
        "tables/projection_scores.csv",
        "tables/projection_summary.json",
    }


def test_the_other_source_is_told_by_what_is_not_given_back(project: Project, tiny: Run) -> None:
    """`--pipelines anomaly` beside random images of the same size."""
    raw_source(project, "static", shape=(28, 28))
    options = "anomaly.other=static,anomaly.images=40"
    names = ("denoiser", "train_clean", "val_clean", "val_noisy", "test_clean")
    versions = load_versions(tiny, *names)
    run = project.run("tiny", "--pipelines", "anomaly", "--params", options, *versions)
    summary = json.loads(project.saved(run, "anomaly_summary.json").read_text())
    assert numbers(run) == results(summary)
    assert summary["auc_pca_clean"] > 0.99
    for name in ("anomaly_rows.parquet", "anomaly_scores.csv", "anomaly_curves.png"):
        assert project.saved(run, name).stat().st_size > 0
