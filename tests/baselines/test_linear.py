"""Linear MMSE is the least-squares regression, PCA that of scikit-learn."""

import numpy as np
import pytest
from digits import NOISE, digits, known, pair
from sklearn.decomposition import PCA

from denoising_pipeline.baselines import BASELINES, Known, NotApplicableError
from denoising_pipeline.baselines.linear import linear_mmse, pca, takes
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.masking import Masking
from denoising_pipeline.images.arrays import Images, Values

CLEAN = digits("train")[:2500, 8:18, 8:18]
"""More than two blocks of noise; 100 values each."""

NOISY = draw_noisy(CLEAN, NOISE, seed=0, split="train", epoch=0)
SMALL = Known(CLEAN, NOISE, 0)


def flat(images: Images) -> Values:
    return images.reshape(len(images), -1).astype(np.float64)


def test_moments_are_those_of_numpy_over_all_blocks() -> None:
    moments = SMALL.moments
    both = np.cov(np.hstack([flat(CLEAN), flat(NOISY)]).T, bias=True)
    np.testing.assert_allclose(moments.clean_mean, flat(CLEAN).mean(0))
    np.testing.assert_allclose(moments.noisy_mean, flat(NOISY).mean(0))
    np.testing.assert_allclose(moments.clean, both[:100, :100], atol=1e-12)
    np.testing.assert_allclose(moments.noisy, both[100:, 100:], atol=1e-12)
    np.testing.assert_allclose(moments.cross, both[100:, :100], atol=1e-12)


def test_linear_mmse_is_the_least_squares_fit() -> None:
    features = np.hstack([flat(NOISY), np.ones((len(NOISY), 1))])
    expected = features @ np.linalg.lstsq(features, flat(CLEAN))[0]
    denoised = linear_mmse(SMALL, ridge=1e-9)(NOISY)
    np.testing.assert_allclose(flat(denoised), expected, atol=1e-4)


def test_pixels_that_never_vary_do_no_harm() -> None:
    """Masking leaves black pixels black, so their variance is 0."""
    denoised = linear_mmse(Known(digits("train")[:300], Masking(), 0), ridge=1e-4)(pair("test")[0])
    assert np.isfinite(denoised).all()


@pytest.mark.parametrize("rank", [1, 16, 500])
def test_pca_is_that_of_scikit_learn(rank: int) -> None:
    """More components than values are all of them, and change nothing."""
    fitted = PCA(min(rank, 100), svd_solver="full").fit(flat(CLEAN))
    expected = fitted.inverse_transform(fitted.transform(flat(NOISY)))
    np.testing.assert_allclose(flat(pca(SMALL, rank)(NOISY)), expected, atol=1e-4)


def test_large_images_are_refused_before_any_work() -> None:
    large = Known(np.zeros((2, 65, 64, 1), np.float32), NOISE, 0)
    with pytest.raises(NotApplicableError, match="images of 4,160 values"):
        linear_mmse(large, ridge=0.1)
    with pytest.raises(NotApplicableError, match="images of 4,160 values"):
        pca(large, rank=16)


def test_moments_are_measured_once() -> None:
    assert known().moments is known().moments


def test_it_is_known_which_baselines_refuse_large_images() -> None:
    large = Known(np.zeros((2, 64, 65, 1), np.float32), NOISE, 0)
    refused = set()
    grey = {name: each for name, each in BASELINES.items() if not each.colours}
    for name, baseline in grey.items():
        try:
            baseline.fit(large, **baseline.grid[0])
        except NotApplicableError as error:
            refused |= {name} if "too many covariances" in str(error) else set()
    assert refused == {name for name in grey if not takes(name, 64 * 65)}
    assert all(takes(name, 64 * 64) for name in BASELINES)
