"""A run names its nodes, and ends with its scores and the place of its pictures."""

import logging
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro.pipeline.node import Node
from kedro.runner import AbstractRunner, SequentialRunner, ThreadRunner
from kedro_datasets.json import JSONDataset
from matplotlib.figure import Figure

from denoising_pipeline.evaluation.metrics import METRICS
from denoising_pipeline.evaluation.without_clean import summary_without_clean
from denoising_pipeline.hooks import ConsoleHooks


def same(given: Any) -> Any:
    return given


EVALUATION = node(same, name="evaluate", inputs={"given": "scores"}, outputs="summary")
COMPARISON = node(same, name="compare", inputs={"given": "scores"}, outputs="comparison_markdown")
BENCHMARK = node(same, name="score", inputs={"given": "scores"}, outputs="benchmark_table")
REPORTING = node(same, name="draw", inputs={"given": "scores"}, outputs="denoising_examples")
REPORT = node(same, name="write", inputs={"given": "scores"}, outputs="report")


ADDED = {"nothing": 0, "classical": 1, "trained": 2}


def summary() -> dict[str, Any]:
    """Numbers that are all different, so that a swap would show."""
    found: dict[str, Any] = {"n_images": 10000, "confidence": 0.9, "worse_than_noisy": False}
    degradation = {"name": "salt_and_pepper", "amount": 0.1, "salt": 0.9}
    found |= {"source": "boats", "denoiser": "dense", "degradation": degradation}
    for position, name in enumerate(METRICS, start=1):
        noisy = {f"noisy_{name}": position + 0.12345}
        bounds = {f"{name}_ci_low": position + 0.5, f"{name}_ci_high": position + 0.7}
        found |= {name: position + 0.62345, **noisy, **bounds}
    pooled = {"psnr_pooled": 17.456, "noisy_psnr_pooled": 8.123}
    return found | pooled | {"limit_psnr": 22.345, "limit_distance": 0.987}


def benchmark_table() -> pd.DataFrame:
    """One row with scores and one without."""
    scores = {"psnr": 15.678, "psnr_ci_low": 15.5, "psnr_ci_high": 15.9, "ssim": 0.60123}
    row = {"denoiser": "median filter + tone", **scores, "seconds_per_1000": 0.25, "note": ""}
    left_out = {"denoiser": "posterior mean", "note": "not here"}
    return pd.DataFrame([row | {"n_images": 1234, "confidence": 0.95}, left_out | {"n_images": 0}])


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Kedro's own messages are not under test."""
    caplog.set_level(logging.WARNING, logger="kedro")


def catalog(folder: Path, **other: Any) -> Any:
    pictures = {
        "type": "matplotlib.MatplotlibDataset",
        "filepath": str(folder / "08_reporting" / "denoising_examples.png"),
        "versioned": True,
    }
    report, comparison = (
        {
            "type": "text.TextDataset",
            "filepath": str(folder / "08_reporting" / name),
            "versioned": True,
            "metadata": {"kedro-viz": {"layer": "08_reporting"}},
        }
        for name in ("report.html", "comparison_markdown.md")
    )
    entries = {"denoising_examples": pictures, "report": report, "comparison_markdown": comparison}
    made = DataCatalog.from_config(entries, save_version="2020")
    made.save("comparison_markdown", "| run | score |\n| --- | --- |\n| 1 | 20.5 |\n")
    made["summary"] = summary() | other
    made.save("report", "<!doctype html>")
    made["benchmark_table"] = benchmark_table()
    made.save("denoising_examples", Figure())
    return made


def printed(
    pipeline: Pipeline, folder: Path, capsys: pytest.CaptureFixture[str], **other: Any
) -> list[list[str]]:
    """Return the words of every line that the hook prints; `other` is of the summary."""
    ConsoleHooks().after_pipeline_run(pipeline, catalog(folder, **other))
    lines = capsys.readouterr().out.replace("│", " ").splitlines()
    return [line.split() for line in lines]


def test_scores_before_and_after_stand_with_their_interval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(Pipeline([EVALUATION]), tmp_path, capsys)
    assert lines[0] == ["10,000", "test", "images"]
    assert any("90% interval" in " ".join(line) for line in lines)
    for expected in (
        "PSNR [dB] 1.12 1.62 1.50 to 1.70",
        "SSIM 2.1235 2.6235 2.5000 to 2.7000",
        "MSE 3.12345 3.62345 3.50000 to 3.70000",
        "MAE 4.12345 4.62345 4.50000 to 4.70000",
        "PSNR, pooled [dB] 8.12 17.46",
        "To the limit [dB] 0.99 limit about 22.3",
    ):
        assert expected.split() in lines
    assert not any("Pictures:" in line for line in lines)


