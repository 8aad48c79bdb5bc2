"""One row of every metric per test image, and summaries that can be done by hand."""

from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from cards import card
from scipy import stats
from scipy.ndimage import gaussian_filter

from denoising_pipeline.baselines.inpainting import TOLD_WHERE
from denoising_pipeline.degradations import NOISES, Noise, draw_noisy
from denoising_pipeline.degradations.camera import Camera
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.holes import Holes
from denoising_pipeline.degradations.masking import Masking
from denoising_pipeline.degradations.salt_and_pepper import SaltAndPepper
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.metrics import METRICS
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.pipelines.evaluation.nodes import (
    score_test_images,
    summarize,
    summarize_digits,
    sweep_noise,
)

ALL = EvaluationParameters()
SCORES = [f"{prefix}{name}" for prefix in ("", "noisy_") for name in ALL.metrics]
LABELS = np.array([3, 1, 3, 3, 1, 9])


def trained(noise: Noise, source: str = "letters") -> Denoiser:
    """Of a denoiser, summaries read what it is, and not its weights."""
    return Denoiser(Dense(), (12, 13, 1), None, card(noise, source))


def summary_of(
    scores: pd.DataFrame,
    evaluation: EvaluationParameters,
    source: str = "letters",
    noise: Noise = Gaussian(),  # noqa: B008
) -> dict[str, Any]:
    return summarize(scores, trained(noise, source), evaluation)


def splits() -> pd.DataFrame:
    """Rows of train and val before those of test, as preprocessing writes them."""
    return pd.DataFrame(
        {
            "split": ["train"] * 4 + ["val"] * 2 + ["test"] * 6,
            "index": [*range(4), 4, 5, *range(6)],
            "label": np.concatenate([[0, 5, 5, 5, 8, 8], LABELS]),
        }
    )


def batches() -> tuple[Images, Images, Images]:
    draws = np.random.default_rng(0)
    clean = draws.random((6, 12, 13, 1), dtype=np.float32)
    noise = draws.normal(0, 0.3, clean.shape).astype(np.float32)
    return clean, np.clip(clean + noise, 0, 1), np.clip(clean + noise / 4, 0, 1)


@pytest.fixture
def scores() -> pd.DataFrame:
    return score_test_images(*batches(), splits(), ALL)


def test_scores_have_a_row_per_test_image_and_a_column_per_metric(scores: pd.DataFrame) -> None:
    assert scores.columns.tolist() == ["index", "label", *SCORES]
    assert scores["index"].tolist() == list(range(6))
    assert scores["label"].tolist() == LABELS.tolist()
    assert scores.index.tolist() == list(range(6))


@pytest.mark.parametrize("name", ALL.metrics)
def test_scores_are_those_of_the_denoised_and_of_the_noisy_image(
    name: str, scores: pd.DataFrame
) -> None:
    clean, noisy, denoised = batches()
    np.testing.assert_array_equal(scores[name], METRICS[name](clean, denoised))
    np.testing.assert_array_equal(scores[f"noisy_{name}"], METRICS[name](clean, noisy))


def test_scoring_changes_nothing_that_it_is_given() -> None:
    images, table = batches(), splits()
    for batch in images:
        batch.flags.writeable = False
    score_test_images(*images, table, ALL)
    pd.testing.assert_frame_equal(table, splits())


@pytest.mark.parametrize("confidence", [0.95, 0.8])
@pytest.mark.parametrize("name", SCORES)
def test_the_summary_has_each_mean_with_students_interval(
    name: str, confidence: float, scores: pd.DataFrame
) -> None:
    summary = summary_of(scores, EvaluationParameters(confidence=confidence))
    values = scores[name].to_numpy()
    low, high = stats.t.interval(confidence, 5, values.mean(), values.std(ddof=1) / np.sqrt(6))
    assert summary[name] == pytest.approx(values.mean())
    assert summary[f"{name}_ci_low"] == pytest.approx(low)
    assert summary[f"{name}_ci_high"] == pytest.approx(high)
    assert summary["confidence"] == confidence


