"""What holds for every figure: it says what it is, is whole, and leaves no trace."""

import functools
import io
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from figure_inputs import (
    areas,
    benchmark,
    benchmark_table,
    comparison_history,
    comparison_table,
    confusions,
    curves,
    degradations,
    digit_metrics,
    downstream,
    examples,
    extremes,
    feature_scores,
    history,
    image_metrics,
    images,
    pair,
    projection_rows,
    projection_scores,
    ragged,
    stages,
    study_importance,
    study_trials,
    sweeps,
    trust,
)
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.text import Text

from denoising_pipeline import figures
from denoising_pipeline.images.sets import ImageSet

LONG = "Gaussian noise, sigma 0.5, clipped to [0, 1]: a title a good deal wider than one image"


def runs(count: int, *metrics: str) -> dict[str, Any]:
    return {"comparison_table": comparison_table(count), "metrics": list(metrics)}


def study(count: int) -> dict[str, Any]:
    return {"study_trials": study_trials(count)}


def importance(count: int) -> dict[str, Any]:
    return {"study_importance": study_importance(count)}


CASES: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "examples": ("denoising_examples", lambda: examples(10)),
    "examples one": ("denoising_examples", lambda: examples(1)),
    "examples colour": ("denoising_examples", lambda: examples(3, channels=3)),
    "examples bands": ("denoising_examples", lambda: examples(13)),
    "examples wide": ("denoising_examples", lambda: examples(2, width=40)),
    "examples ragged": ("denoising_examples", lambda: examples(3) | ragged(3)),
    "noisy": ("noisy_examples", lambda: pair(10) | {"title": "Noise"}),
    "noisy one": ("noisy_examples", lambda: pair(1) | {"title": LONG}),
    "noisy grey of colour": (
        "noisy_examples",
        lambda: {"clean": images(3, 3), "noisy": images(3), "title": "Lost colour"},
    ),
    "extremes ragged": (
        "best_and_worst",
        lambda: (
            extremes(3)
            | ragged(3)
            | {"count": 1, "image_metrics": image_metrics(3).assign(label=None, name="a/boat.png")}
        ),
    ),
    "extremes": ("best_and_worst", lambda: extremes(12)),
    "extremes one": ("best_and_worst", lambda: extremes(1)),
    "extremes colour": ("best_and_worst", lambda: extremes(4, channels=3) | {"count": 2}),
    "benchmark": ("benchmark_examples", lambda: benchmark(3, 12)),
    "benchmark one": ("benchmark_examples", lambda: benchmark(1, 1)),
    "benchmark none": ("benchmark_examples", lambda: benchmark(2, 0)),
    "benchmark colour": ("benchmark_examples", lambda: benchmark(10, 4, channels=3, width=12)),
    "bars": ("benchmark_scores", lambda: {"benchmark_table": benchmark_table(28)}),
    "bars one": ("benchmark_scores", lambda: {"benchmark_table": benchmark_table(2)}),
    "curves": ("training_curves", lambda: {"history": history(50)}),
    "curves one": ("training_curves", lambda: {"history": history(1)}),
    "distribution": ("psnr_distribution", lambda: {"image_metrics": image_metrics(200)}),
    "distribution one": ("psnr_distribution", lambda: {"image_metrics": image_metrics(1)}),
    "scores": ("digit_scores", lambda: {"digit_metrics": digit_metrics(10)}),
    "scores none": ("digit_scores", lambda: {"digit_metrics": digit_metrics(0)}),
    "scores without SSIM": (
        "digit_scores",
        lambda: {"digit_metrics": digit_metrics(3).filter(regex="label|n_images|psnr")},
    ),
    "scores one": ("digit_scores", lambda: {"digit_metrics": digit_metrics(1)}),
    "scores many": ("digit_scores", lambda: {"digit_metrics": digit_metrics(47)}),
    "sweeps": ("noise_sweeps", lambda: sweeps(5)),
    "sweeps one": ("noise_sweeps", lambda: sweeps(1)),
    "degradations": ("degradation_examples", lambda: degradations(10)),
    "degradations one": ("degradation_examples", lambda: degradations(1)),
    "degradations colour": ("degradation_examples", lambda: degradations(3, channels=3)),
    "areas": ("ood_areas", lambda: areas(17)),
    "areas one": ("ood_areas", lambda: areas(1)),
    "maps": ("projection_maps", projection_rows),
    "ood_detector": ("ood_curves", lambda: curves(5, each=6)),
    "ood_detector one": ("ood_curves", lambda: curves(1, each=1)),
    "runs": ("run_scores", lambda: runs(4, "psnr", "ssim")),
    "runs one": ("run_scores", lambda: runs(1, "psnr")),
    "runs many": ("run_scores", lambda: runs(30, "psnr", "ssim", "psnr", "ssim")),
    "learning": ("learning_curves", lambda: {"comparison_history": comparison_history(4, 30)}),
    "learning one": ("learning_curves", lambda: {"comparison_history": comparison_history(1, 1)}),
    "learning many": (
        "learning_curves",
        lambda: {"comparison_history": comparison_history(30, 60)},
    ),
    "grid": ("image_grid", lambda: {"rows": stages(12), "title": LONG, "headers": ["h"] * 12}),
    "grid ragged": ("image_grid", lambda: {"rows": ragged(2, channels=1), "title": LONG}),
    "grid of values": (
        "image_grid",
        lambda: {"rows": stages(12), "title": LONG, "most": {"denoised": 0.5}},
    ),
    "grid one": ("image_grid", lambda: {"rows": stages(1), "title": LONG, "captions": ["4 → 9"]}),
    "study_quality 1": ("study_quality", lambda: study(1)),
    "study_quality 30": ("study_quality", lambda: study(30)),
    "study_parallel 1": ("study_parallel", lambda: study(1)),
    "study_parallel 30": ("study_parallel", lambda: study(30)),
    "study_slices 1": ("study_slices", lambda: study(1)),
    "study_slices 30": ("study_slices", lambda: study(30)),
    "study_importance 0": ("study_importance", lambda: importance(0)),
    "study_importance 6": ("study_importance", lambda: importance(6)),
    "message": ("message", lambda: {"text": LONG}),
    "downstream": ("downstream_by_label", lambda: {"downstream_by_digit": downstream(10)}),
    "downstream one": ("downstream_by_label", lambda: {"downstream_by_digit": downstream(1)}),
    "downstream many": ("downstream_by_label", lambda: {"downstream_by_digit": downstream(47)}),
    "confusions": ("confusion_matrices", lambda: {"confusions": confusions(10)}),
    "confusions one": ("confusion_matrices", lambda: {"confusions": confusions(1)}),
    "confusions many": ("confusion_matrices", lambda: {"confusions": confusions(47)}),
    "trust": ("coverage_and_reliability", trust),
    "features": ("feature_accuracies", lambda: {"feature_scores": feature_scores(3)}),
    "projections": (
        "projection_scores",
        lambda: {"projection_scores": projection_scores(7)},
    ),
    "projections one": (
        "projection_scores",
        lambda: {"projection_scores": projection_scores(1)},
    ),
    "features one": ("feature_accuracies", lambda: {"feature_scores": feature_scores(1, 1)}),
}
CHARTS = {
    "benchmark_scores",
    "training_curves",
    "psnr_distribution",
    "digit_scores",
    "noise_sweeps",
    "ood_areas",
    "ood_curves",
    "projection_maps",
    "run_scores",
    "learning_curves",
    "downstream_by_label",
    "confusion_matrices",
    "coverage_and_reliability",
    "feature_accuracies",
    "projection_scores",
}