def test_the_scores_end_with_which_denoiser_they_are_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [" ".join(line) for line in printed(Pipeline([EVALUATION]), tmp_path, capsys)]
    assert " ".join(lines).endswith("dense, trained on boats with salt_and_pepper 0.1")


def test_a_filter_stands_between_noisy_and_denoised_in_79_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = {f"baseline_{name}": position + 0.4 for position, name in enumerate(METRICS)}
    given = {"baseline": "gaussian filter + tone", **scores}
    ConsoleHooks().after_pipeline_run(Pipeline([EVALUATION]), catalog(tmp_path, **given))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 79
    words = [" ".join(line.replace("│", " ").split()) for line in lines]
    assert "noisy filter denoised 90% interval" in " ".join(words[2].replace("┃", " ").split())
    assert "PSNR [dB] 1.12 0.40 1.62 1.50 to 1.70" in words
    assert "PSNR, pooled [dB] 8.12 17.46" in words
    assert " ".join(words).endswith("filter: gaussian filter + tone")


def test_a_denoiser_that_a_filter_beats_is_said_to_be_beaten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beaten = {"baseline": "mean filter", "baseline_psnr": 12.0, "baseline_gain": -0.5}
    beaten |= {"baseline_gain_ci_low": -0.75, "baseline_gain_ci_high": -0.25}
    line = " ".join(printed(Pipeline([EVALUATION]), tmp_path, capsys, **beaten)[-1])
    assert line.startswith("It loses to the baseline, mean filter")


def test_the_gain_over_what_was_trained_on_has_its_interval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gain = {"start_gain": 0.25, "start_gain_ci_low": -0.125, "start_gain_ci_high": 0.5}
    given = {"start": "models/my own.zip", "start_psnr": 20.0, **gain}
    lines = printed(Pipeline([EVALUATION]), tmp_path, capsys, **given)
    assert ["Gain", "over", "my", "own.zip", "[dB]", "+0.25", "-0.12", "to", "+0.50"] in lines


def test_a_denoiser_that_does_harm_is_said_to_do_so_on_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worse = {"psnr": 8.99, "noisy_psnr": 9.39, "worse_than_noisy": True}
    line = " ".join(printed(Pipeline([EVALUATION]), tmp_path, capsys, **worse)[-1])
    assert line.startswith("Worse than doing nothing: 8.99 dB denoised, 9.39 dB noisy.")
    assert "training.epochs" in line


def test_a_denoiser_that_training_made_worse_is_said_to_be_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gain = {"start_gain": -0.53, "start_gain_ci_low": -1.02, "start_gain_ci_high": -0.04}
    given = {"start": "photos", "start_psnr": 31.48, **gain}
    line = " ".join(printed(Pipeline([EVALUATION]), tmp_path, capsys, **given)[-1])
    assert line.startswith("Training made it worse: photos, from which it was trained on, is")
    assert "by 0.53 dB (0.04 to 1.02)" in line
    chance = given | {"start_gain_ci_high": 0.04}
    lines = printed(Pipeline([EVALUATION]), tmp_path / "chance", capsys, **chance)
    assert "Training made it worse" not in " ".join(map(" ".join, lines))


def test_metrics_that_were_left_out_have_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    made: Any = DataCatalog()
    made["summary"] = {key: value for key, value in summary().items() if "mae" not in key}
    ConsoleHooks().after_pipeline_run(Pipeline([EVALUATION]), made)
    shown = capsys.readouterr().out
    assert "MSE" in shown
    assert "MAE" not in shown


def test_the_folder_of_the_pictures_stands_on_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Long as it may be, it can be copied."""
    folder = tmp_path / ("long" * 30)
    lines = printed(Pipeline([EVALUATION, REPORTING]), folder, capsys)
    assert lines[-1] == ["Pictures:", str(folder / "08_reporting")]


def test_the_last_line_is_a_link_to_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It stays whole, whatever the folder is called, and opens the file."""
    folder = tmp_path / ("long näme " * 15)
    lines = printed(Pipeline([EVALUATION, REPORTING, REPORT]), folder, capsys)
    assert [line[0] for line in lines[-2:]] == ["Pictures:", "Report:"]
    link = lines[-1][1]
    assert link.startswith("file:///")
    assert link.endswith("/08_reporting/report.html/2020/report.html")
    with urlopen(link) as file:
        assert file.read() == b"<!doctype html>"


