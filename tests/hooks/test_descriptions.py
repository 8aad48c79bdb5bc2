"""What MLflow's page of a run says, in Markdown."""

from typing import Any

from kedro.io import DataCatalog

from denoising_pipeline.hooks.descriptions import describe

SUMMARY: dict[str, Any] = {
    "source": "boats",
    "denoiser": "dense",
    "degradation": {"name": "gaussian", "sigma": 0.5},
    "n_images": 1234,
    "confidence": 0.95,
    "psnr": 8.99,
    "psnr_ci_low": 8.9,
    "psnr_ci_high": 9.1,
    "noisy_psnr": 9.39,
    "worse_than_noisy": False,
}


def described(outputs: set[str], **summary: Any) -> str:
    made: Any = DataCatalog()
    made["summary"] = SUMMARY | summary
    made["feature_markdown"] = "| a | b |"
    return describe(outputs, made, "5f")


def test_the_score_comes_first_and_the_picture_before_the_table() -> None:
    text = described({"summary", "denoising_examples", "report"})
    assert text.startswith("8.99 dB (8.90 to 9.10) on 1,234 test images, which have 9.39 dB noisy.")
    picture = "](get-artifact?path=previews%2Fdenoising_examples.png&run_uuid=5f)"
    assert 0 < text.index(picture) < text.index("| PSNR [dB] | 9.39 | 8.99 | 8.90 to 9.10 |")
    assert "report/report.html" in text


def test_a_denoiser_that_does_harm_is_said_to_do_so_before_all_else() -> None:
    assert described({"summary"}, worse_than_noisy=True).startswith("**Worse than doing nothing")


def test_a_denoiser_that_a_filter_beats_is_said_to_be_beaten_first() -> None:
    beaten = {"baseline": "mean filter", "baseline_psnr": 9.49, "baseline_gain": -0.5}
    beaten |= {"baseline_gain_ci_low": -0.75, "baseline_gain_ci_high": -0.25}
    assert described({"summary"}, **beaten).startswith("**It loses to the baseline, mean filter")


def test_the_gain_over_what_was_trained_on_is_said_with_its_interval() -> None:
    gain = {"start_gain": -0.534, "start_gain_ci_low": -1.02, "start_gain_ci_high": 0.04}
    said = described({"summary"}, start="photos", start_psnr=9.52, **gain)
    assert "Over the denoiser it started from: -0.53 dB (-1.02 to +0.04)." in said


def test_other_pipelines_show_their_own_table() -> None:
    assert described({"feature_markdown"}) == "| a | b |"


def test_a_run_without_results_has_none() -> None:
    assert described({"train_clean"}) == ""
