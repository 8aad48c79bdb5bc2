"""Summaries and tables as metrics."""

import pandas as pd

from denoising_pipeline.hooks.score_steps import summary_steps, table_steps


def test_a_summary_is_metrics_and_its_constants_and_flags_are_tags() -> None:
    summary = {"psnr": 20.5, "psnr_ci_low": 20, "n_images": 300, "confidence": 0.95}
    summary |= {"worse_than_noisy": False}
    metrics, tags = summary_steps({**summary, "source": "mnist"}, "test")
    assert metrics["values"] == {"test/psnr": 20.5, "within_ci/psnr_low": 20}
    assert tags["values"] == {
        "worse_than_noisy": "false",
        "n_images": "300",
        "confidence": "0.95",
    }


def test_a_table_is_a_metric_per_row_and_a_step_per_level() -> None:
    rows = [("trained", "gaussian", 0.0, 30.0), ("trained", "gaussian", 0.29, 20.0)]
    rows += [("nothing", "gaussian", 0.0, 99.0), ("trained", "a + b", 1.0, float("nan"))]
    table = pd.DataFrame(rows, columns=["denoiser", "noise", "level", "psnr"])
    rule = {"group": "g", "value": "psnr", "names": ["noise"], "level": "level"}
    steps = table_steps(table, [rule | {"where": {"denoiser": "trained"}}])
    found = [(step["step"], step["values"]) for step in steps]
    assert found == [(0, {"g/gaussian": 30.0}), (29, {"g/gaussian": 20.0})]


def test_a_column_that_is_not_there_has_no_metrics() -> None:
    table = pd.DataFrame({"denoiser": ["a"], "psnr": [1.0]})
    assert table_steps(table, [{"group": "g", "value": "ssim", "names": ["denoiser"]}]) == []