def test_a_report_on_another_file_system_is_named_by_its_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = DataCatalog.from_config(
        {"report": {"type": "text.TextDataset", "filepath": "memory:///reports/report.html"}}
    )
    ConsoleHooks().after_pipeline_run(Pipeline([REPORT]), made)
    assert capsys.readouterr().out.strip() == "Report: memory:///reports/report.html"


def test_a_comparison_is_shown_as_the_table_that_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(Pipeline([COMPARISON]), tmp_path, capsys)
    assert ["run", "score"] in lines
    assert ["1", "20.5"] in lines
    path = tmp_path / "08_reporting/comparison_markdown.md/2020/comparison_markdown.md"
    assert lines[-2:] == [["Files:"], [str(path)]]


def test_the_benchmark_is_shown_without_what_was_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(Pipeline([BENCHMARK]), tmp_path, capsys)
    assert lines[0] == ["1,234", "test", "images"]
    row = "median filter + tone 15.68 15.50 to 15.90 0.6012 0.25"
    assert row in {" ".join(line) for line in lines}
    assert not any("posterior" in line for line in lines)


def test_a_run_without_scores_says_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(Pipeline([REPORTING]), tmp_path, capsys) == []


def test_each_node_is_named_as_it_starts_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    """In a process of its own, which is not told of the run, by its name alone."""
    hooks = ConsoleHooks()
    with caplog.at_level(logging.INFO, logger="denoising_pipeline"):
        hooks.before_node_run(EVALUATION)
        hooks.before_pipeline_run(Pipeline([EVALUATION, REPORTING]))
        for each in (EVALUATION, REPORTING):
            hooks.before_node_run(each)
    assert caplog.messages == ["evaluate", "Node 1 of 2: evaluate", "Node 2 of 2: draw"]


def test_a_process_of_a_parallel_runner_does_not_count(caplog: pytest.LogCaptureFixture) -> None:
    """It was forked with what had begun until then, and is not told of the others."""
    hooks, context = ConsoleHooks(), get_context("fork")
    hooks.before_pipeline_run(Pipeline([EVALUATION, REPORTING]))
    said = context.SimpleQueue()

    def begin() -> None:
        with caplog.at_level(logging.INFO, logger="denoising_pipeline"):
            hooks.before_node_run(EVALUATION)
        said.put(caplog.messages)

    process = context.Process(target=begin)
    process.start()
    process.join()
    assert said.get() == ["evaluate"]


def test_a_run_ends_with_its_time_and_where_it_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    """The address stays on one line, so that it can be copied."""
    address = "MLflow: http://127.0.0.1:5000/#/" + 30 * "runs/"
    hooks = ConsoleHooks(lambda: address)
    hooks.before_pipeline_run(Pipeline([EVALUATION]))
    hooks.after_pipeline_run(Pipeline([]), DataCatalog())
    assert capsys.readouterr().out.splitlines() == ["Done in 0 s.", address]