def test_the_summary_has_pooled_psnr_gain_and_psnr_by_digit(scores: pd.DataFrame) -> None:
    summary = summary_of(scores, EvaluationParameters())
    assert summary["n_images"] == 6
    for prefix in ("", "noisy_"):
        pooled = 10 * np.log10(1 / scores[f"{prefix}mse"].mean())
        assert summary[f"{prefix}psnr_pooled"] == pytest.approx(pooled)
    assert summary["psnr_gain"] == pytest.approx((scores["psnr"] - scores["noisy_psnr"]).mean())
    assert 0 < summary["psnr_gain_ci_low"] < summary["psnr_gain"] < summary["psnr_gain_ci_high"]
    by_digit = {key: value for key, value in summary.items() if key.startswith("psnr_digit_")}
    assert by_digit == pytest.approx(
        {f"psnr_digit_{digit}": scores["psnr"][digit == LABELS].mean() for digit in (1, 3, 9)}
    )


def test_the_summary_is_numbers_that_json_and_mlflow_take(scores: pd.DataFrame) -> None:
    summary = summary_of(scores, EvaluationParameters())
    numbers = {key: value for key, value in summary.items() if type(value) in {int, float}}
    assert summary.keys() - numbers.keys() == {
        "source",
        "degradation",
        "denoiser",
        "worse_than_noisy",
    }
    assert all(np.isfinite(value) for value in numbers.values())
    extra = {"n_images", "confidence", "psnr_pooled", "noisy_psnr_pooled"}
    bounds = {
        f"{name}{end}" for name in [*SCORES, "psnr_gain"] for end in ("", "_ci_low", "_ci_high")
    }
    digits = {"psnr_digit_1", "psnr_digit_3", "psnr_digit_9"}
    assert numbers.keys() == extra | bounds | digits


def test_the_summary_says_by_the_card_what_was_scored_on_what(scores: pd.DataFrame) -> None:
    summary = summary_of(scores, ALL, "boats", SaltAndPepper(amount=0.1, salt=0.9))
    assert summary["source"] == "boats"
    assert summary["denoiser"] == "dense"
    assert summary["degradation"] == {"name": "salt_and_pepper", "amount": 0.1, "salt": 0.9}


@pytest.mark.parametrize(("psnr", "worse"), [(8.99, True), (9.39, False), (9.4, False)])
def test_the_summary_says_whether_denoising_does_harm(psnr: float, worse: bool) -> None:
    scores = pd.DataFrame({"index": [0, 1], "label": [1, 1], "noisy_psnr": 9.39, "psnr": psnr})
    found = summary_of(scores.assign(mse=0.1, noisy_mse=0.1), ALL)
    assert found["worse_than_noisy"] is worse


def test_metrics_that_are_left_out_are_nowhere() -> None:
    """SSIM cannot be measured of images as small as these."""
    clean, noisy, denoised = (batch[:, :8, :8] for batch in batches())
    chosen = EvaluationParameters(metrics=["psnr", "mse"])
    scores = score_test_images(clean, noisy, denoised, splits(), chosen)
    columns = ["psnr", "mse", "noisy_psnr", "noisy_mse"]
    assert scores.columns.tolist() == ["index", "label", *columns]
    assert not [key for key in summary_of(scores, chosen) if "ssim" in key or "mae" in key]
    assert not summarize_digits(scores, chosen).filter(regex="ssim|mae").size
    with pytest.raises(ValueError, match=r"8x8 pixels.*evaluation\.metrics"):
        score_test_images(clean, noisy, denoised, splits(), ALL)


def test_splits_of_another_run_are_refused() -> None:
    clean, noisy, denoised = (batch[:5] for batch in batches())
    with pytest.raises(ValueError, match="splits lists 6 test images, but there are 5"):
        score_test_images(clean, noisy, denoised, splits(), ALL)


def ragged() -> tuple[ImageSet, ImageSet, ImageSet]:
    """Colour images of different sizes, noisy, and half as noisy."""
    draws = np.random.default_rng(1)
    shapes = [(12, 13, 3), (20, 11, 3), (20, 11, 3), (15, 40, 3), (12, 13, 3), (11, 11, 3)]
    clean = [draws.random(shape, dtype=np.float32) for shape in shapes]
    noise = [draws.normal(0, 0.3, shape).astype(np.float32) for shape in shapes]
    stages = (
        [np.clip(x + share * n, 0, 1) for x, n in zip(clean, noise, strict=True)]
        for share in (0, 1, 0.5)
    )
    return tuple(ImageSet.collect(images, shapes, np.float32) for images in stages)  # type: ignore[return-value]


