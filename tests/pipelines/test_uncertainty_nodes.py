"""The nodes that measure and draw, against numbers that can be done by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from cards import card
from scipy import stats

from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.calibration import MIN_SD, calibration_scale
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.needs import check_drawn_of_one_size
from denoising_pipeline.images.sets import ImageSet, of_one_size
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.models.unet import Unet
from denoising_pipeline.pipelines.uncertainty.nodes import (
    FACTORS,
    calibrate_sd,
    draw_uncertainty_examples,
    estimate_test_sd,
    measure_coverage,
    measure_reliability,
    summarize_uncertainty,
    train_sd_estimator,
)
from denoising_pipeline.training.options import UncertaintyParameters

SHAPE = (6, 5, 1)
EVALUATION = EvaluationParameters(confidence=0.9)


def batches(count: int = 8) -> tuple[Images, Images, Images, Images]:
    """Clean (the first image black), noisy, denoised, and a standard deviation."""
    draws = np.random.default_rng(0)
    clean, noisy, denoised, sd = draws.random((4, count, *SHAPE), np.float32)
    clean[0] = 0
    return clean, noisy, denoised, sd


def network(seed: int) -> Denoiser:
    architecture = Dense(latent_dim=4, layers=0)
    made_of = card(Gaussian(sigma=0.2))
    return Denoiser(architecture, SHAPE, architecture.build(SHAPE, seed), made_of)


def test_coverage_is_the_mean_over_images_with_students_interval() -> None:
    """Black images have no pixels that are not black, and are left out there."""
    clean, _, denoised, sd = batches()
    table = measure_coverage(clean, denoised, sd, EVALUATION)
    assert len(table) == 2 * len(FACTORS)
    for factor in FACTORS:
        within, lit = np.abs(clean - denoised) <= factor * sd, clean > 0
        for pixels, shares in (
            ("all", [image.mean() for image in within]),
            (
                "not black",
                [
                    image[is_lit].mean()
                    for image, is_lit in zip(within, lit, strict=True)
                    if is_lit.any()
                ],
            ),
        ):
            (row,) = table[(table["pixels"] == pixels) & (table["sd"] == factor)].to_dict("records")
            mean, error = np.mean(shares), stats.sem(shares)
            low, high = stats.t.interval(0.9, len(shares) - 1, mean, error)
            assert row["n_images"] == len(shares)
            assert row["observed"] == pytest.approx(mean)
            assert row["observed_ci_low"] == pytest.approx(low)
            assert row["observed_ci_high"] == pytest.approx(high)
            assert row["nominal"] == pytest.approx(stats.norm.cdf(factor) * 2 - 1)


def test_nothing_is_known_of_pixels_that_do_not_exist() -> None:
    _, _, denoised, sd = batches()
    table = measure_coverage(np.zeros_like(sd), denoised, sd, EVALUATION)
    rows = table[table["pixels"] == "not black"]
    assert rows["observed"].isna().all()
    assert (rows["n_images"] == 0).all()


def test_the_summary_names_whole_standard_deviations() -> None:
    clean, _, denoised, sd = batches()
    coverage = measure_coverage(clean, denoised, sd, EVALUATION)
    summary = summarize_uncertainty(coverage, {"scale": 1.5}, EVALUATION)
    shares = {f"coverage_{kind}{n}sd" for kind in ("", "not_black_") for n in (1, 2, 3)}
    ends = {f"{name}{end}" for name in shares for end in ("", "_ci_low", "_ci_high")}
    assert summary.keys() == {"n_images", "confidence", "sd_scale"} | ends
    at_two = coverage[(coverage["pixels"] == "all") & (coverage["sd"] == 2)]
    assert summary["coverage_2sd"] == at_two["observed"].item()
    assert (summary["n_images"], summary["sd_scale"]) == (8, 1.5)


def test_standard_deviations_are_scaled_to_fit_validation() -> None:
    """After calibration, fitting again asks for no further factor."""
    clean, noisy, _, _ = batches()
    denoiser, estimator = network(0), network(1)
    calibration = calibrate_sd(denoiser, estimator, noisy, clean)
    sd = of_one_size(estimate_test_sd(estimator, calibration, noisy))
    expected = (estimator(noisy) + np.float32(MIN_SD)) * np.float32(calibration["scale"])
    np.testing.assert_allclose(sd, expected, rtol=1e-6)
    assert sd.dtype == np.float32
    assert calibration["n_images"] == 8
    assert calibration_scale(clean, denoiser(noisy), sd) == pytest.approx(1, abs=1e-5)


def test_only_the_first_training_images_are_used() -> None:
    """Two images of a hundred: training would stop at the loss of those after them."""
    clean, noisy, _, _ = batches()
    chosen = UncertaintyParameters(images=2, epochs=1, batch_size=2)
    train = np.concatenate([clean[1:3], np.full((98, *SHAPE), np.nan, np.float32)])
    found = train_sd_estimator(network(0), train, noisy, clean, chosen, 0)
    assert np.isfinite(found(noisy)).all()


def test_the_noise_is_that_of_the_card() -> None:
    """Two cards, two networks; the same card, the same bits."""
    clean, noisy, _, _ = batches()
    chosen = UncertaintyParameters(epochs=1, batch_size=4)
    found = []
    for sigma in (0.2, 0.2, 0.6):
        plain = network(0)
        made_of = card(Gaussian(sigma=sigma))
        denoiser = Denoiser(plain.architecture, SHAPE, plain.model, made_of)
        found.append(train_sd_estimator(denoiser, clean, noisy, clean, chosen, 0)(noisy))
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


@pytest.mark.slow
def test_a_folder_of_images_of_one_size_is_measured_like_an_array() -> None:
    """From the network to the tables, to the same numbers."""
    arrays = batches()
    chosen = UncertaintyParameters(epochs=1, batch_size=4, examples=3)
    tables = []
    for clean, noisy, denoised, _ in (arrays, map(ImageSet.of, arrays)):
        estimator = train_sd_estimator(network(0), clean, noisy, clean, chosen, 0)
        calibration = calibrate_sd(network(0), estimator, noisy, clean)
        sd = estimate_test_sd(estimator, calibration, noisy)
        assert isinstance(sd, ImageSet) == isinstance(noisy, ImageSet)
        coverage = measure_coverage(clean, denoised, sd, EVALUATION)
        tables.append((coverage, measure_reliability(clean, denoised, sd)))
        assert (
            len(draw_uncertainty_examples(clean, noisy, denoised, sd, chosen).axes) == 5 * 3 + 2
        )  # bars
    for of_array, of_set in zip(*tables, strict=True):
        pd.testing.assert_frame_equal(of_array, of_set)


def test_images_of_several_sizes_are_refused_before_anything_is_trained() -> None:
    shapes = [(6, 5, 1), (5, 6, 1)]
    mixed = ImageSet.collect((np.zeros(shape, np.float32) for shape in shapes), shapes, np.float32)
    with pytest.raises(ValueError, match=r"differ in size.*Crop them"):
        train_sd_estimator(network(0), mixed, mixed, mixed, UncertaintyParameters(), 0)
    files = {f"{height}.png": {"shape": [height, 5, 1]} for height in (6, 7)}
    manifest = {"source": "mine", "kind": "folder", "channels": 1, "files": files}
    with pytest.raises(ValueError, match="mine: the images differ in size, and this pipeline"):
        check_drawn_of_one_size(manifest)
    del files["7.png"]
    check_drawn_of_one_size(manifest)


@pytest.mark.slow
def test_a_network_for_any_size_learns_its_errors_on_images_of_no_multiple_of_its_own() -> None:
    clean, noisy, _, _ = batches()
    unet = Unet(widths=(4, 4), blocks=(1, 1), output="sigmoid")
    denoiser = Denoiser(unet, (None, None, 1), unet.build((None, None, 1), 0), card())
    chosen = UncertaintyParameters(epochs=1, batch_size=4)
    assert all(side % unet.multiple for side in SHAPE[:2])
    found = train_sd_estimator(denoiser, clean, noisy, clean, chosen, 0)
    assert found(noisy).shape == noisy.shape


def test_a_network_whose_output_has_no_bounds_is_refused() -> None:
    class Unbounded(Dense):
        @property
        def bounded(self) -> bool:
            return False

    clean, noisy, _, _ = batches()
    denoiser = Denoiser(Unbounded(), SHAPE, None, card())
    with pytest.raises(ValueError, match="'dense' is not bounded"):
        train_sd_estimator(denoiser, clean, noisy, clean, UncertaintyParameters(), 0)


def test_a_network_that_is_told_the_noise_level_is_refused_before_anything_is_computed() -> None:
    clean, noisy, _, _ = batches()
    denoiser = Denoiser(Unet(noise_level=True), (None, None, 1), None, card())
    with pytest.raises(ValueError, match="'unet' is told the noise level"):
        train_sd_estimator(denoiser, clean, noisy, clean, UncertaintyParameters(), 0)


@pytest.mark.parametrize(
    ("precision", "computes"), [("float32", "float32"), ("mixed_bfloat16", "bfloat16")]
)
def test_its_precision_is_its_own(precision: Any, computes: str) -> None:
    clean, noisy, _, _ = batches()
    chosen = UncertaintyParameters(epochs=1, batch_size=4, precision=precision, gradient_clip=None)
    found = train_sd_estimator(network(0), clean, noisy, clean, chosen, 0)
    assert {layer.compute_dtype for layer in found.encoder.layers} >= {computes}
    assert found.model.optimizer.global_clipnorm is None


def test_examples_show_two_standard_deviations_beside_the_error() -> None:
    clean, noisy, denoised, sd = batches()
    chosen = UncertaintyParameters(examples=3)
    figure = draw_uncertainty_examples(clean, noisy, denoised, sd, chosen)
    rows = [clean, noisy, denoised, np.minimum(2 * sd, 1), np.abs(clean - denoised)]
    shown = np.stack([np.asarray(ax.images[0].get_array()) for ax in figure.axes if ax.images])
    np.testing.assert_array_equal(shown, np.concatenate([row[:3] for row in rows])[..., 0])
    labels = [ax.get_ylabel() for ax in figure.axes[:15:3]]
    assert labels == ["clean", "noisy", "denoised", "2 sd", "|error|"]
