"""The nodes that train, read and draw, on digits of three kinds that are easily told apart."""

import numpy as np
import pandas as pd
import pytest
from cards import card

from denoising_pipeline import figures
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.downstream import confusions, shares
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.options import IngestionParameters
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.pipelines.downstream.nodes import (
    check_images,
    classify_test_images,
    count_confusions,
    draw_confusions,
    draw_worst_hallucinations,
    summarize_digits,
    summarize_downstream,
    train_clean_classifier,
    train_noisy_classifier,
)
from denoising_pipeline.training.options import DownstreamParameters

DOWNSTREAM = DownstreamParameters(epochs=6, batch_size=10, worst=2)
INGESTION = IngestionParameters(classes=3)
LABELS = {split: np.arange(count) % 3 for split, count in (("train", 90), ("val", 9), ("test", 12))}
LABELS["train"][10:20] = 1  # Not the order of the other splits.


def stripes(labels: np.ndarray) -> Images:
    """An image per label, bright in the third of it that the label says."""
    images = np.zeros((len(labels), 9, 8, 1), np.float32)
    for image, label in zip(images, labels, strict=True):
        image[3 * label : 3 * label + 3] = 1
    return images


def splits() -> pd.DataFrame:
    return pd.concat(
        [
            pd.DataFrame({"split": split, "index": np.arange(len(labels)), "label": labels})
            for split, labels in LABELS.items()
        ],
        ignore_index=True,
    )


@pytest.fixture(scope="module")
def predictions() -> pd.DataFrame:
    """Denoising has turned the images 0 to 2 into those of the next label."""
    train, val, test = (stripes(labels) for labels in LABELS.values())
    denoiser = Denoiser(Dense(), (9, 8, 1), None, card(Gaussian(sigma=0.1)))
    clean = train_clean_classifier(train, val, splits(), INGESTION, DOWNSTREAM, 0)
    noisy = train_noisy_classifier(train, val, splits(), INGESTION, denoiser, DOWNSTREAM, 0)
    denoised = test.copy()
    denoised[:3] = test[1:4]
    for batch in (test, denoised):
        batch.flags.writeable = False
    return classify_test_images(clean, noisy, test, test, denoised, splits(), DOWNSTREAM)


def test_predictions_say_what_each_image_is_taken_for(predictions: pd.DataFrame) -> None:
    assert predictions["index"].tolist() == list(range(12))
    for view in ("clean", "noisy", "direct"):
        assert predictions[f"{view}_prediction"].tolist() == LABELS["test"].tolist()
    assert predictions["denoised_prediction"].tolist()[:3] == [1, 2, 0]
    assert predictions["hallucinated"].tolist() == [True] * 3 + [False] * 9


def test_summaries_are_those_of_the_table(predictions: pd.DataFrame) -> None:
    evaluation = EvaluationParameters(confidence=0.9)
    summary = summarize_downstream(predictions, evaluation, DOWNSTREAM)
    assert summary == {"confidence": 0.9, **shares(predictions, DOWNSTREAM.confident, 0.9)}
    assert summary["hallucination_rate"] == 3 / 12
    assert {type(value) for value in summary.values()} <= {int, float}
    digits = summarize_digits(predictions, evaluation, DOWNSTREAM)
    assert digits["label"].tolist() == [0, 1, 2]
    assert digits["accuracy_denoised"].tolist() == [0.75] * 3
    counted = count_confusions(predictions, DOWNSTREAM)
    pd.testing.assert_frame_equal(counted, confusions(predictions, DOWNSTREAM.confident))
    introduced = counted[(counted["view"] == "denoised") & (counted["label"] == 0)]
    assert introduced[["prediction", "n_images"]].to_numpy().tolist() == [[0, 3], [1, 1]]


def test_the_worst_are_those_of_which_the_classifier_is_most_confident(
    predictions: pd.DataFrame,
) -> None:
    """Two of the three are shown, with what was made of what; not the confident ones on clean."""
    images = stripes(LABELS["test"])
    noisy, denoised = images * 0.9, images * 0.8
    table = predictions.assign(denoised_confidence=[0.92, 0.99, 0.95, *[1.0] * 9])
    figure = draw_worst_hallucinations(images, noisy, denoised, table, DOWNSTREAM)
    shown = np.stack([np.asarray(ax.images[0].get_array()) for ax in figure.axes])
    expected = np.concatenate([batch[[1, 2]] for batch in (images, noisy, denoised)])[..., 0]
    np.testing.assert_array_equal(shown, expected)
    assert [ax.get_xlabel() for ax in figure.axes[4:]] == ["1 → 2 (99.0%)", "2 → 0 (95.0%)"]
    assert [ax.get_title() for ax in figure.axes[:2]] == ["#1", "#2"]
    assert "3 of 12" in figure.get_suptitle()


