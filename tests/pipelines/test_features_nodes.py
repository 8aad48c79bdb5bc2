"""Codes of bright images in a table, and what is made of labels, or without them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from cards import card

from denoising_pipeline import figures
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.options import EvaluationParameters, FeaturesParameters
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.needs import check_clean_of_one_size
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.pipelines.features.nodes import (
    NO_LABELS,
    draw_features,
    encode_images,
    probe_features,
    summarize_features,
    write_feature_table,
)

SHAPE = (4, 3, 1)
COUNTS = {"train": 40, "val": 10, "test": 30}
OPTIONS = FeaturesParameters(labels=[4, None], images=30)
EVALUATION = EvaluationParameters()


def images(split: str) -> Images:
    """Images of which every other one is brighter in its first row."""
    draws = np.random.default_rng(COUNTS[split])
    pixels: Images = draws.random((COUNTS[split], *SHAPE), dtype=np.float32) / np.float32(2)
    pixels[::2, 0] += 0.5
    return pixels


def splits(*, labels: bool = True) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"split": split, "index": np.arange(count), "label": np.arange(count) % 2})
        for split, count in COUNTS.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    return table if labels else table.drop(columns="label")


@pytest.fixture(scope="module")
def denoiser() -> Denoiser:
    network = Dense(latent_dim=6, layers=0, code="linear")
    return Denoiser(network, SHAPE, network.build(SHAPE, 0), card())


@pytest.fixture(scope="module")
def encoded(denoiser: Denoiser) -> pd.DataFrame:
    return encode_images(denoiser, images("train"), images("test"), splits(), OPTIONS)


def scores(denoiser: Denoiser, encoded: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    test: dict[str, Any] = {"test_clean": images("test"), "test_noisy": images("test")}
    return probe_features(
        encoded,
        denoiser,
        images("train"),
        ImageSet.of(images("val")),
        **test,
        test_denoised=images("test"),
        splits=table,
        options=OPTIONS,
        evaluation=EVALUATION,
    )


@pytest.fixture(scope="module")
def found(denoiser: Denoiser, encoded: pd.DataFrame) -> pd.DataFrame:
    return scores(denoiser, encoded, splits())


def test_a_row_has_label_and_code_of_its_image(denoiser: Denoiser, encoded: pd.DataFrame) -> None:
    assert encoded["split"].value_counts().to_dict() == {"train": 30, "test": 30}
    assert list(encoded)[3:] == [f"code_{number}" for number in range(6)]
    assert (encoded["label"] == encoded["index"] % 2).all()
    weights = denoiser.encoder.get_weights()[0]
    expected = images("test").reshape(30, -1) @ weights
    codes = encoded.loc[encoded["split"] == "test"].filter(like="code_").to_numpy()
    np.testing.assert_allclose(codes, expected, atol=1e-6)


def test_every_way_is_probed_with_few_and_all_labels(found: pd.DataFrame) -> None:
    assert set(found["features"]) == {"code", "PCA", "pixels"}
    assert set(found["labels"]) == {4, 30}
    assert set(found["images"]) == {"clean", "noisy", "denoised"}
    assert found.groupby("features")["values"].first().to_dict() == {
        "code": 6,
        "PCA": 6,
        "pixels": 12,
    }
    assert (found.loc[found["labels"] == 30, "accuracy"] > 0.6).all()


def test_the_summary_is_about_the_most_labels(encoded: pd.DataFrame, found: pd.DataFrame) -> None:
    summary = summarize_features(encoded, found, EVALUATION)
    assert summary["code_values"] == 6
    assert summary["n_encoded"] == 60
    assert summary["n_labels"] == 30
    row = found.query("features == 'PCA' and probe == 'k-NN' and labels == 30").iloc[0]
    assert summary["accuracy_pca_knn_clean"] == row["accuracy"]
    assert summary["accuracy_pca_knn_clean_ci_low"] == row["accuracy_ci_low"]
    assert {type(value) for value in summary.values()} == {int, float}


def test_the_best_way_is_bold(found: pd.DataFrame) -> None:
    text = write_feature_table(found, EVALUATION)
    assert "| probe | labels | images | code (6) | PCA (6) | pixels (12) |" in text
    lines = [line for line in text.splitlines() if line.startswith(("| linear", "| k-NN"))]
    assert len(lines) == 12
    assert all("**" in line for line in lines)


def test_without_labels_images_are_encoded_and_no_probe_is_fitted(
    denoiser: Denoiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = splits(labels=False)
    encoded = encode_images(denoiser, images("train"), images("test"), table, OPTIONS)
    assert len(encoded) == 60
    assert "label" not in encoded
    none = scores(denoiser, encoded, table)
    assert none.empty
    assert summarize_features(encoded, none, EVALUATION)["note"] == NO_LABELS
    assert write_feature_table(none, EVALUATION) == f"{NO_LABELS}\n"
    said: list[str] = []
    monkeypatch.setattr(figures, "message", said.append)
    draw_features(none)
    assert said == [NO_LABELS]


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (
            {"kind": "noisy", "source": "shots", "channels": 1, "files": {"a": {"shape": [9, 9]}}},
            "noisy images",
        ),
        (
            {
                "kind": "folder",
                "source": "boats",
                "channels": 1,
                "files": {"a": {"shape": [9, 9]}, "b": {"shape": [9, 8]}},
            },
            "size",
        ),
    ],
)
def test_images_that_cannot_be_encoded_are_refused(manifest: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_clean_of_one_size(manifest)
