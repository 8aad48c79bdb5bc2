"""The figures made of numbers show the numbers they were given."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from figure_inputs import (
    benchmark_table,
    confusions,
    curves,
    digit_metrics,
    downstream,
    history,
    image_metrics,
    sweeps,
    trust,
)
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer

from denoising_pipeline import figures
from denoising_pipeline.figures.robustness import NOTHING


def lines(ax: Axes) -> dict[str, npt.NDArray[Any]]:
    return {str(line.get_label()): np.asarray(line.get_xydata()) for line in ax.lines}


def legend(ax: Axes) -> list[str]:
    found = ax.get_legend()
    return [] if found is None else [text.get_text() for text in found.get_texts()]


def test_training_curves_mark_the_lowest_validation_loss() -> None:
    """Both panels show both curves and mark epoch 3, where the validation loss is lowest."""
    table = history(6)
    panels = figures.training_curves(table).axes
    assert len(panels) == 2
    for ax, key in zip(panels, ("loss", "psnr"), strict=True):
        curves = lines(ax)
        np.testing.assert_array_equal(curves["train"], table[["epoch", key]])
        np.testing.assert_array_equal(curves["validation"], table[["epoch", f"val_{key}"]])
        value = table[f"val_{key}"][2]
        np.testing.assert_array_equal(curves[f"best epoch 3: {value:.4g}"], [[3, value]])


def test_training_curves_without_clean_images_show_the_risk() -> None:
    table = history(6).rename(columns={"psnr": "risk", "val_psnr": "val_risk"})
    _, right = figures.training_curves(table).axes
    np.testing.assert_array_equal(lines(right)["validation"], table[["epoch", "val_risk"]])
    assert "PSNR" not in right.get_title() + right.get_ylabel()


def test_training_curves_without_a_finite_validation_loss_mark_nothing() -> None:
    figure = figures.training_curves(history(3).assign(val_loss=np.nan))
    assert all(legend(ax) == ["train", "validation"] for ax in figure.axes)


def test_psnr_distribution_counts_every_image_and_marks_the_means() -> None:
    table = image_metrics(200)
    (ax,) = figures.psnr_distribution(table).axes
    assert sum(p.get_height() for p in ax.patches if hasattr(p, "get_height")) == 2 * len(table)
    for name, column in (("noisy", "noisy_psnr"), ("denoised", "psnr")):
        mean = table[column].mean()
        np.testing.assert_allclose(lines(ax)[f"mean {name}: {mean:.2f} dB"][:, 0], mean)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_psnr_distribution_says_so_when_the_mean_is_not_finite(value: float) -> None:
    (ax,) = figures.psnr_distribution(image_metrics(5).assign(psnr=value)).axes
    assert f"mean denoised: {value:.2f} dB" in legend(ax)


def test_digit_scores_draw_values_intervals_and_the_noisy_score() -> None:
    table = digit_metrics(26)
    panels = figures.digit_scores(table).axes
    assert [ax.get_title() for ax in panels] == ["PSNR", "SSIM"]
    for ax, key in zip(panels, ("psnr", "ssim"), strict=True):
        (bars,) = (c for c in ax.containers if isinstance(c, ErrorbarContainer))
        points, _, (segments,) = bars.lines
        np.testing.assert_array_equal(np.asarray(points.get_ydata()), table[key])
        ends = np.array([np.asarray(path.vertices)[:, 1] for path in segments.get_paths()])
        np.testing.assert_allclose(ends, table[[f"{key}_ci_low", f"{key}_ci_high"]])
        np.testing.assert_array_equal(lines(ax)["noisy"][:, 1], table[f"noisy_{key}"])
    assert [t.get_text() for t in panels[1].get_xticklabels()] == [str(i) for i in range(26)]
    assert "1,000 to 1,025 images" in panels[1].get_xlabel()


def test_digit_scores_of_images_without_labels_say_so() -> None:
    figure = figures.digit_scores(digit_metrics(0))
    assert not figure.axes
    assert "no labels" in figure.get_suptitle()


def test_digit_scores_without_ssim_are_those_of_psnr() -> None:
    table = digit_metrics(3)
    (ax,) = figures.digit_scores(table.filter(regex="label|n_images|psnr")).axes
    assert ax.get_title() == "PSNR"


def test_digit_scores_accept_an_interval_of_no_width_with_rounding() -> None:
    """An interval whose end lies a rounding error beyond its value is drawn, not refused."""
    table = digit_metrics(2)
    table["psnr_ci_low"] = table["psnr_ci_high"] = np.nextafter(table["psnr"], 100)
    assert len(figures.digit_scores(table).axes) == 2


def test_noise_sweeps_draw_each_denoiser_and_mark_the_training_once() -> None:
    """Doing nothing has no finite PSNR at level 0; all other points are those of the table."""
    given = sweeps(4)
    table = given["noise_sweeps"]
    panels = figures.noise_sweeps(**given).axes
    assert [ax.get_title() for ax in panels] == [f"model {i}" for i in range(4)]
    names = {"trained": "this denoiser", "classical": "median filter", "nothing": NOTHING}
    for ax in panels:
        drawn, rows = lines(ax), table[table["noise"] == ax.get_title()]
        for denoiser, name in names.items():
            expected = rows.loc[rows["denoiser"] == denoiser, ["level", "psnr"]].to_numpy()
            first = int(denoiser == "nothing")
            np.testing.assert_array_equal(drawn[name][first:], expected[first:])
        assert np.isnan(drawn[NOTHING][0, 1])
        assert ("noise of the training" in drawn) == (ax.get_title() == "model 0")
        assert ax.get_xlabel().startswith("sigma: a long meaning")
    np.testing.assert_array_equal(lines(panels[0])["noise of the training"][:, 0], 0.5)


def test_a_level_that_a_noise_model_does_not_have_is_said() -> None:
    given = sweeps(2)
    table = given["noise_sweeps"]
    absent = (table["noise"] == "model 1") & (table["level"] == 1.0)
    panels = figures.noise_sweeps(**(given | {"noise_sweeps": table[~absent]})).axes
    assert [ax.get_title() for ax in panels] == ["model 0", "model 1, which has no 1"]


def test_the_trained_denoiser_stands_out_among_baselines() -> None:
    table = benchmark_table(4)
    table.loc[1, "denoiser"] = "denoiser (dense)"
    (ax,) = figures.benchmark_scores(table).axes
    colors = [bar.get_facecolor() for bar in ax.patches]
    assert colors[0] == colors[2] != colors[1]
    weights = [text.get_fontweight() for text in ax.get_yticklabels()]
    assert weights == ["normal", "bold", "normal"]


def test_ood_curves_state_the_area_of_each() -> None:
    """The area under x**(1/2) is 2/3; the figure joins 11 points by straight lines."""
    (ax,) = figures.ood_curves(**curves(1)).axes
    assert legend(ax) == ["shift 0: 0.500", "shift 1: 0.661"]


def test_downstream_draws_every_share_with_its_interval() -> None:
    table = downstream(3)
    figure = figures.downstream_by_label(table)
    upper, lower = figure.axes
    for ax, keys in (
        (upper, ("accuracy_clean", "accuracy_noisy", "accuracy_denoised", "accuracy_direct")),
        (lower, ("misled_rate_noisy", "hallucination_rate", "misled_rate_direct")),
    ):
        bars = [c for c in ax.containers if isinstance(c, ErrorbarContainer)]
        for container, key in zip(bars, keys, strict=True):
            np.testing.assert_array_equal(container.lines[0].get_ydata(), table[key])
    (names,) = (legend.get_texts() for legend in figure.legends)
    assert [name.get_text() for name in names][:3] == ["clean", "noisy", "denoised"]


def test_confusions_are_rows_of_labels_and_columns_of_what_was_predicted() -> None:
    """Numbers stand in their cells; the shades leave out what is correct."""
    for ax in figures.confusion_matrices(confusions(10)).axes:
        numbers = {t.get_position(): t.get_text() for t in ax.texts}
        assert numbers[3, 3] == "10"
        assert numbers[2, 3] == "1"
        assert len(numbers) == 20
        shades = np.asarray(ax.images[0].get_array())
        np.testing.assert_array_equal(shades, np.roll(np.eye(10), -1, axis=1))
    large = figures.confusion_matrices(confusions(47))
    assert not large.axes[0].texts
    bar = large.axes[-1]
    assert bar.get_ylabel() == "images taken for another label"
    assert bar.get_ylim() == (0, 1)


def test_maps_tell_every_label_from_the_others() -> None:
    rows = pd.DataFrame({"method": "PCA", "latent_dim": 2, "label": range(26), "x": 0.0, "y": 0.0})
    dots = figures.projection_maps(rows).axes[0].collections
    looks = {str((dot.get_facecolor(), dot.get_paths()[0].vertices)) for dot in dots}
    assert len(looks) == len(dots) == 26


def test_projections_say_which_method_has_no_error() -> None:
    keys = ("mse", "trustworthiness", "continuity", "accuracy")
    scores = {f"{key}{end}": [0.5, 0.5] for key in keys for end in ("", "_ci_low", "_ci_high")}
    table = pd.DataFrame({"method": ["PCA", "t-SNE"], "latent_dim": 2, **scores})
    table.loc[1, ["mse", "mse_ci_low", "mse_ci_high"]] = np.nan
    texts = [[t.get_text() for t in ax.texts] for ax in figures.projection_scores(table).axes]
    assert texts == [["t-SNE: gives no images back"], [], [], []]


def test_coverage_is_drawn_over_standard_deviations_beside_a_normal_distribution() -> None:
    tables = trust()
    left, right = figures.coverage_and_reliability(**tables).axes
    normal = lines(left)["a normal distribution"]
    np.testing.assert_array_equal(normal, tables["coverage"][["sd", "nominal"]][:3])
    bars = [c for c in left.containers if isinstance(c, ErrorbarContainer)]
    observed = np.concatenate([np.asarray(bar.lines[0].get_ydata()) for bar in bars])
    np.testing.assert_array_equal(observed, tables["coverage"]["observed"])
    assert {str(bar.get_label()) for bar in bars} == {"all pixels", "pixels that are not black"}
    points = lines(right)["tenths of the pixels"]
    np.testing.assert_array_equal(points, tables["reliability"])
