"""Sections of other pipelines: their number, what it is compared with, and where they lose."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from report_inputs import changed, digits, parsed, part, photographs

from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.pipelines.anomaly.nodes import SCORES
from denoising_pipeline.report import side
from denoising_pipeline.report.blocks import Section
from denoising_pipeline.report.others import SIDES, not_measured


def measured(name: str, *values: float, half: float = 0.1) -> dict[str, list[float]]:
    """Return a column with its interval."""
    ends = {"": 0.0, "_ci_low": -half, "_ci_high": half}
    return {f"{name}{end}": [value + by for value in values] for end, by in ends.items()}


def benchmark(own: float = 20.0, other: float = 18.0, half: float = 0.1) -> Section:
    names = ["denoiser (dense)", "linear MMSE"]
    order = np.argsort([-own, -other], kind="stable")
    table = pd.DataFrame(
        {
            "denoiser": names,
            "hyperparameters": ["", "ridge 0.1"],
            "fit_seconds": [np.nan, 1.5],
            "seconds_per_1000": [2.0, 0.1],
            "n_images": 50,
            "confidence": 0.95,
            "note": "",
            **measured("psnr", own, other, half=half),
        }
    ).iloc[order]
    left_out = pd.DataFrame([{"denoiser": "posterior mean", "note": "it is for small images"}])
    clean = digits()[0]
    return side.benchmark(pd.concat([table, left_out]), clean, np.stack([clean[:3]] * 2))


def test_the_benchmark_says_who_is_better_and_by_how_much() -> None:
    best = "Of 2 denoisers this one is the best by PSNR: 20.00 dB, 2.00 dB more than linear MMSE."
    assert benchmark().verdict == best
    lost = benchmark(own=17.5)
    assert lost.verdict.startswith("It loses: of 2 denoisers 1 has a higher PSNR than its 17.50")
    assert "linear MMSE (by 0.50 dB)" in lost.verdict
    assert "within the intervals" not in lost.verdict
    assert "1 of them within the intervals" in benchmark(own=17.9).verdict


def robustness(trained: float = 15.0, classical: float = 14.0) -> Section:
    denoisers = ["trained", "classical", "nothing"]
    base = {"denoiser": denoisers, "n_images": 20}
    psnr = measured("psnr", trained, classical, 10.0)
    own = measured("psnr", 20.0, 18.0, 9.0)
    sweeps = [
        pd.DataFrame({"noise": "gaussian", "level": 0.5, "trained": True, **base, **own}),
        pd.DataFrame({"noise": "masking", "level": 0.5, "trained": False, **base, **psnr}),
    ]
    degraded = {"degradation": "fog", "severity": 1.0, "with_noise": True, **base, **psnr}
    known = {"kind": "noise", "name": "masking", "level": 0.5, "trained": False}
    return side.robustness(
        pd.concat(sweeps, ignore_index=True),
        pd.DataFrame(degraded),
        pd.DataFrame({"source": "mnist", "trained": True, **base, **own}),
        pd.DataFrame([{**known, "flagged": 0.5, "n_images": 20}]).assign(**measured("auc", 0.9)),
        {"denoiser": "linear MMSE + tone"},
    )


def test_robustness_names_where_it_does_harm_and_where_it_loses() -> None:
    assert robustness().verdict == (
        "Of 2 other conditions it is above the noisy images and linear MMSE + tone in all."
    )
    lost = "it loses to linear MMSE + tone in 2 (masking 0.5, fog 1 under noise)"
    assert robustness(trained=13).verdict == f"Of 2 other conditions {lost}."
    assert "it does harm in 2 (masking 0.5, fog 1 under noise)" in robustness(trained=9).verdict


def downstream(denoised: float = 0.9, direct: float = 0.8) -> Section:
    values = {"clean": 0.99, "noisy": 0.6, "denoised": denoised, "direct": direct}
    accuracies = {f"accuracy_{view}": value for view, value in values.items()}
    rates = dict.fromkeys(("hallucination_rate", "misled_rate_noisy", "misled_rate_direct"), 0.1)
    shares: dict[str, Any] = {"n_images": 60, "confidence": 0.95}
    for name, value in (accuracies | rates).items():
        shares |= {name: value, f"{name}_ci_low": value - 0.01, f"{name}_ci_high": value + 0.01}
    clean, labels = digits()
    predictions = pd.DataFrame({"index": range(60), "label": labels, "hallucinated": labels == 3})
    predictions = predictions.assign(denoised_prediction=5, denoised_confidence=0.95)
    by_label = pd.DataFrame([{"label": label, **shares} for label in range(10)])
    return side.downstream(shares, by_label, predictions, clean, clean, clean)


def test_a_classifier_that_reads_noisy_images_better_is_named() -> None:
    assert "Denoising helps" in downstream().verdict
    assert "loses" not in downstream().verdict
    lost = downstream(direct=0.95).verdict
    assert "It loses to a classifier trained on noisy images: 95.0%." in lost
    assert "loses, within the intervals, to" in downstream(direct=0.91).verdict
    assert "does not help" in downstream(denoised=0.5).verdict


def uncertainty(observed: float = 0.68) -> Section:
    rows = [
        {"pixels": pixels, "sd": 1.0, "nominal": 0.6827, "n_images": 60}
        for pixels in ("all", "not black")
    ]
    coverage = pd.DataFrame(rows).assign(**measured("observed", observed, observed, half=0.01))
    found = {f"coverage_1sd{end}": observed + by for end, by in (("", 0), ("_ci_low", -0.01))}
    found |= {"coverage_1sd_ci_high": observed + 0.01}
    errors = pd.DataFrame({"predicted_rmse": [0.1], "observed_rmse": [0.2]})
    clean = digits()[0]
    return side.uncertainty(found, coverage, errors, clean, clean, clean, 0 * clean)


@pytest.mark.parametrize(
    ("observed", "words"),
    [
        (0.68, "as a normal distribution would have it"),
        (0.5, "it is surer than it should be"),
        (0.9, "it is less sure than it could be"),
    ],
)
def test_how_sure_it_is_stands_beside_how_sure_it_should_be(observed: float, words: str) -> None:
    assert words in uncertainty(observed).verdict


def features(code: float = 0.7) -> Section:
    rows = [
        {"features": name, "values": 4, "probe": "linear", "labels": 100, "images": "clean"}
        for name in ("code", "PCA", "pixels")
    ]
    scores = pd.DataFrame(rows).assign(n_images=60, **measured("accuracy", code, 0.8, 0.6))
    return side.features(scores, {"code_values": 4, "n_encoded": 100})


def test_codes_stand_beside_pca_and_pixels() -> None:
    assert "loses to PCA in 1 of 1 comparisons and to pixels in 0 of 1" in features().verdict
    assert "PCA in 0 of 1" in features(code=0.9).verdict
    none = side.features(pd.DataFrame(columns=["labels"]), {"code_values": 4, "n_encoded": 100})
    assert "no labels" in none.verdict


def projections() -> Section:
    methods = ["PCA", "linear autoencoder", "autoencoder"]
    measures = ("mse", "trustworthiness", "continuity", "accuracy")
    scores = pd.DataFrame({"method": methods, "latent_dim": 2, "n_images": 60})
    for name in measures:
        scores = scores.assign(**measured(name, 0.1, 0.2, 0.3, half=0.01))
    rows = pd.DataFrame({"method": methods, "latent_dim": 2, "label": [1.0, 2.0, 3.0]})
    rows = rows.assign(x=[0.0, 1.0, 2.0], y=0.5)
    said = ["By reconstruction error (MSE), the autoencoder is, beside PCA, worse with 2 values."]
    return side.projections(scores, rows, said, "projection_map.html")


def anomaly(denoiser: float = 0.9, half: float = 0.01) -> Section:
    areas = {"denoiser": denoiser, "pca": 0.8, "ood": 0.95}
    scores = pd.DataFrame({"images": "clean", "score": list(areas), "n_known": 2, "n_other": 2})
    scores = scores.assign(**measured("auc", *areas.values(), half=half))
    scores = scores.assign(**measured("detected", 0.5, 0.5, 0.5, half=half))
    rows = pd.DataFrame({"images": "clean", "source": ["mnist"] * 2 + ["signs"] * 2})
    rows = rows.assign(known=[True, True, False, False], index=[0, 1, 0, 1])
    values = {key: [0.1, 0.2, 0.15, 0.3] for key in areas}
    return side.anomaly(scores, rows.assign(**values), SCORES)


def test_an_error_that_tells_less_than_pca_loses() -> None:
    assert "it is not worse than that of PCA (AUC 0.900, PCA 0.800)" in anomaly().verdict
    assert "it loses to that of PCA (AUC 0.700, PCA 0.800)" in anomaly(0.7).verdict
    assert "it loses, within the intervals, to that of PCA" in anomaly(0.7, half=0.06).verdict


def study(**more: Any) -> Section:
    trials = pd.DataFrame({"trial": [0, 1], "state": "complete", "training.loss": ["mse", "psnr"]})
    trials["training.epochs"] = 8
    trials = trials.assign(**measured("psnr", 15.0, 17.0))
    best = {"best_trial": 1, "best_psnr": 17.0, "best_psnr_ci_low": 16.9, "best_psnr_ci_high": 17.1}
    summary = {"confidence": 0.95, **best, **more}
    return side.study(trials, pd.DataFrame(), summary, "training:\n  loss: psnr\n")


def test_a_study_says_what_the_best_trial_is_better_than() -> None:
    assert "number 1, reaches 17.00 dB (16.90 to 17.10); their median is 16.00" in study().verdict
    pairs = {"bce_over_mse_ci_low": -0.3, "bce_over_mse_ci_high": -0.1, "bce_over_mse_pairs": 2}
    page = parsed(changed(sides={"study": study(bce_over_mse=-0.2, **pairs)}))
    text = " ".join(part(page, "study").get_text(" ").split())
    assert "Binary cross-entropy in place of MSE is worse: -0.20 dB (-0.30 to -0.10)" in text


def test_a_study_names_the_codes_it_compares_and_shows_what_differs_between_trials() -> None:
    sizes = {"smallest_latent_dim": 4, "largest_latent_dim": 64, "smaller_code_pairs": 1}
    found = {"smaller_code": -2.0, "smaller_code_ci_low": -2.1, "smaller_code_ci_high": -1.9}
    shown = part(parsed(changed(sides={"study": study(**sizes, **found)})), "study")
    text = " ".join(shown.get_text(" ").split())
    assert "A code of 4 values in place of 64 is worse: -2.00 dB" in text
    heads = [head.get_text() for head in shown.select("thead th")]
    assert any("loss" in head for head in heads)
    assert not any("epochs" in head for head in heads)


EVERY: dict[str, Callable[[], Section]] = {
    "benchmark": benchmark,
    "robustness": robustness,
    "downstream": downstream,
    "uncertainty": uncertainty,
    "features": features,
    "projections": projections,
    "anomaly": anomaly,
    "study": study,
}


def test_every_other_pipeline_has_a_section_a_picture_and_a_sentence_at_the_top() -> None:
    assert EVERY.keys() == SIDES.keys()
    made = {name: make() for name, make in EVERY.items()}
    page = parsed(changed(sides=made))
    assert page.find(id="others") is None
    for name, section in made.items():
        drawn = part(page, section.key)
        assert drawn.select(".chart, img"), name
        assert drawn.find("table"), name
        link = part(page, "result").find("a", href=f"#{section.key}")
        assert link is not None
        assert section.verdict in part(page, "result").get_text()


def test_what_has_not_run_is_named_with_the_command_that_brings_it() -> None:
    page = parsed(changed(sides={"benchmark": benchmark()}))
    others = part(page, "others")
    named = [cell.get_text() for cell in others.select("tbody th")]
    assert named == [name for name in SIDES if name != "benchmark"]
    assert "kedro run --env=smoke --pipelines robustness,reporting" in others.get_text()


def test_no_pipeline_is_offered_that_would_refuse_the_images() -> None:
    unlike = part(parsed(photographs()), "others")
    assert [cell.get_text() for cell in unlike.select("tbody th")] == ["benchmark", "study"]
    pairs = changed(source_manifest={**changed().source_manifest, "kind": "pairs"})
    named = [cell.get_text() for cell in part(parsed(pairs), "others").select("tbody th")]
    assert not {"robustness", "uncertainty", "anomaly"} & {*named}
    assert "downstream" in named
    assert "downstream" not in str(not_measured(changed(digit_metrics=pd.DataFrame())))


def test_no_pipeline_is_offered_that_would_refuse_the_denoiser_or_so_few_images() -> None:
    """Without a code, PCA can stand beside it where the number of components is told.

    Nor one that would refuse so few or so large images, or tries networks that take no patches.
    """

    def named(**other: Any) -> set[str]:
        rows = part(parsed(changed(**other)), "others").select("tbody th")
        return {cell.get_text() for cell in rows}

    assert SIDES.keys() - named(has_code=False) == {"features", "anomaly"}
    assert SIDES.keys() - named(has_sd=False) == {"uncertainty"}
    facts = changed().facts
    told = replace(facts, parameters={**facts.parameters, "anomaly.components": 16})
    assert SIDES.keys() - named(has_code=False, facts=told) == {"features"}

    def without(**other: Any) -> set[str]:
        parameters = {**facts.parameters, **{key.replace("__", "."): other[key] for key in other}}
        return SIDES.keys() - named(facts=replace(facts, parameters=parameters))

    assert without(projections__neighbours=len(changed().clean) // 2) == {"projections"}
    assert without(preprocessing__validation_images=2) == {"robustness"}
    assert SIDES.keys() - named(has_classical=False) == {"robustness"}
    colour = np.repeat(digits()[0], 3, 3)
    assert "robustness" not in named(clean=colour, denoised=colour)
    assert without(training__patch=96) == {"study"}
    tried = {key: value for key, value in facts.parameters.items() if key != "study.parameters"}
    tried |= {"training.patch": 96, "study.parameters.training.loss": ["mse", "log_mse"]}
    assert named(facts=replace(facts, parameters=tried)) == SIDES.keys()


def test_without_clean_images_no_pipeline_is_offered_that_needs_them() -> None:
    assert not_measured(changed()) is not None
    assert not_measured(changed(clean=ImageSet.collect((), (), np.float32))) is None
