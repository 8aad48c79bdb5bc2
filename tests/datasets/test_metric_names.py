"""Names of metrics in MLflow, there and back."""

import pytest

from denoising_pipeline.datasets.metric_names import (
    CONSTANTS,
    allowed_name,
    epoch_name,
    short_name,
    tracked_name,
)

NAMES = {
    "psnr": "test/psnr",
    "psnr_pooled": "test/psnr_pooled",
    "noisy_psnr": "test_noisy/psnr",
    "start_ssim": "test_start/ssim",
    "baseline_psnr": "test_baseline/psnr",
    "baseline_gain": "test_baseline/gain",
    "limit_distance": "test_limit/distance",
    "mae": "test_error/mae",
    "noisy_mae": "test_noisy/mae",
    "psnr_gain": "test_noisy/gain",
    "start_gain": "test_start/gain",
    "start_risk_gain": "test_start/risk_gain",
    "psnr_ci_low": "within_ci/psnr_low",
    "noisy_psnr_ci_high": "within_ci/noisy_psnr_high",
    "psnr_digit_3": "within_label/psnr_3",
}


@pytest.mark.parametrize(("key", "name"), NAMES.items())
def test_a_score_has_its_group_and_finds_back(key: str, name: str) -> None:
    assert tracked_name(key, "test") == name
    assert short_name(name) == key


@pytest.mark.parametrize(("key", "name"), [("loss", "train/loss"), ("val_psnr", "val/psnr")])
def test_a_metric_of_an_epoch_has_its_group(key: str, name: str) -> None:
    assert epoch_name(key) == name
    assert short_name(name) == name.replace("/", "_")


def test_what_matters_most_is_drawn_first() -> None:
    """MLflow sorts groups by the alphabet."""
    groups = [tracked_name(key, "test").split("/")[0] for key in NAMES]
    groups += [epoch_name(key).split("/")[0] for key in ("loss", "val_loss")]
    order = [
        "test",
        "test_baseline",
        "test_error",
        "test_limit",
        "test_noisy",
        "test_start",
        "train",
        "val",
        "within_ci",
        "within_label",
    ]
    assert sorted(set(groups)) == order


def test_the_first_row_of_charts_has_the_scores() -> None:
    """It has three charts, by the alphabet."""
    summary = ("mae", "mse", "psnr", "psnr_pooled", "psnr_gain", "ssim", "limit_distance")
    names = [tracked_name(key, "test") for key in summary]
    first = sorted(name for name in names if name.startswith("test/"))
    assert first == ["test/psnr", "test/psnr_pooled", "test/ssim"]


def test_other_pipelines_keep_their_groups() -> None:
    assert tracked_name("noisy_accuracy", "with_downstream") == "with_downstream/noisy_accuracy"
    assert short_name("with_downstream/noisy_accuracy") == "with_downstream/noisy_accuracy"


def test_what_an_earlier_version_logged_is_still_found() -> None:
    keys = ("psnr", "train_loss", "test/mae", "test/psnr_gain", "test/baseline_gain")
    short = ["psnr", "train_loss", "mae", "psnr_gain", "baseline_gain"]
    assert [short_name(key) for key in keys] == short


@pytest.mark.parametrize("key", ["n_images", "confidence", "limit_psnr", "bce_over_mse_pairs"])
def test_a_constant_is_no_result(key: str) -> None:
    assert CONSTANTS.fullmatch(key)


def test_a_name_has_what_mlflow_allows() -> None:
    assert allowed_name("denoiser (dense) + tone") == "denoiser dense tone"
    assert allowed_name("article's network") == "articles network"