def test_a_denoiser_without_hallucinations_is_told_so(predictions: pd.DataFrame) -> None:
    images = stripes(LABELS["test"])
    none = predictions.assign(hallucinated=False)
    figure = draw_worst_hallucinations(images, images, images, none, DOWNSTREAM)
    assert not figure.axes
    assert figure.get_suptitle() == "No hallucinations (0 of 12 test images)"


def test_a_classifier_that_is_never_correct_breaks_nothing_and_the_results_say_so(
    predictions: pd.DataFrame,
) -> None:
    """Of shares of no images nothing is known; figures have a sentence for it."""
    wrong = predictions.assign(clean_prediction=(predictions["label"] + 1) % 3, hallucinated=False)
    evaluation = EvaluationParameters()
    summary = summarize_downstream(wrong, evaluation, DOWNSTREAM)
    assert summary["n_correct_on_clean"] == summary["accuracy_clean"] == 0
    assert np.isnan(summary["hallucination_rate"])
    assert (summary["hallucination_rate_ci_low"], summary["hallucination_rate_ci_high"]) == (0, 1)
    digits = summarize_digits(wrong, evaluation, DOWNSTREAM)
    assert digits["hallucination_rate"].isna().all()
    assert len(figures.downstream_by_label(digits).axes) == 2
    counted = count_confusions(wrong, DOWNSTREAM)
    assert counted.empty
    assert counted.columns.tolist() == count_confusions(predictions, DOWNSTREAM).columns.tolist()
    images = stripes(LABELS["test"])
    for figure in (
        draw_confusions(counted),
        draw_worst_hallucinations(images, images, images, wrong, DOWNSTREAM),
    ):
        assert "No test image is classified correctly when clean" in figure.get_suptitle()


def test_confusions_are_drawn_where_there_are_some(predictions: pd.DataFrame) -> None:
    assert len(draw_confusions(count_confusions(predictions, DOWNSTREAM)).axes) == 2


@pytest.mark.parametrize("table", [splits().drop(columns="label"), splits().assign(label=np.nan)])
def test_images_without_labels_are_refused(table: pd.DataFrame) -> None:
    images = stripes(LABELS["train"])
    with pytest.raises(ValueError, match=r"have no labels\. Use a source with labels"):
        train_clean_classifier(images, images, table, INGESTION, DOWNSTREAM, 0)


@pytest.mark.slow
def test_sets_of_labelled_images_of_one_size_are_classified_like_arrays() -> None:
    train, val, test = (ImageSet.of(stripes(labels)) for labels in LABELS.values())
    clean = train_clean_classifier(train, val, splits(), INGESTION, DOWNSTREAM, 0)
    found = classify_test_images(clean, clean, test, test, test, splits(), DOWNSTREAM)
    assert found["denoised_prediction"].tolist() == LABELS["test"].tolist()
    wrong = found.assign(hallucinated=True)
    assert len(draw_worst_hallucinations(test, test, test, wrong, DOWNSTREAM).axes) == 3 * 2


def test_images_of_several_sizes_are_refused_before_anything_is_trained() -> None:
    shapes = [(9, 8, 1)] * 89 + [(8, 9, 1)]
    mixed = ImageSet.collect((np.zeros(shape, np.float32) for shape in shapes), shapes, np.float32)
    with pytest.raises(ValueError, match=r"differ in size.*Crop them"):
        train_clean_classifier(mixed, mixed, splits(), INGESTION, DOWNSTREAM, 0)
    files = {f"{height}.png": {"shape": [height, 5, 1]} for height in (6, 7)}
    manifest = {"source": "mine", "kind": "folder", "channels": 1, "files": files}
    with pytest.raises(ValueError, match="mine: the images differ in size, and this pipeline"):
        check_images(manifest, splits())
    del files["7.png"]
    check_images(manifest, splits())
    with pytest.raises(ValueError, match="have no labels"):
        check_images(manifest, splits().assign(label=np.nan))
