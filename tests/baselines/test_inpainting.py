"""Inpainting that is told where: what it fills in, and what it leaves."""

import numpy as np
import pytest

from denoising_pipeline.baselines.inpainting import inpaint, marked
from denoising_pipeline.degradations.holes import Holes
from denoising_pipeline.images.sets import ImageSet

ROWS, COLUMNS = np.indices((24, 30), np.float32)
CLEAN = np.stack([(ROWS + COLUMNS) / 60, ROWS / 30], -1)[np.newaxis].astype(np.float32)
"""Two slopes, which the biharmonic equation continues exactly."""


def test_slopes_are_continued_under_holes_and_the_rest_stays() -> None:
    noisy = Holes(share=0.1, side=4).apply(CLEAN, np.random.default_rng(0))
    seen = marked(noisy, CLEAN)
    assert not isinstance(seen, ImageSet)
    filled = inpaint(seen)
    gone = (noisy != CLEAN).any(-1)
    assert 0.03 < gone.mean() < 0.15
    np.testing.assert_array_equal(filled[~gone], CLEAN[~gone])
    assert filled[gone] == pytest.approx(CLEAN[gone], abs=0.02)


def test_nothing_or_everything_covered_is_left() -> None:
    for noisy in (CLEAN, np.full_like(CLEAN, 0.9)):
        seen = marked(noisy, CLEAN)
        assert not isinstance(seen, ImageSet)
        np.testing.assert_array_equal(inpaint(seen), noisy)


def test_of_a_set_each_image_has_its_own_mask() -> None:
    shapes = [(8, 6, 1), (5, 9, 1)]
    clean = ImageSet.collect([np.full(s, 0.5, np.float32) for s in shapes], shapes, np.float32)
    values = clean.values.copy()
    values[[0, -1]] = 1
    seen = marked(ImageSet(values, clean.shapes), clean)
    assert isinstance(seen, ImageSet)
    masks = [seen.read(index)[..., 1] for index in range(2)]
    assert [np.argwhere(mask).tolist() for mask in masks] == [[[0, 0]], [[4, 8]]]
