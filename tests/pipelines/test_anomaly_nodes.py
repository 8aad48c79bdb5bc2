"""What is unlike the training is told by what is not given back; what is like it is not."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from cards import card
from small_denoiser import write_denoiser

from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.options import AnomalyParameters, EvaluationParameters
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.needs import check_drawn_of_one_size
from denoising_pipeline.images.source import Source
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.pipelines.anomaly.nodes import (
    SCORES,
    draw_anomaly_curves,
    measure_anomalies,
    score_images,
    summarize_anomalies,
    write_anomaly_table,
)

SHAPE = (6, 5, 1)
ANOMALY = AnomalyParameters(other="signs", images=40)
EVALUATION = EvaluationParameters()


def smooth(count: int) -> Images:
    """Images of one grey each, so that a single component says all of them."""
    grey = np.random.default_rng(count).random((count, 1, 1, 1), dtype=np.float32)
    return np.broadcast_to(grey, (count, *SHAPE)).copy()


def source(name: str) -> Source:
    pixels = np.random.default_rng(9).integers(0, 256, (50, *SHAPE[:2]), dtype=np.uint8)
    return Source(name, None, {}, open, arrays={"test_images": pixels})  # type: ignore[arg-type]


def scored(denoiser: Denoiser, anomaly: AnomalyParameters) -> pd.DataFrame:
    clean = {name: smooth(count) for name, count in (("train", 60), ("val", 30), ("test", 45))}
    val, test = clean["val"], clean["test"]
    return score_images(denoiser, clean["train"], val, val, test, test, source, anomaly)


@pytest.fixture(scope="module")
def denoiser() -> Denoiser:
    network = Dense(latent_dim=2, layers=0)
    return Denoiser(network, SHAPE, network.build(SHAPE, 0), card(Gaussian(sigma=0.1)))


@pytest.fixture(scope="module")
def rows(denoiser: Denoiser) -> pd.DataFrame:
    return scored(denoiser, ANOMALY)


def test_every_image_has_every_score(rows: pd.DataFrame) -> None:
    counts = rows.groupby(["images", "source", "known"]).size().to_dict()
    assert counts == {
        (kind, source, known): 40
        for kind in ("clean", "noisy")
        for source, known in (("mnist", True), ("signs", False))
    }
    assert (rows[list(SCORES)] >= 0).all(axis=None)


def test_what_components_do_not_span_has_a_large_error(
    denoiser: Denoiser, rows: pd.DataFrame
) -> None:
    scores = measure_anomalies(rows, denoiser, EVALUATION)
    assert list(scores["score"]) == 2 * list(SCORES)
    (clean, *_) = scores[scores["score"] == "pca"].to_dict("records")
    assert clean["auc"] == clean["detected"] == 1
    assert (scores["n_known"] == 40).all()
    assert (scores["auc_ci_low"] <= scores["auc"]).all()


def test_summary_and_table_say_what_was_measured(denoiser: Denoiser, rows: pd.DataFrame) -> None:
    scores = measure_anomalies(rows, denoiser, EVALUATION)
    summary = summarize_anomalies(scores, EVALUATION)
    assert summary["auc_pca_clean"] == 1
    assert len(summary) == 1 + 2 * 3 * 6
    assert summary["detected_pca_clean_ci_low"] == pytest.approx(0.9124, abs=1e-4)  # 40 of 40
    text = write_anomaly_table(scores, rows, EVALUATION)
    assert "40 images of signs told from 40 test images of mnist" in text
    assert (
        "| clean | reconstruction error of PCA | 1.0000 (1.0000 to 1.0000) | 100.00% (91.24% "
        in text
    )


def test_the_curves_say_what_is_told_from_what(rows: pd.DataFrame) -> None:
    figure = draw_anomaly_curves(rows)
    assert figure.get_suptitle() == "Images of signs, told from test images of mnist"
    assert [ax.get_title() for ax in figure.axes] == ["clean images", "noisy images"]


def test_without_a_code_the_number_of_components_has_to_be_given(tmp_path: Any) -> None:
    portable = Denoiser.load(write_denoiser(tmp_path / "averages.zip", told=False))
    with pytest.raises(ValueError, match=r"set anomaly\.components to their number"):
        scored(portable, ANOMALY)


def test_a_source_of_another_size_is_refused_by_the_parameter_that_names_it(
    denoiser: Denoiser,
) -> None:
    def larger(name: str) -> Source:
        pixels = np.zeros((50, 9, 9), np.uint8)
        return Source(name, None, {}, open, arrays={"test_images": pixels})  # type: ignore[arg-type]

    val, test = smooth(30), smooth(45)
    with pytest.raises(ValueError, match=r"same size in anomaly\.other"):
        score_images(denoiser, smooth(60), val, val, test, test, larger, ANOMALY)


def test_images_whose_noise_was_recorded_are_refused() -> None:
    manifest = {"kind": "pairs", "source": "boats", "channels": 1, "files": {}}
    with pytest.raises(ValueError, match="noise of its images was recorded"):
        check_drawn_of_one_size(manifest)