def every_case(test: Callable[[str], None]) -> Callable[[str], None]:
    """Try each case: the first of each figure always, the others with the long tests.

    Coverage, which is taken elsewhere, would double what drawing takes.
    """
    first = {function: case for case, (function, _) in reversed(CASES.items())}.values()
    cases = [pytest.param(c, marks=() if c in first else pytest.mark.slow) for c in CASES]
    return pytest.mark.no_cover(pytest.mark.parametrize("case", cases)(test))


class Drawn(NamedTuple):
    """A figure, the PNG it was saved as, what it was drawn from, what pyplot knows of since."""

    figure: Figure
    png: bytes
    arguments: dict[str, Any]
    left_open: set[int]


@functools.cache
def draw(case: str) -> Drawn:
    function, make = CASES[case]
    arguments, before = make(), set(plt.get_fignums())
    figure: Figure = getattr(figures, function)(**arguments)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return Drawn(figure, buffer.getvalue(), arguments, set(plt.get_fignums()) - before)


def test_every_public_figure_is_drawn_by_a_case() -> None:
    """A new figure must join the cases, and with them every test over all figures."""
    assert {function for function, _ in CASES.values()} == set(figures.__all__)


@every_case
def test_nothing_is_cut_off(case: str) -> None:
    """Every text, and the figure as a whole, lies on the canvas."""
    figure = draw(case).figure
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text()]
    on_ticks = {t for ax in figure.axes for t in (*ax.get_xticklabels(), *ax.get_yticklabels())}
    boxes = {
        text.get_text(): text.get_window_extent()
        for text in texts
        if isinstance(text, Text) and text not in on_ticks
    }
    # Ticks beyond the ends of an axis exist but are not drawn: only this box leaves them out.
    boxes["everything"] = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    for name, box in boxes.items():
        assert box.x0 >= -1 and box.y0 >= -1, name
        assert box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1, name


@every_case
def test_titles_and_axis_labels(case: str) -> None:
    """Each figure has a title; each chart names both axes, with the unit where there is one.

    A bar of colours has one.
    """
    figure = draw(case).figure
    assert figure.get_suptitle()
    if CASES[case][0] in CHARTS:
        for ax in figure.axes:
            below = [other.get_xlabel() for other in ax.get_shared_x_axes().get_siblings(ax)]
            beside = [other.get_ylabel() for other in ax.get_shared_y_axes().get_siblings(ax)]
            assert any(beside)
            assert any(below) or ax.get_label() == "<colorbar>"
            for label in (ax.get_xlabel(), ax.get_ylabel()):
                assert "PSNR" not in label or "(dB)" in label


