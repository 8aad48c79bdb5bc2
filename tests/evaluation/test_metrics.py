"""Metrics equal scikit-image's, image by image, and the summaries equal SciPy's."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from skimage import metrics as reference

from denoising_pipeline.evaluation.colour import colour_difference, colourfulness
from denoising_pipeline.evaluation.metrics import (
    METRICS,
    PSNR_CAP,
    mae,
    mean_interval,
    mean_intervals,
    mse,
    pooled_psnr,
    psnr,
    share_interval,
    smallest_side,
    ssim,
)

Batch = npt.NDArray[np.float64]
Pair = tuple[Batch, Batch]

every_metric = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Two float64 batches of one size, 11x11 or more, grey or colour."""
    side = st.integers(11, 16)
    shape = (draw(st.integers(1, 3)), draw(side), draw(side), draw(st.sampled_from([1, 3])))
    batch = hnp.arrays(np.float64, shape, elements=st.floats(0, 1))
    return draw(batch), draw(batch)


def random_pair(images: int = 6, channels: int = 1) -> Pair:
    """Smooth gradients and noisy versions of them at rising noise levels."""
    draws = np.random.default_rng(0)
    ramp = np.linspace(0, 1, 28)
    clean = np.broadcast_to(ramp[:, None, None] * ramp[:, None], (images, 28, 28, channels)).copy()
    levels = np.linspace(0.01, 1, images)[:, None, None, None]
    return clean, np.clip(clean + levels * draws.standard_normal(clean.shape), 0, 1)


def extreme_pairs() -> list[Pair]:
    black, white, dot = (np.full((1, 11, 13, 1), value) for value in (0.0, 1.0, 0.0))
    dot[0, 5, 6] = 1
    return [(black, white), (black, black), (white, white), (black, dot), (dot, white)]


def reference_ssim(clean: Batch, denoised: Batch) -> Batch:
    return np.array(
        [
            reference.structural_similarity(
                x,
                y,
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
                data_range=1.0,
                channel_axis=-1,
            )
            for x, y in zip(clean, denoised, strict=True)
        ]
    )


def each(measure: Callable[[Batch, Batch], float], clean: Batch, denoised: Batch) -> Batch:
    return np.array([measure(x, y) for x, y in zip(clean, denoised, strict=True)])


def call(metric: Callable[..., Batch], pair: Pair) -> Batch:
    """Metrics are typed for float32 images; references are exact in float64."""
    return metric(*pair)