@pytest.mark.parametrize("name", ALL.metrics)
def test_images_of_any_sizes_are_scored_each_as_it_is_alone(name: str) -> None:
    stages = ragged()
    scores = score_test_images(*stages, splits(), ALL)
    for i in range(6):
        clean, noisy, denoised = (images.read(i)[np.newaxis] for images in stages)
        assert scores[name][i] == METRICS[name](clean, denoised)[0]
        assert scores[f"noisy_{name}"][i] == METRICS[name](clean, noisy)[0]


@pytest.mark.parametrize("dtype", [object, float, "Int64"])
def test_images_without_labels_have_names_and_no_digits(dtype: Any) -> None:
    names = [f"boat {i}.png" for i in range(12)]
    table = splits().assign(label=pd.Series([None] * 12, dtype=dtype), name=names)
    scores = score_test_images(*ragged(), table, ALL)
    assert scores["name"].tolist() == names[6:]
    summary, digits = summary_of(scores, ALL), summarize_digits(scores, ALL)
    assert not [key for key in summary if "digit" in key]
    with_labels = score_test_images(*ragged(), splits(), ALL)
    assert digits.empty
    assert digits.columns.tolist() == summarize_digits(with_labels, ALL).columns.tolist()


def test_the_distance_to_the_limit_is_that_of_this_source_and_degradation(
    scores: pd.DataFrame,
) -> None:
    """Of every option: salt 0.1 and salt 0.9 have the same level, and not the same limit."""
    degradation = {"name": "salt_and_pepper", "amount": 0.2, "salt": 0.9}
    limit = {"source": "mnist", "degradation": degradation, "psnr": 30.0}
    evaluation = EvaluationParameters.model_validate({"limit": limit})
    noise = SaltAndPepper(amount=0.2, salt=0.9)
    summary = summary_of(scores, evaluation, "mnist", noise)
    assert summary["limit_psnr"] == 30.0
    assert summary["limit_distance"] == pytest.approx(30 - scores["psnr"].mean())
    for other in (
        summary_of(scores, evaluation, "letters", noise),
        summary_of(scores, evaluation, "mnist", SaltAndPepper(amount=0.2, salt=0.1)),
        summary_of(scores, evaluation, "mnist", SaltAndPepper(amount=0.3, salt=0.9)),
        summary_of(scores, evaluation, "mnist"),
        summary_of(scores, EvaluationParameters(limit=None), "mnist", noise),
    ):
        assert not {"limit_psnr", "limit_distance"} & other.keys()


def test_digits_are_summed_up_each_like_the_whole(scores: pd.DataFrame) -> None:
    """A row per label, with the numbers that `summarize` gives for that label's images alone."""
    chosen = EvaluationParameters(confidence=0.9)
    table = summarize_digits(scores, chosen)
    assert table["label"].tolist() == [1, 3, 9]
    assert table["n_images"].tolist() == [2, 3, 1]
    bounds = [f"{name}{end}" for name in SCORES for end in ("", "_ci_low", "_ci_high")]
    assert table.columns.tolist() == ["label", "n_images", *bounds]
    for row in table.to_dict("records"):
        alone = summary_of(scores[row["label"] == LABELS], chosen)
        assert {key: alone[key] for key in bounds} == {key: row[key] for key in bounds}


def test_the_limit_in_its_old_form_is_refused_with_the_new_one() -> None:
    limit = {"source": "mnist", "noise": "gaussian 0.5", "psnr": 22.1}
    with pytest.raises(ValueError, match=r"degradation: \{name: gaussian, sigma: 0.5\}"):
        EvaluationParameters.model_validate({"limit": limit})


def test_the_usual_limit_is_that_of_the_usual_denoiser(scores: pd.DataFrame) -> None:
    assert summary_of(scores, ALL, "mnist")["limit_psnr"] == 22.1


class Blur:
    """In the place of a denoiser: a filter, and what it would have been trained for."""

    def __init__(self, noise: Noise) -> None:
        self.card = card(noise, seed=5)

    def __call__(self, noisy: Images) -> Images:
        """Denoise images."""
        return gaussian_filter(noisy, (0, 1, 1, 0))


