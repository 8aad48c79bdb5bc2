"""The benchmark scores what it says on test images, and chooses on validation images alone."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from cards import card
from project_folder import ROOT

from denoising_pipeline.baselines import Known
from denoising_pipeline.baselines.markdown import write_markdown
from denoising_pipeline.baselines.options import BenchmarkParameters
from denoising_pipeline.baselines.posterior import posterior_mean
from denoising_pipeline.config import validate_parameters
from denoising_pipeline.datasets.json_strict import from_json, to_json
from denoising_pipeline.degradations import Noise, draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.holes import Holes
from denoising_pipeline.degradations.masking import Masking
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.card import Card
from denoising_pipeline.evaluation.metrics import METRICS, mean_interval, mse, pooled_psnr
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.idx import read_idx
from denoising_pipeline.images.sets import ImageSet, apply_to
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.pipelines.benchmark.nodes import (
    calibrate_baselines,
    draw_benchmark_examples,
    score_denoisers,
)

CHOSEN = ["noisy", "posterior mean", "median filter + tone", "all black"]
NOISE = Gaussian()
SMALL = Dense(latent_dim=2, layers=0)


ONE_SIZE = {"posterior mean", "article's network"}


class AnySize:
    """A denoiser of images of any size, without a network: it leaves them as they are."""

    architecture = SMALL
    card: Card = card(NOISE)

    def __call__(self, noisy: Images) -> Images:
        """Return the images."""
        return noisy


def digits() -> Images:
    with (ROOT / "data/01_raw/mnist/t10k-images-idx3-ubyte.gz").open("rb") as file:
        images: Images = read_idx(file)[:100, ..., np.newaxis].astype(np.float32) / np.float32(255)
    return images


DIGITS = digits()
RECIPE = yaml.safe_load((ROOT / "conf/article/parameters.yml").read_text())
VAL, TEST = DIGITS[60:80], DIGITS[80:]


def noisy(clean: Images, split: str, noise: Noise = NOISE) -> Images:
    return draw_noisy(clean, noise, seed=0, split=split, epoch=0)


def score(
    noise: Noise = NOISE, test_noisy: Images | None = None, size: int = 28, **benchmark: Any
) -> tuple[pd.DataFrame, Images]:
    train, val, test = (images[:, :size, :size] for images in (DIGITS[:60], VAL, TEST))
    test_noisy = noisy(test, "test", noise) if test_noisy is None else test_noisy
    shape = (size, size, 1)
    denoiser = Denoiser(SMALL, shape, SMALL.build(shape, 0), card(noise))
    return run(train, val, noisy(val, "val", noise), test, test_noisy, denoiser, **benchmark)


def run(
    train: Images | ImageSet,
    val_clean: Images | ImageSet,
    val_noisy: Images | ImageSet,
    test_clean: Images | ImageSet,
    test_noisy: Images | ImageSet,
    denoiser: Any,
    **benchmark: Any,
) -> tuple[pd.DataFrame, Images]:
    """Both nodes, one after the other."""
    options = {"baselines": CHOSEN, "article_epochs": 0, "examples": 3, **benchmark}
    parameters = validate_parameters({"benchmark": options})
    learned_from = train, val_clean, val_noisy
    calibration = calibrate_baselines(*learned_from, denoiser, parameters.benchmark)
    return score_denoisers(
        *learned_from,
        test_clean,
        test_noisy,
        denoiser,
        from_json(to_json(calibration)),
        RECIPE,
        parameters.evaluation,
        parameters.benchmark,
    )


@pytest.fixture(scope="module")
def scored() -> tuple[pd.DataFrame, Images]:
    return score()


def test_there_is_a_row_for_each_from_best_to_worst(scored: tuple[pd.DataFrame, Images]) -> None:
    table, _ = scored
    assert set(table["denoiser"]) == {*CHOSEN, "denoiser (dense)"}
    assert table["psnr"].is_monotonic_decreasing
    assert (table["n_images"] == len(TEST)).all()
    assert (table["note"] == "").all()
    assert (table["seconds_per_1000"] > 0).all()


def test_scores_are_those_of_the_images(scored: tuple[pd.DataFrame, Images]) -> None:
    """Of the noisy ones, for which nothing was done."""
    table, shown = scored
    position = table["denoiser"].tolist().index("noisy")
    row, images = table.iloc[position], noisy(TEST, "test")
    for name in EvaluationParameters().metrics:
        metric = METRICS[name]
        expected = mean_interval(metric(TEST, images))
        columns = [name, f"{name}_ci_low", f"{name}_ci_high"]
        assert [row[column] for column in columns] == pytest.approx(expected)
    assert row["psnr_pooled"] == pytest.approx(pooled_psnr(mse(TEST, images)))
    assert shown.shape == (len(table), 3, 28, 28, 1)
    np.testing.assert_array_equal(shown[position], images[:3])


def test_hyperparameters_do_not_depend_on_test_images(scored: tuple[pd.DataFrame, Images]) -> None:
    """Nor does what is learned: other test images are denoised by the same functions."""
    first, other = TEST.copy(), noisy(TEST, "test")
    other[1:] = noisy(TEST, "another")[1:]
    table, shown = score(test_noisy=other)
    order = [table["denoiser"].tolist().index(name) for name in scored[0]["denoiser"]]
    assert table["hyperparameters"].iloc[order].tolist() == scored[0]["hyperparameters"].tolist()
    np.testing.assert_allclose(shown[order][:, 0], scored[1][:, 0], atol=1e-5)
    np.testing.assert_array_equal(TEST, first)


def test_fewer_test_images_are_the_first() -> None:
    table, _ = score(baselines=["noisy"], test_images=7)
    expected = METRICS["psnr"](TEST, noisy(TEST, "test"))[:7].mean()
    assert table.set_index("denoiser").loc["noisy", "psnr"] == pytest.approx(expected)
    assert set(table["n_images"]) == {7}


def test_what_does_not_apply_is_left_out_with_a_word(caplog: pytest.LogCaptureFixture) -> None:
    """In the log, in the table and under the Markdown."""
    table, shown = score(noise=Masking())
    left_out = table.set_index("denoiser").loc["posterior mean"]
    assert "masking 0.5" in left_out["note"] and "masking 0.5" in caplog.text
    assert np.isnan(left_out["psnr"]) and left_out["n_images"] == 0
    assert len(shown) == len(table) - 1
    text = write_markdown(table)
    assert f"Left out: posterior mean: {left_out['note']}." in text
    assert "| posterior mean" not in text
    draw_benchmark_examples(TEST, shown, table, BenchmarkParameters())


def test_the_articles_network_stands_in_the_table() -> None:
    table, _ = score(baselines=[], article_epochs=2)
    row = table.set_index("denoiser").loc["article's network"]
    assert row["hyperparameters"] == "epochs 2"
    assert row["fit_seconds"] > 0


@pytest.mark.parametrize("noise", [NOISE, Masking()], ids=["none asked for", "none applies"])
def test_the_denoiser_alone_makes_a_table(noise: Noise) -> None:
    table, shown = score(noise, baselines=["posterior mean"] if noise is not NOISE else [])
    assert table["denoiser"][0] == "denoiser (dense)"
    assert "denoiser (dense)" in write_markdown(table)
    draw_benchmark_examples(TEST, shown, table, BenchmarkParameters())


def test_the_noise_is_that_of_the_card() -> None:
    noise = Gaussian(sigma=0.2)
    _, shown = score(noise, baselines=["posterior mean"])
    expected = posterior_mean(Known(DIGITS[:60], noise, 0))(noisy(TEST, "test", noise)[:3])
    np.testing.assert_allclose(shown[0], expected, atol=1e-5)


def test_images_of_any_size_have_a_table_and_a_picture() -> None:
    shapes = [(30, 24, 1), (28, 28, 1), (24, 40, 1)]
    draws = np.random.default_rng(0)
    images = (draws.random(shape).astype(np.float32) for shape in shapes)
    clean = ImageSet.collect(images, shapes, np.float32)
    degraded = apply_to(clean, lambda place, pixels: NOISE.apply(pixels, draws))
    table, shown = run(clean, clean, degraded, clean, degraded, AnySize(), article_epochs=1)
    rows = table.set_index("denoiser")
    assert set(rows.index[rows["note"] == ""]) == {"denoiser (dense)", *CHOSEN} - ONE_SIZE
    assert all("of one size" in rows["note"][name] for name in ONE_SIZE)
    assert rows["psnr"]["denoiser (dense)"] == rows["psnr"]["noisy"]
    assert set(rows["n_images"]) == {3, 0}
    assert shown.shape == (4, 3, 24, 24, 1)
    write_markdown(table)
    draw_benchmark_examples(clean, shown, table, BenchmarkParameters())


def test_the_middle_of_images_is_scored_if_asked() -> None:
    """The picture shows the same part of the clean ones."""
    shapes = [(61, 50, 1), (70, 90, 1)]
    draws = np.random.default_rng(0)
    images = [draws.random(shape).astype(np.float32) for shape in shapes]
    clean = ImageSet.collect(iter(images), shapes, np.float32)
    options = {"crop": 20, "baselines": ["noisy"]}
    table, shown = run(clean, clean, clean, clean, clean, AnySize(), **options)
    middles = np.stack([images[0][21:41, 15:35], images[1][25:45, 35:55]])
    np.testing.assert_array_equal(shown[0], middles)
    assert set(table["n_images"]) == {2}
    drawn = draw_benchmark_examples(clean, shown, table, BenchmarkParameters(crop=20))
    np.testing.assert_array_equal(drawn.axes[0].images[0].get_array(), middles[0, ..., 0])


def test_the_articles_network_is_left_out_where_it_cannot_be_built() -> None:
    table, _ = score(baselines=[], article_epochs=1, size=14)
    assert "multiples of 4" in str(table.set_index("denoiser")["note"]["article's network"])


def test_the_best_of_each_column_is_bold(scored: tuple[pd.DataFrame, Images]) -> None:
    table, _ = scored
    lines = write_markdown(table).splitlines()
    heading = "Mean over 20 test images; hyperparameters are chosen on validation images."
    assert lines[0] == heading
    header, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"
    )
    assert [row[0] for row in rows] == table["denoiser"].tolist()
    for label, column, best in (
        ("PSNR [dB]", "psnr", table["psnr"].max()),
        ("SSIM", "ssim", table["ssim"].max()),
        ("MAE", "mae", table["mae"].min()),
    ):
        cells = [row[header.index(label)] for row in rows]
        for cell, value in zip(cells, table[column], strict=True):
            assert float(cell.strip("*")) == pytest.approx(value, abs=0.006)
        bold = [float(cell.strip("*")) for cell in cells if cell.startswith("**")]
        assert bold and all(value == pytest.approx(best, abs=0.006) for value in bold)
    for label, key, digits in (("PSNR [dB]", "psnr", 2), ("SSIM", "ssim", 4), ("MAE", "mae", 5)):
        place = header.index(label) + 1
        low, high = (f"{table[f'{key}_ci_{end}'][0]:.{digits}f}" for end in ("low", "high"))
        assert (header[place], rows[0][place]) == ("95% interval", f"{low} to {high}")


def test_what_is_covered_is_filled_in_by_one_that_is_told_where() -> None:
    table, _ = score(Holes(share=0.1, side=4), baselines=["noisy"])  # type: ignore[arg-type]
    by_name = table.set_index("denoiser")
    told, untouched = by_name.loc["inpainting, told where"], by_name.loc["noisy"]
    assert told["covered_psnr"] > untouched["covered_psnr"]
    assert told["kept_psnr"] == untouched["kept_psnr"] == 100
    kept = "| PSNR where covered [dB] | 95% interval | PSNR elsewhere [dB] | 95% interval |"
    assert kept in write_markdown(table)
