"""What was covered and what was left as it was are scored apart."""

import numpy as np
import pytest

from denoising_pipeline.evaluation.parts import known_only, score_parts
from denoising_pipeline.images.sets import ImageSet

CLEAN = np.full((3, 4, 4, 2), 0.5, np.float32)


def test_each_part_has_the_error_of_its_own_pixels() -> None:
    noisy, denoised = CLEAN.copy(), CLEAN.copy()
    noisy[0, 0, :, 1] = 1
    denoised[0, 0] += 0.1
    denoised[0, 1:] -= 0.01
    found = score_parts(CLEAN, noisy, denoised)
    assert found["covered_psnr"][0] == pytest.approx(20, abs=1e-4)
    assert found["kept_psnr"][0] == pytest.approx(40, abs=1e-3)


def test_a_part_that_an_image_lacks_has_no_score() -> None:
    """Of images of any sizes: nothing covered in the first, all of the second."""
    shapes = [(2, 3, 1), (4, 1, 1)]
    clean = ImageSet.collect([np.full(s, 0.2, np.float32) for s in shapes], shapes, np.float32)
    noisy = ImageSet(np.r_[clean.values[:6], clean.values[6:] + np.float32(0.1)], clean.shapes)
    found = score_parts(clean, noisy, noisy)
    assert found["kept_psnr"][0] == 100
    assert np.isnan([found["covered_psnr"][0], found["kept_psnr"][1]]).all()
    assert known_only(found["covered_psnr"]) == pytest.approx([20], abs=1e-4)