def sweep(noise: Noise, images: int = 300) -> pd.DataFrame:
    clean = np.tile(batches()[0], (50, 1, 1, 1))
    evaluation = EvaluationParameters(sweep_images=images)
    return sweep_noise(clean, cast("Any", Blur(noise)), evaluation)


every_noise = pytest.mark.parametrize("cls", NOISES.values(), ids=NOISES)


@every_noise
def test_a_sweep_goes_from_no_noise_over_the_trained_level_to_twice_of_it(
    cls: type[Noise],
) -> None:
    trained = cls.model_fields[cls.level].default / 2
    noise = cls.model_validate({cls.level: trained})
    table = sweep(noise)
    assert table["level"].tolist() == pytest.approx(np.linspace(0, 2 * trained, 11))
    assert table.loc[table["trained"], "level"].tolist() == [trained]
    none, low, at_trained, highest = table["noisy_psnr"].iloc[[0, 1, 5, 10]]
    assert 100 == none > low > at_trained > highest


@every_noise
def test_levels_stay_within_what_the_noise_model_has(cls: type[Noise]) -> None:
    highest = max(10**power for power in (0, 1) if _allowed(cls, 10**power))
    noise = cls.model_validate({cls.level: 0.7 * highest})
    levels = sweep(noise)["level"]
    assert levels.max() <= highest
    assert levels.max() > 0.9 * highest
    assert all(_allowed(cls, level) for level in levels)


def _allowed(cls: type[Noise], level: float) -> bool:
    try:
        cls.model_validate({cls.level: level})
    except ValueError:
        return False
    return True


def test_a_denoiser_trained_without_noise_has_one_level() -> None:
    assert sweep(Masking(fraction=0.0))[["level", "trained"]].to_numpy().tolist() == [[0, True]]


def test_a_degradation_without_a_level_has_no_sweep_but_its_columns() -> None:
    class Holes(Masking):
        level = ""

    table = sweep(Holes())
    assert table.empty
    assert table.columns.tolist() == sweep(Masking()).columns.tolist()


def test_the_trained_level_has_the_scores_of_the_test_images() -> None:
    """Images and noise are those that evaluation scores, as many as were asked for."""
    clean = batches()[0]
    noise = Masking(fraction=0.25)
    noisy = draw_noisy(clean, noise, seed=5, split="test", epoch=0)
    scores = score_test_images(clean, noisy, Blur(noise)(noisy), splits(), ALL).head(4)
    row = sweep(noise, images=4).query("trained").iloc[0]
    assert row["n_images"] == 4
    for name in SCORES:
        assert row[name] == scores[name].mean()
        assert row[f"{name}_ci_low"] <= row[name] <= row[f"{name}_ci_high"]


def test_what_was_trained_on_from_is_scored_on_the_same_images() -> None:
    """Its gain has the interval of the differences of each image."""
    clean, noisy, denoised = batches()
    before = Blur(Gaussian())
    own = card(Gaussian()).model_copy(update={"training": {"start": "blur"}})
    denoiser = Denoiser(Dense(), (12, 13, 1), None, own)
    opened = cast("Any", {"blur": before}.__getitem__)
    scores = score_test_images(clean, noisy, denoised, splits(), ALL, denoiser, opened)
    for name in ALL.metrics:
        np.testing.assert_array_equal(scores[f"start_{name}"], METRICS[name](clean, before(noisy)))
    summary = summarize(scores, denoiser, ALL)
    gains = scores["psnr"] - scores["start_psnr"]
    assert summary["start_gain"] == pytest.approx(gains.mean())
    half = stats.t.ppf(0.975, 5) * gains.std() / np.sqrt(6)
    assert summary["start_gain_ci_high"] - summary["start_gain"] == pytest.approx(half)
    assert summary["start_psnr"] == pytest.approx(scores["start_psnr"].mean())


def test_noise_of_cameras_is_swept_to_twice_its_level() -> None:
    """However far it leads out of [0, 1]: dark images with a few lights are the worst."""
    clean = np.zeros((3, 64, 64, 3), np.float32)
    clean[:, ::16, ::16] = 1
    noise = Camera(sigma=75 / 255, signal=1)
    shipped = Denoiser.load()
    denoiser = Denoiser(shipped.architecture, shipped.image_shape, shipped.model, card(noise))
    chosen = EvaluationParameters(sweep_images=3, metrics=["psnr", "mse"])
    assert sweep_noise(clean, denoiser, chosen)["level"].iloc[-1] == pytest.approx(150 / 255)


