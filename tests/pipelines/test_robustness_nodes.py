"""Scores under shifts are summed up for the denoiser, shift and images that they belong to."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from denoising_pipeline.evaluation.metrics import mean_interval
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.pipelines.robustness import nodes

IMAGES = 30
SHIFTS = [
    ("noise", "gaussian", 0.0, False),
    ("noise", "gaussian", 0.5, True),
    ("noise", "masking", 0.5, False),
    ("corruption", "fog", 1.0, False),
    ("corruption and noise", "fog", 1.0, False),
    ("source", "letters", 0.5, False),
]


@pytest.fixture(scope="module")
def shift_scores() -> pd.DataFrame:
    """Scores that rise from shift to shift; those of the training are the least outside."""
    draws = np.random.default_rng(0)
    tables = []
    for number, shift in enumerate(SHIFTS):
        table = dict(zip(("kind", "name", "level", "trained"), shift, strict=True))
        for start, prefix in enumerate(("", "classical_", "noisy_")):
            for key in ("psnr", "ssim"):
                table[f"{prefix}{key}"] = 10 * number + start + draws.random(IMAGES)
        away = draws.random(IMAGES) + (0 if shift[3] else 0.3 * number)
        tables.append(pd.DataFrame(table | {"index": np.arange(IMAGES), "ood_score": away}))
    return pd.concat(tables, ignore_index=True)


def of(shift_scores: pd.DataFrame, number: int) -> pd.DataFrame:
    return shift_scores.iloc[number * IMAGES : (number + 1) * IMAGES]


def test_noise_sweeps_hold_mean_and_interval_of_each_denoiser(shift_scores: pd.DataFrame) -> None:
    table = nodes.summarize_noise_sweeps(shift_scores, EvaluationParameters(confidence=0.9))
    keys = [(kind, level, trained) for _, kind, level, trained in SHIFTS[:3] for _ in range(3)]
    columns = ["noise", "level", "trained"]
    assert list(table[columns].itertuples(index=False, name=None)) == keys
    assert list(table["denoiser"]) == ["trained", "classical", "nothing"] * 3
    assert set(table["n_images"]) == {IMAGES}
    for row, prefix in ((3, ""), (4, "classical_"), (5, "noisy_")):
        for key in ("psnr", "ssim"):
            expected = mean_interval(of(shift_scores, 1)[f"{prefix}{key}"].to_numpy(), 0.9)
            found = table.loc[row, [key, f"{key}_ci_low", f"{key}_ci_high"]]
            assert tuple(found) == pytest.approx(expected)


def test_corruptions_are_told_apart_by_the_noise_on_top(shift_scores: pd.DataFrame) -> None:
    table = nodes.summarize_corruptions(shift_scores, EvaluationParameters())
    assert list(table["with_noise"]) == [False] * 3 + [True] * 3
    assert set(table["corruption"]) == {"fog"} and set(table["severity"]) == {1.0}
    alone, noisy = (table[table["with_noise"] == with_noise] for with_noise in (False, True))
    assert alone["psnr"].iloc[0] == pytest.approx(of(shift_scores, 3)["psnr"].mean())
    assert noisy["psnr"].iloc[0] == pytest.approx(of(shift_scores, 4)["psnr"].mean())


def test_sources_are_the_own_one_under_its_name_and_the_other(shift_scores: pd.DataFrame) -> None:
    table = nodes.summarize_sources(shift_scores, "mnist", EvaluationParameters())
    assert list(table["source"]) == ["mnist"] * 3 + ["letters"] * 3
    assert table["psnr"].iloc[0] == pytest.approx(of(shift_scores, 1)["psnr"].mean())
    own = nodes.summarize_sources(
        shift_scores[shift_scores["kind"] != "source"], "mnist", EvaluationParameters()
    )
    assert list(own["source"]) == ["mnist"] * 3


def test_ood_detector_compares_each_shift_with_the_training(shift_scores: pd.DataFrame) -> None:
    table = nodes.measure_ood(shift_scores, {"threshold": 0.9}, EvaluationParameters(), seed=0)
    assert len(table) == len(SHIFTS)
    inside = of(shift_scores, 1)["ood_score"]
    for number, row in enumerate(table.to_dict("records")):
        scores = of(shift_scores, number)["ood_score"]
        truth = np.repeat([0, 1], IMAGES)
        assert row["auc"] == pytest.approx(roc_auc_score(truth, pd.concat([inside, scores])))
        assert row["auc_ci_low"] <= row["auc"] <= row["auc_ci_high"]
        assert row["flagged"] == pytest.approx(np.mean(scores > 0.9))


def test_curves_are_drawn_of_every_kind_of_shift(shift_scores: pd.DataFrame) -> None:
    figure = nodes.draw_ood_curves(shift_scores)
    assert [ax.get_title() for ax in figure.axes] == [
        "gaussian noise at another level",
        "other noise",
        "corruption in place of noise",
        "corruption under the noise of the training",
        "other source under the noise of the training",
    ]
