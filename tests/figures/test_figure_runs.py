"""The figures of several runs show their numbers, and which run is which without colour."""

import numpy as np
import pandas as pd
from figure_inputs import comparison_history, comparison_table
from matplotlib.container import ErrorbarContainer
from matplotlib.text import Annotation

from denoising_pipeline import figures


def test_scores_of_runs_stand_in_rows_with_their_intervals() -> None:
    """The first run is at the top, and each is drawn as what it is to the reference."""
    table = comparison_table(5)
    panels = figures.run_scores(table, ["psnr", "ssim"]).axes
    assert [ax.get_xlabel() for ax in panels] == ["PSNR (dB)", "SSIM"]
    for ax, key in zip(panels, ("metrics.psnr", "metrics.ssim"), strict=True):
        assert ax.yaxis_inverted()
        bars = [found for found in ax.containers if isinstance(found, ErrorbarContainer)]
        assert [bar.get_label() for bar in bars] == ["reference", "paired", "not paired"]
        for bar, rows in zip(bars, ([1], [0, 3, 4], [2]), strict=True):
            points, _, (segments,) = bar.lines
            expected = table[key][rows]
            np.testing.assert_array_equal(points.get_xydata(), np.column_stack([expected, rows]))
            ends = np.array([np.asarray(path.vertices)[:, 0] for path in segments.get_paths()])
            np.testing.assert_allclose(ends, table.loc[rows, [f"{key}_ci_low", f"{key}_ci_high"]])
        (line,) = (
            line
            for line in ax.lines
            if len(set(np.ravel(line.get_xdata()))) == 1 and line.get_linestyle() == ":"
        )
        assert set(np.ravel(line.get_xdata())) == {table[key][1]}
    labels = [text.get_text() for text in panels[0].get_yticklabels()]
    assert [label.split()[0] for label in labels] == ["1", "2", "3", "4", "5"]
    assert labels[0] == "1  learning_rate 0.001"


def test_of_long_names_what_differs_is_left() -> None:
    long = [f"{'a' * 60}{end}" for end in "xy"]
    table = comparison_table(2).assign(name=[f"epochs 3 · {name} · base" for name in long])
    (ax,) = figures.run_scores(table, ["psnr"]).axes
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert [label[-2:] for label in labels] == ["ax", "ay"]
    same = comparison_table(2).assign(name="epochs 3 · base")
    (ax,) = figures.run_scores(same, ["psnr"]).axes
    assert ax.get_yticklabels()[0].get_text() == "1  epochs 3 · base"


def test_a_metric_without_intervals_is_a_point() -> None:
    table = comparison_table(3).drop(columns=["metrics.psnr_ci_low", "metrics.psnr_ci_high"])
    (ax,) = figures.run_scores(table, ["psnr"]).axes
    for bar in ax.containers:
        assert isinstance(bar, ErrorbarContainer)
        (segments,) = bar.lines[2]
        for path in segments.get_paths():
            assert np.ptp(np.asarray(path.vertices)) >= 0
            assert len(set(np.asarray(path.vertices)[:, 0])) == 1


def test_learning_curves_lie_over_each_other_and_are_told_apart_without_colour() -> None:
    """Every run has its epochs, a line style and marker of its own, and its number at the end."""
    history = comparison_history(20, 40)
    (ax,) = figures.learning_curves(history).axes
    looks = set()
    for line, (run, curve) in zip(ax.lines, history.groupby("run"), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), curve[["epoch", "val_psnr"]])
        assert str(line.get_label()).startswith(f"{run}  learning_rate")
        assert str(line.get_label()).endswith("(reference)") == (run == 2)
        looks.add((line.get_linestyle(), line.get_marker()))
    assert len(looks) == 20
    numbers = {text.get_text(): text.xy for text in ax.findobj(Annotation)}
    ends = history.groupby("run").tail(1)
    expected = {
        f"{run}": (epoch, value)
        for run, epoch, value in ends[["run", "epoch", "val_psnr"]].to_numpy()
    }
    assert {float(key): xy for key, xy in numbers.items()} == {
        float(k): v for k, v in expected.items()
    }


def test_runs_without_epochs_have_no_curve() -> None:
    """Some of them, or all: the figure says so."""
    history = comparison_history(2, 5)
    history.loc[history["run"] == 1, "val_psnr"] = np.nan
    (ax,) = figures.learning_curves(history).axes
    assert [str(line.get_label())[0] for line in ax.lines] == ["2"]
    empty = pd.DataFrame(columns=["run", "name", "reference", "epoch"])
    (ax,) = figures.learning_curves(empty).axes
    assert [text.get_text() for text in ax.texts] == ["No run has epochs."]