@pytest.mark.parametrize("pair", [random_pair(), random_pair(channels=3), *extreme_pairs()])
def test_ssim_is_that_of_scikit_image(pair: Pair) -> None:
    np.testing.assert_allclose(call(ssim, pair), reference_ssim(*pair), atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(pair=pairs())
def test_ssim_is_that_of_scikit_image_on_any_pair(pair: Pair) -> None:
    np.testing.assert_allclose(call(ssim, pair), reference_ssim(*pair), atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(pair=pairs())
def test_mse_and_mae_are_the_mean_errors_of_each_image(pair: Pair) -> None:
    squared = each(reference.mean_squared_error, *pair)
    absolute = each(lambda x, y: float(abs(x - y).mean()), *pair)
    np.testing.assert_allclose(call(mse, pair), squared, atol=1e-12)
    np.testing.assert_allclose(call(mae, pair), absolute, atol=1e-12)


def test_psnr_is_that_of_scikit_image() -> None:
    pair = random_pair(channels=3)
    expected = each(lambda x, y: reference.peak_signal_noise_ratio(x, y, data_range=1.0), *pair)
    np.testing.assert_allclose(call(psnr, pair), expected)


def plain_ssim(clean: Batch, denoised: Batch) -> float:
    """SSIM of one grey image as the paper writes it: every 11x11 window, weighted by a Gaussian."""
    steps = np.arange(-5, 6)
    weights = np.exp(-(steps[:, None] ** 2 + steps**2) / (2 * 1.5**2))
    weights /= weights.sum()
    x, y = (
        np.lib.stride_tricks.sliding_window_view(i[..., 0], (11, 11)) for i in (clean, denoised)
    )

    def mean(values: Batch) -> Batch:
        averaged: Batch = (values * weights).sum((-2, -1))
        return averaged

    mean_x, mean_y = mean(x), mean(y)
    centred_x, centred_y = x - mean_x[..., None, None], y - mean_y[..., None, None]
    contrast = 2 * mean(centred_x * centred_y) + 0.03**2
    contrast /= mean(centred_x**2) + mean(centred_y**2) + 0.03**2
    luminance = (2 * mean_x * mean_y + 0.01**2) / (mean_x**2 + mean_y**2 + 0.01**2)
    return float((luminance * contrast).mean())


@pytest.mark.parametrize("pair", [random_pair(), *extreme_pairs()])
def test_ssim_is_the_formula_of_the_paper(pair: Pair) -> None:
    np.testing.assert_allclose(call(ssim, pair), each(plain_ssim, *pair), atol=1e-9)


def test_extremes_of_every_scale() -> None:
    (black, white), *_ = extreme_pairs()
    assert [call(metric, (black, white))[0] for metric in (mse, mae, psnr)] == [1, 1, 0]
    assert call(ssim, (black, white))[0] == pytest.approx(1e-4, rel=1e-3)
    assert [call(metric, (white, white))[0] for metric in (mse, mae, ssim)] == [0, 0, 1]


def test_psnr_of_identical_images_is_the_cap_and_finite() -> None:
    images = np.full((2, 11, 11, 1), 0.5)
    assert call(psnr, (images, images)).tolist() == [PSNR_CAP, PSNR_CAP]
    assert call(psnr, (images, images + 1e-3)) == pytest.approx(60)
    assert pooled_psnr(np.zeros(3)) == PSNR_CAP


@every_metric
def test_one_float64_value_per_image_whatever_its_neighbours(
    metric: Callable[..., Batch],
) -> None:
    """Also across the blocks that bound memory."""
    clean, denoised = random_pair(images=700)
    values = metric(clean.astype(np.float32), denoised.astype(np.float32))
    assert values.shape == (700,)
    assert values.dtype == np.float64
    np.testing.assert_allclose(values, metric(clean, denoised), atol=1e-4)
    for image in (0, 317, 318, 319, 699):
        alone = metric(clean[image : image + 1], denoised[image : image + 1])
        np.testing.assert_allclose(alone, metric(clean, denoised)[image])


@every_metric
def test_metrics_are_symmetric_and_leave_their_inputs_alone(metric: Callable[..., Batch]) -> None:
    clean, denoised = random_pair()
    before = clean.copy(), denoised.copy()
    np.testing.assert_allclose(metric(clean, denoised), metric(denoised, clean))
    np.testing.assert_array_equal((clean, denoised), before)


@every_metric
def test_no_images_have_no_values(metric: Callable[..., Batch]) -> None:
    empty = np.empty((0, 28, 28, 1), np.float32)
    assert metric(empty, empty).shape == (0,)


@every_metric
@pytest.mark.parametrize(
    "shapes",
    [((2, 28, 28, 1), (1, 28, 28, 1)), ((28, 28, 1), (28, 28, 1)), ((1, 28, 28, 1), (1, 28, 28))],
)
def test_shapes_must_agree(
    metric: Callable[..., Batch], shapes: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    with pytest.raises(ValueError, match=r"clean has the shape .* same \(N, H, W, C\)"):
        metric(*(np.zeros(shape) for shape in shapes))


@every_metric
def test_bytes_are_refused(metric: Callable[..., Batch]) -> None:
    images = np.zeros((1, 28, 28, 1))
    with pytest.raises(ValueError, match=r"denoised is uint8.*Divide bytes by 255"):
        metric(images, images.astype(np.uint8))


def test_ssim_refuses_images_smaller_than_its_window() -> None:
    images = np.zeros((1, 10, 28, 1), np.float32)
    with pytest.raises(ValueError, match=r"10x28 pixels, SSIM needs at least 11x11\..*\.metrics"):
        ssim(images, images)


def test_room_for_a_metric_can_be_asked_before_there_are_images() -> None:
    assert smallest_side(METRICS) == 11
    assert smallest_side(["psnr", "mse"]) == 1


@settings(deadline=None)
@given(values=hnp.arrays(np.float64, st.integers(1, 9), elements=st.floats(1e-10, 1)))
def test_pooled_psnr_is_that_of_the_mean_and_at_most_the_mean_psnr(values: Batch) -> None:
    assert pooled_psnr(values) == pytest.approx(-10 * np.log10(np.mean(values)))
    assert pooled_psnr(values) <= np.mean(-10 * np.log10(values)) + 1e-9


@settings(deadline=None)
@given(
    values=hnp.arrays(np.float64, st.integers(2, 30), elements=st.integers(-999, 999), unique=True),
    confidence=st.floats(0.5, 0.999),
)
def test_the_interval_is_students(values: Batch, confidence: float) -> None:
    mean, low, high = mean_interval(values, confidence)
    expected = stats.t.interval(
        confidence, len(values) - 1, loc=np.mean(values), scale=stats.sem(values)
    )
    assert mean == pytest.approx(np.mean(values))
    assert (low, high) == pytest.approx(expected, rel=1e-12, abs=1e-9)


def test_intervals_of_several_scores_have_the_names_of_all_tables() -> None:
    scores = {"psnr": np.array([1.0, 2.0, 4.0]), "mae": np.array([0.5])}
    found = mean_intervals(scores, 0.9)
    for name, values in scores.items():
        bounds = (found[name], found[f"{name}_ci_low"], found[f"{name}_ci_high"])
        assert bounds == mean_interval(values, 0.9)
    assert len(found) == 6


def test_the_interval_of_a_table_in_a_textbook() -> None:
    """Student's t is 3.182 for 3 degrees of freedom at 95 %."""
    assert mean_interval(np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(
        (2.5, 2.5 - 3.182446 * np.sqrt(5 / 12), 2.5 + 3.182446 * np.sqrt(5 / 12)), rel=1e-6
    )


@pytest.mark.parametrize("images", [1, 2, 50])
def test_equal_values_and_a_single_one_have_an_interval_of_no_width(images: int) -> None:
    assert mean_interval(np.full(images, 21.5)) == (21.5, 21.5, 21.5)


def test_summaries_of_nothing_are_refused() -> None:
    for summary in (mean_interval, pooled_psnr):
        with pytest.raises(ValueError, match=r"^There are no values .* at least one image\.$"):
            summary(np.empty(0))


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_confidence_is_a_probability(confidence: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        mean_interval(np.array([1.0, 2.0]), confidence)


def test_colourfulness_is_that_of_the_formula_and_0_between_greys() -> None:
    """Half red, half green of 100 and 0: opponents are 100 and 50, -100 and 50."""
    image = np.zeros((1, 2, 2, 3), np.float32)
    image[:, 0, :, 0] = image[:, 1, :, 1] = np.float32(100 / 255)
    grey = np.full((1, 2, 2, 3), 0.3, np.float32)
    expected = np.hypot(100, 0) + 0.3 * np.hypot(0, 50)
    assert colourfulness(image, grey) == pytest.approx([expected], rel=1e-5)
    assert colourfulness(grey, image) == pytest.approx([expected], rel=1e-5)
    assert colourfulness(grey, grey / np.float32(2)) == pytest.approx([0], abs=1e-5)


def test_colour_difference_is_large_between_red_and_green_and_small_between_greys() -> None:
    red, green = (np.zeros((1, 2, 2, 3), np.float32) for _ in range(2))
    red[..., 0], green[..., 1] = 1, 1
    assert colour_difference(red, green)[0] > 80
    assert colour_difference(red, red) == pytest.approx([0])
    grey = np.full((1, 2, 2, 1), 0.5, np.float32)
    assert colour_difference(grey, grey + np.float32(0.02))[0] < 3


@pytest.mark.parametrize(("count", "total"), [(0, 10), (1, 10), (10, 10), (37, 9274)])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_interval_of_a_share_solves_wilsons_equation(
    count: int, total: int, confidence: float
) -> None:
    """At each end p: |share - p| = z sqrt(p (1 - p) / n), or p is 0 or 1."""
    share, low, high = share_interval(count, total, confidence)
    assert 0 <= low <= share == count / total <= high <= 1
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    for end in (low, high):
        spread = z * math.sqrt(max(end * (1 - end), 0) / total)
        assert abs(share - end) == pytest.approx(spread, abs=1e-9)
    assert low < high
    assert share_interval(count, total) == share_interval(count, total, 0.95)


def test_a_share_of_no_images_is_not_known() -> None:
    share, low, high = share_interval(0, 0)
    assert math.isnan(share)
    assert (low, high) == (0, 1)


def test_intervals_of_two_images_stay_where_the_score_can_be() -> None:
    scores = {"ssim": np.array([0.4, 0.95]), "mse": np.array([0.001, 0.02])}
    found = mean_intervals(scores | {"psnr": np.array([10.0, 40.0])}, 0.95)
    assert (found["ssim_ci_low"], found["ssim_ci_high"]) == (-1.0, 1.0)
    assert found["mse_ci_low"] == 0
    assert found["mse_ci_high"] > 0.1
    assert found["psnr_ci_low"] < 0
