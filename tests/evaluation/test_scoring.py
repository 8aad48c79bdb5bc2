"""Metrics of collections are those of each image by itself."""

import numpy as np
import pytest

from denoising_pipeline.evaluation.metrics import METRICS
from denoising_pipeline.evaluation.parts import PARTS
from denoising_pipeline.evaluation.scoring import SCORE_FORMATS, score_images
from denoising_pipeline.images.sets import ImageSet

SHAPES = [(12, 15, 3), (12, 15, 3), (30, 11, 3), (12, 15, 3)]


def ragged(seed: int, channels: int = 3) -> ImageSet:
    draws = np.random.default_rng(seed)
    shapes = [(height, width, channels) for height, width, _ in SHAPES]
    images = (draws.integers(0, 256, shape).astype(np.uint8) for shape in shapes)
    return ImageSet.collect(images, shapes, np.uint8)


def test_images_of_any_sizes_are_scored_each_by_itself() -> None:
    clean, other = ragged(0), ragged(1)
    found = score_images(METRICS, clean, other)
    assert list(found) == list(METRICS)
    for name, values in found.items():
        pairs = [(clean.read(i)[np.newaxis], other.read(i)[np.newaxis]) for i in range(4)]
        np.testing.assert_array_equal(values, [METRICS[name](*pair)[0] for pair in pairs])


@pytest.mark.parametrize("name", METRICS)
def test_an_array_is_scored_as_the_metric_scores_it(name: str) -> None:
    """Also when it takes more than one batch."""
    draws = np.random.default_rng(0)
    clean = draws.random((9, 400, 500, 3), dtype=np.float32)
    noisy = clean[::-1]
    np.testing.assert_array_equal(
        score_images([name], clean, noisy)[name], METRICS[name](clean, noisy)
    )


def test_grey_images_count_as_equal_in_all_channels() -> None:
    """As where the colour was lost."""
    clean, grey = ragged(0), ragged(1, channels=1)
    found = score_images(["mse"], clean, grey)["mse"]
    expected = [((clean.read(i) - grey.read(i)).astype(float) ** 2).mean() for i in range(4)]
    assert found == pytest.approx(expected)


def test_no_images_have_no_scores() -> None:
    empty = np.empty((0, 12, 12, 1), np.float32)
    assert score_images(["psnr"], empty, empty)["psnr"].shape == (0,)


def test_images_of_other_sizes_are_refused() -> None:
    clean = ragged(0)
    for other in (clean.first(3), clean.take([2, 1, 0, 3])):
        with pytest.raises(ValueError, match="differ in number, size or channels"):
            score_images(["psnr"], clean, other)
    with pytest.raises(ValueError, match="differ in number, size or channels"):
        score_images(["psnr"], ragged(0, channels=1), clean)


def test_every_metric_has_a_format() -> None:
    assert {score.key for score in SCORE_FORMATS} == {*METRICS, *PARTS, "psnr_pooled", "risk"}
