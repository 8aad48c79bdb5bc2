"""What was measured of projections is summed up, compared and said."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.needs import check_clean_of_one_size
from denoising_pipeline.pipelines.projections.nodes import (
    compare_projections,
    draw_map,
    project_images,
    summarize_projections,
    verdicts,
    write_projection_table,
)
from denoising_pipeline.training.options import ProjectionsParameters
from denoising_pipeline.training.projections import AUTOENCODER, LINEAR, PCA, TSNE

pytestmark = pytest.mark.slow

EVALUATION = EvaluationParameters()
OPTIONS = ProjectionsParameters(
    latent_dims=[2, 3], nodes=8, epochs=1, test_images=30, neighbours=3, perplexity=5
)


def images(count: int) -> Images:
    return np.random.default_rng(count).random((count, 4, 3, 1), dtype=np.float32)


def splits(*, labels: bool = True) -> pd.DataFrame:
    table = pd.DataFrame({"split": "test", "index": np.arange(40), "label": np.arange(40) % 3})
    return table if labels else table.drop(columns="label")


def projected(*, labels: bool) -> pd.DataFrame:
    given = images(60), images(10), images(40)
    return project_images(*given, splits(labels=labels), OPTIONS, 0)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return projected(labels=True)


def test_a_row_says_what_a_method_keeps_of_an_image(rows: pd.DataFrame) -> None:
    assert len(rows) == (2 * 3 + 1) * 30
    assert (rows["label"] == rows["index"] % 3).all()
    assert rows[["trustworthiness", "continuity"]].apply(lambda c: c.between(0, 1)).all(axis=None)
    assert set(rows["accuracy"]) == {0.0, 1.0}
    assert rows["x"].notna().equals(rows["latent_dim"] == 2)
    assert rows["mse"].isna().equals(rows["method"] == TSNE)


def test_more_components_lose_less(rows: pd.DataFrame) -> None:
    scores = summarize_projections(rows, EVALUATION)
    assert (scores["n_images"] == 30).all()
    two, three = scores[scores["method"] == PCA].to_dict("records")
    assert three["mse"] < two["mse"]
    assert two["mse_ci_low"] < two["mse"] < two["mse_ci_high"]


def made_up() -> pd.DataFrame:
    """The autoencoder loses less, has worse neighbours, and tells labels as well as PCA does."""
    table = pd.DataFrame({"index": range(20), "label": 1.0, "latent_dim": 2, "accuracy": 1.0})
    of_method = {PCA: (0.4, 0.9), LINEAR: (0.5, 0.9), AUTOENCODER: (0.2, 0.8), TSNE: (np.nan, 1.0)}
    tables = [
        table.assign(method=name, mse=error, trustworthiness=kept, continuity=kept, x=0.0, y=1.0)
        for name, (error, kept) in of_method.items()
    ]
    return pd.concat(tables)


def test_the_autoencoder_is_compared_image_by_image() -> None:
    summary = compare_projections(made_up(), EVALUATION, 0)
    assert summary["mse_2_over_pca"] == pytest.approx(-0.2)
    assert summary["trustworthiness_2_over_pca_ci_high"] == pytest.approx(-0.1)
    assert summary["linear_mse_2_to_pca"] == pytest.approx(1.25)
    assert verdicts(summary) == [
        "By reconstruction error (MSE), the autoencoder is, beside PCA, better with 2 values.",
        "By trustworthiness, the autoencoder is, beside PCA, worse with 2 values.",
        "By continuity, the autoencoder is, beside PCA, worse with 2 values.",
        "By accuracy of nearest neighbours, the autoencoder is, beside PCA, no different with 2 "
        "values.",
    ]


def test_the_table_leaves_out_what_does_not_exist() -> None:
    table = made_up()
    scores = summarize_projections(table, EVALUATION)
    text = write_projection_table(scores, compare_projections(table, EVALUATION, 0))
    assert "| t-SNE | 2 |  | 1.0000 (1.0000 to 1.0000) |" in text
    assert "- By trustworthiness, the autoencoder is, beside PCA, worse with 2 values." in text


@pytest.mark.parametrize("labels", [True, False])
def test_the_map_has_every_image(rows: pd.DataFrame, labels: bool) -> None:
    found = rows if labels else projected(labels=False)
    scores, summary = (
        summarize_projections(found, EVALUATION),
        compare_projections(found, EVALUATION, 0),
    )
    page = draw_map(images(40), found, scores, summary)
    assert page.count("<canvas role") == 3
    assert ("#29, label 2" in page) == labels
    assert "#29" in page
    assert "accuracy of nearest neighbours:" in page or not labels
    assert len(re.findall(r"trustworthiness: [\d.]+ \([\d.]+ to [\d.]+\)", page)) == 3


@pytest.mark.parametrize(
    ("kind", "message"), [("noisy", "has noisy images alone"), ("folder", "size")]
)
def test_images_that_cannot_be_projected_are_refused(kind: str, message: str) -> None:
    manifest: dict[str, Any] = {"kind": kind, "source": "boats", "channels": 1}
    files = {"a": {"shape": [9, 9]}, "b": {"shape": [9, 8]}}
    with pytest.raises(ValueError, match=message):
        check_clean_of_one_size(manifest | {"files": files})