@every_case
def test_file_is_small(case: str) -> None:
    """A figure saves as a PNG of at most 300 kB."""
    assert 1_000 < len(draw(case).png) < 300_000


def assert_equal(found: Any, expected: Any) -> None:
    """Compare tables and arrays, by name if there are several."""
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for name, value in expected.items():
            assert_equal(found[name], value)
    elif isinstance(expected, ImageSet):
        assert isinstance(found, ImageSet)
        assert found.digest == expected.digest
    elif isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected)
    else:
        np.testing.assert_array_equal(found, expected)


@every_case
def test_leaves_no_trace(case: str) -> None:
    """Inputs stay as they were and pyplot knows of no figure."""
    drawn = draw(case)
    assert_equal(drawn.arguments, CASES[case][1]())
    assert not drawn.left_open


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("noisy_examples", pair(2) | {"clean": images(2)[..., 0]}, r"clean: .*\(2, 8, 8\)"),
        ("noisy_examples", pair(2) | {"noisy": images(2, 2)}, r"noisy: .*\(2, 8, 8, 2\)"),
        ("noisy_examples", pair(2) | {"noisy": images(3)}, r"noisy: shape \(3, 8, 8, 1\) differs"),
        ("noisy_examples", pair(0), r"clean: .*\(0, 8, 8, 1\)"),
        ("noisy_examples", pair(2) | {"noisy": np.ones((2, 8, 8, 1), np.uint8)}, "noisy: .*uint8"),
        ("denoising_examples", examples(2) | {"names": ["1"]}, "names: 1 entries for 2 images"),
        ("denoising_examples", examples(2) | {"psnr": np.ones(3)}, "psnr: 3 entries"),
        ("denoising_examples", examples(2) | {"psnr": None}, "both or neither"),
        ("image_grid", {"rows": stages(2), "title": "", "headers": ["a"]}, "headers: 1 entries"),
        ("best_and_worst", stages(2) | {"image_metrics": image_metrics(3)}, "3 entries for 2"),
        ("image_grid", {"rows": ragged(2) | {"noisy": ragged(3)["noisy"]}, "title": ""}, "noisy: "),
        (
            "image_grid",
            {
                "rows": {"a": ragged(3)["clean"], "b": ragged(3)["clean"].take([1, 0, 2])},
                "title": "",
            },
            "b: the sizes of the images differ from those of a",
        ),
        ("image_grid", {"rows": {"a": ragged(3)["clean"].first(0)}, "title": ""}, "a: .*one image"),
        ("best_and_worst", extremes(2) | {"count": 0}, "count: .*got 0"),
        (
            "degradation_examples",
            degradations(3) | {"psnr": {"fog": (1.0, 2.0)}},
            "psnr: 1 entries",
        ),
        ("ood_curves", curves(0), "curves: .*nothing to draw"),
        ("ood_curves", curves(1, each=0), "curves: .*nothing to draw"),
    ],
)
def test_wrong_arrays_are_refused(function: str, arguments: dict[str, Any], message: str) -> None:
    """The error names the argument and what is wrong with it."""
    arguments = arguments | ({"title": ""} if function == "noisy_examples" else {})
    with pytest.raises(ValueError, match=message):
        getattr(figures, function)(**arguments)


@pytest.mark.parametrize(
    ("case", "table", "column"),
    [
        ("curves", "history", "val_psnr"),
        ("distribution", "image_metrics", "noisy_psnr"),
        ("scores", "digit_metrics", "ssim_ci_low"),
        ("extremes", "image_metrics", "noisy_psnr"),
        ("sweeps", "noise_sweeps", "denoiser"),
        ("runs", "comparison_table", "metrics.ssim"),
        ("downstream", "downstream_by_digit", "misled_rate_direct"),
        ("confusions", "confusions", "prediction"),
        ("trust", "coverage", "nominal"),
        ("trust", "reliability", "observed_rmse"),
        ("bars", "benchmark_table", "psnr_ci_low"),
        ("features", "feature_scores", "accuracy_ci_low"),
        ("projections", "projection_scores", "continuity"),
    ],
)
def test_wrong_tables_are_refused(case: str, table: str, column: str) -> None:
    """A missing column is named, an empty table is refused."""
    function, make = CASES[case]
    arguments = make()
    full = arguments[table]
    with pytest.raises(ValueError, match=rf"{table}: missing column\(s\) {column};"):
        getattr(figures, function)(**arguments | {table: full.drop(columns=column)})
    if case != "scores":  # Images may have no labels, which the figure says.
        with pytest.raises(ValueError, match=f"{table}: the table has no rows"):
            getattr(figures, function)(**arguments | {table: full.head(0)})