def test_a_run_that_fails_says_where_its_page_is_if_it_wrote_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hooks, written = ConsoleHooks(lambda: "MLflow: here"), catalog(tmp_path)
    hooks.on_pipeline_error(Pipeline([EVALUATION, COMPARISON]), written)
    assert capsys.readouterr().out == ""
    hooks.on_pipeline_error(Pipeline([EVALUATION, REPORT]), written)
    said, link = capsys.readouterr().out.splitlines()
    assert said == "MLflow: here"
    assert link.endswith("/08_reporting/report.html/2020/report.html")


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner])
def test_a_runner_does_not_advise_to_repeat_what_fails_again(
    runner: type[AbstractRunner], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the first node nor a check; a node that makes something may be gone on from."""

    def fail(given: Any) -> None:
        raise ValueError(f"{given} does not exist.")

    def advice(*nodes: Node) -> str:
        run, made = Pipeline(nodes), DataCatalog({"x": MemoryDataset(1)})
        made["y"] = JSONDataset(filepath=str(tmp_path / "y.json"))
        ConsoleHooks().before_pipeline_run(run)
        caplog.clear()
        with pytest.raises(ValueError, match="does not exist"):
            runner().run(run, made)
        return " ".join(x.getMessage() for x in caplog.records if x.levelname == "WARNING")

    first = node(same, name="first", inputs={"given": "x"}, outputs="y")
    check = node(fail, name="check", inputs={"given": "y"}, outputs=None)
    make = node(fail, name="make", inputs={"given": "y"}, outputs="z")
    assert advice(node(fail, name="wrong", inputs={"given": "x"}, outputs="y")) == ""
    assert advice(first, check) == ""
    assert '--from-nodes "make"' in advice(first, make)


def test_other_pipelines_end_with_their_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    made: Any = DataCatalog()
    bounds = {"accuracy_denoised_ci_low": 0.8, "accuracy_denoised_ci_high": 0.91}
    others = {"misled_rate_direct": 0.0002, "best_psnr": 16.4876}
    made["downstream_summary"] = {"n_images": 60, "accuracy_denoised": 0.85, **bounds, **others}
    numbers = node(same, name="sum", inputs={"given": "x"}, outputs="downstream_summary")
    ConsoleHooks().after_pipeline_run(Pipeline([numbers]), made)
    lines = [line.replace("│", " ").split() for line in capsys.readouterr().out.splitlines()]
    assert ["accuracy", "denoised", "85.00%", "80.00%", "to", "91.00%"] in lines
    assert ["misled", "rate", "noisy,", "trained", "on", "noisy", "0.02%"] in lines
    assert ["best", "PSNR", "[dB]", "16.49"] in lines
    assert ["images", "60"] in lines


def test_robustness_ends_with_the_strongest_of_every_shift(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What was not learnt, with and without the denoiser, and how well it is told apart."""
    made: Any = DataCatalog()
    rows = [(level, who, 10 * level + add) for level in (0.5, 1.0) for who, add in ADDED.items()]
    table = pd.DataFrame(rows, columns=["level", "denoiser", "psnr"]).assign(n_images=60)
    made["noise_sweeps"] = table.assign(noise="gaussian")
    severe = table.assign(degradation="fog", with_noise=False)
    made["degradation_scores"] = severe.rename(columns={"level": "severity"})
    made["source_scores"] = table.head(3).assign(source="boats").drop(columns="level")
    made["ood_roc"] = pd.DataFrame(
        [("noise", "gaussian", 1.0, 0.75)], columns=["kind", "name", "level", "auc"]
    )
    names = list(made.keys())
    made["classical_calibration"] = {"denoiser": "linear MMSE + tone"}
    written = [node(same, name=x, inputs={"given": f"of_{x}"}, outputs=x) for x in names]
    ConsoleHooks().after_pipeline_run(Pipeline(written), made)
    lines = [line.replace("│", " ").split() for line in capsys.readouterr().out.splitlines()]
    assert ["Classical:", "linear", "MMSE", "+", "tone."] in lines
    for expected in (
        "gaussian 1 10.00 11.00 12.00 0.750",
        "fog 1 10.00 11.00 12.00",
        "boats 5.00 6.00 7.00",
    ):
        assert expected.split() in lines


def test_without_clean_images_filters_stand_beside_and_a_loss_to_them_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    risk = np.array([0.01, 0.02, 0.03])
    table = pd.DataFrame(
        {
            "risk": risk,
            "noisy_risk": 2 * risk,
            "start_risk": 1.5 * risk,
            "wavelet_risk": 0.5 * risk,
            "start_predicted": 30.125,
            "start_predicted_low": 28.5,
            "start_predicted_high": 31.75,
            "start_not_predicted": ["", "", "hardly any noise"],
        }
    )
    found = summary_without_clean(table, "photos", 0.9)
    lines = [" ".join(line) for line in printed(Pipeline([EVALUATION]), tmp_path, capsys, **found)]
    said = " ".join(lines)
    assert any(line.startswith("Risk below that of photos 0.010000") for line in lines)
    assert any(line.startswith("Risk below that of wavelet -0.010000") for line in lines)
    assert "Predicted PSNR of photos" in said
    assert "28.50 to 31.75 dB" in said
    assert "No PSNR is predicted of images that have hardly any noise." in said
    assert "not as low as that of filters, which are no networks: wavelet 0.010000" in said