def test_what_was_covered_and_what_was_not_are_scored_apart_and_summed_up() -> None:
    clean, _, _ = batches()
    noisy = Holes(share=0.2).apply(clean, np.random.default_rng(0))
    noisy[0] = clean[0]
    denoiser = trained(Holes())  # type: ignore[arg-type]
    scores = score_test_images(clean, noisy, noisy, splits(), ALL, denoiser)
    assert np.isnan(scores["covered_psnr"][0])
    assert scores["kept_psnr"].tolist() == [100] * 6
    summary = summarize(scores, denoiser, ALL)
    assert summary["covered_psnr"] == pytest.approx(scores["covered_psnr"][1:].mean())
    assert summary["noisy_kept_psnr"] == 100


def test_a_filter_that_costs_nothing_is_scored_beside_the_denoiser() -> None:
    """Its options are chosen on validation images; without these it is left out."""
    clean = np.zeros((6, 12, 13, 1), np.float32)
    clean[:, 3:9, 4:10] = 1
    noisy = draw_noisy(clean, Gaussian(), seed=0, split="test", epoch=0)
    given = (clean, noisy, noisy, splits(), ALL, trained(Gaussian()), Denoiser.load)
    val = draw_noisy(clean[:2], Gaussian(), seed=0, split="val", epoch=0)
    scores = score_test_images(*given, clean[:2], clean[:2], val)
    assert (scores["baseline_psnr"] > scores["noisy_psnr"]).all()
    summary = summary_of(scores, ALL)
    assert summary["baseline"] == "gaussian filter + tone"
    assert summary["baseline_ssim"] == pytest.approx(scores["baseline_ssim"].mean())
    assert summary["baseline_psnr_pooled"] > summary["noisy_psnr_pooled"]
    expected = (scores["psnr"] - scores["baseline_psnr"]).mean()
    assert summary["baseline_gain"] == pytest.approx(expected)
    assert summary["baseline_gain_ci_low"] < expected < summary["baseline_gain_ci_high"]
    assert not {"baseline_gain_mse", "baseline_gain_psnr"} & summary.keys()
    scored = scores.assign(colour_difference=5.0, baseline_colour_difference=[2.0, 4.0] * 3)
    worse = summary_of(scored, ALL)
    gain = [worse[f"baseline_gain_colour_difference{end}"] for end in ("_ci_low", "", "_ci_high")]
    assert gain == pytest.approx([-2 - 1.14958, -2, -2 + 1.14958], abs=1e-4)  # t of 5 is 2.5706
    assert "baseline_psnr" not in score_test_images(*given)


def test_the_baseline_is_the_one_that_the_parameters_name() -> None:
    """Grey images have one by which they get colours, and none of the filters."""
    clean = np.random.default_rng(0).random((6, 12, 13, 3), dtype=np.float32)
    grey = clean.mean(-1, keepdims=True)
    chosen = EvaluationParameters(baseline="mean colour")

    def summed_up(evaluation: EvaluationParameters) -> dict[str, Any]:
        given = (clean, grey, clean, splits(), evaluation, trained(Gaussian()), Denoiser.load)
        scores = score_test_images(*given, clean[:2], clean[:2], grey[:2])
        return summary_of(scores, evaluation)

    assert summed_up(chosen)["baseline"] == "mean colour"
    assert "baseline" not in summed_up(ALL)


def test_inpainting_that_is_told_where_is_scored_in_both_parts() -> None:
    clean = np.full((6, 12, 13, 1), 0.5, np.float32)
    noisy = clean.copy()
    noisy[:, 4:6, 5:8] = 1
    chosen = EvaluationParameters(baseline=TOLD_WHERE)
    denoiser = trained(Holes())  # type: ignore[arg-type]
    summary = summary_of(score_test_images(clean, noisy, noisy, splits(), chosen, denoiser), chosen)
    assert summary["baseline"] == TOLD_WHERE
    assert summary["baseline_covered_psnr"] > summary["noisy_covered_psnr"] + 20
    assert summary["baseline_kept_psnr"] == 100
