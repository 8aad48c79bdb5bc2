"""Accuracies, hallucinations and confusions of a table that can be counted by hand."""

import pandas as pd

from denoising_pipeline.evaluation.downstream import VIEWS, confusions, misled, shares
from denoising_pipeline.evaluation.metrics import share_interval

READ = {
    # label, then prediction and confidence: clean, noisy, denoised, direct
    "correct everywhere": (4, 4, 0.99, 4, 0.6, 4, 0.99, 4, 0.9),
    "hallucinated": (4, 4, 0.99, 4, 0.5, 9, 0.97, 9, 0.8),
    "hallucinated at the threshold": (4, 4, 0.99, 9, 0.95, 9, 0.9, 4, 0.9),
    "blurred: wrong, but not confident": (7, 7, 0.99, 1, 0.4, 1, 0.89, 1, 0.99),
    "wrong on clean already": (7, 2, 0.99, 2, 0.99, 2, 0.99, 7, 0.9),
}


def predictions() -> pd.DataFrame:
    columns = [f"{view}_{what}" for view in VIEWS for what in ("prediction", "confidence")]
    return pd.DataFrame(READ.values(), columns=["label", *columns], index=list(READ))


def test_a_hallucination_is_correct_on_clean_and_confidently_wrong_when_denoised() -> None:
    found = misled(predictions(), "denoised", 0.9)
    assert [name for name in READ if found[name]] == [
        "hallucinated",
        "hallucinated at the threshold",
    ]
    assert misled(predictions(), "denoised", 0.0).sum() == 3


def test_shares_are_counts_over_what_they_are_shares_of() -> None:
    found = shares(predictions(), confident=0.9, confidence=0.95)
    assert (found["n_images"], found["n_correct_on_clean"]) == (5, 4)
    expected = {
        "accuracy_clean": (4, 5),
        "accuracy_noisy": (2, 5),
        "accuracy_denoised": (1, 5),
        "accuracy_direct": (3, 5),
        "hallucination_rate": (2, 4),
        "misled_rate_noisy": (1, 4),
        "misled_rate_direct": (1, 4),
    }
    for name, counts in expected.items():
        ends = tuple(found[f"{name}{end}"] for end in ("", "_ci_low", "_ci_high"))
        assert ends == share_interval(*counts)
        assert ends[0] == counts[0] / counts[1]
    assert len(found) == 2 + 3 * len(expected)


def test_confusions_are_counted_where_the_clean_image_is_classified_correctly() -> None:
    found = confusions(predictions(), 0.9)
    counts = {
        view: rows.set_index(["label", "prediction"]).drop(columns="view").to_dict("index")
        for view, rows in found.groupby("view")
    }
    assert counts.keys() == {"noisy", "denoised", "direct"}
    assert counts["denoised"] == {
        (4, 4): {"n_images": 1, "n_confident": 1},
        (4, 9): {"n_images": 2, "n_confident": 2},
        (7, 1): {"n_images": 1, "n_confident": 0},
    }
    assert counts["noisy"][4, 9] == {"n_images": 1, "n_confident": 1}
    assert counts["direct"][7, 1] == {"n_images": 1, "n_confident": 1}
