"""The F1 of strokes is that of the dark pixels of both images."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from denoising_pipeline.evaluation.strokes import dark, stroke_f1

DRAWS = np.random.default_rng(0)
PAGES = np.where(DRAWS.random((3, 20, 30, 1)) < 0.2, 0.1, 0.9).astype(np.float32)
WHITE = np.ones_like(PAGES)


def test_it_is_that_of_scikit_learn() -> None:
    other = np.where(DRAWS.random(PAGES.shape) < 0.1, 1 - PAGES, PAGES).astype(np.float32)
    expected = [
        f1_score(x.ravel() < 0.5, y.ravel() < 0.5) for x, y in zip(PAGES, other, strict=True)
    ]
    np.testing.assert_allclose(stroke_f1(PAGES, other), expected)


def test_neither_contrast_nor_tone_matters_but_uneven_light_does() -> None:
    assert stroke_f1(PAGES, 0.3 + 0.4 * PAGES) == pytest.approx([1, 1, 1])
    uneven = PAGES * np.linspace(0.1, 1, 30, dtype=np.float32)[:, np.newaxis]
    assert stroke_f1(PAGES, uneven).max() < 0.8


def test_pages_without_strokes_agree_with_each_other_only() -> None:
    assert stroke_f1(WHITE, 0.5 * WHITE).tolist() == [1, 1, 1]
    assert stroke_f1(PAGES, WHITE).tolist() == [0, 0, 0]
    assert stroke_f1(WHITE, PAGES).tolist() == [0, 0, 0]


def test_dark_pixels_are_few_on_a_page_and_none_on_white() -> None:
    np.testing.assert_array_equal(dark(PAGES.astype(float)), PAGES[..., 0] < 0.5)
    assert not dark(WHITE.astype(float)).any()
