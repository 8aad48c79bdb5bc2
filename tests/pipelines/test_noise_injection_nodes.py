"""The stored noisy images are what the one function draws at epoch 0, apart for each split.

Or they are those that were recorded.
"""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from denoising_pipeline.degradations import NOISES, Noise, NoiseInjectionParameters, draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.recorded import Recorded
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.options import PreprocessingParameters
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.pipelines.noise_injection import nodes
from denoising_pipeline.pipelines.noise_injection.nodes import inject_val_noise
from denoising_pipeline.pipelines.preprocessing.nodes import normalize_test_images

inject_test_noise = partial(nodes.inject_test_noise, preprocessing=PreprocessingParameters())

NONE = ImageSet.collect((), (), np.uint8)
RECORDED = ImageSet.of(np.linspace(0, 0.4, 5, dtype=np.float32).reshape(5, 1, 1, 1))
SPLITS = pd.DataFrame(
    {"split": ["train", "train", "val", "test", "test"], "index": [2, 0, 1, 0, 1]}
)

every_noise = pytest.mark.parametrize(
    "noise", [cls.model_validate({}) for cls in NOISES.values()], ids=NOISES
)


@pytest.fixture
def clean() -> Images:
    images = np.full((6, 8, 8, 1), 0.5, np.float32)
    images.flags.writeable = False
    return images


@every_noise
def test_stored_noise_is_that_of_epoch_0_of_its_split(noise: Noise, clean: Images) -> None:
    chosen = NoiseInjectionParameters(noise)
    for inject, split in ((inject_val_noise, "val"), (inject_test_noise, "test")):
        found = inject(clean, NONE, SPLITS, chosen, 3)
        expected = draw_noisy(clean, noise, seed=3, split=split, epoch=0)
        np.testing.assert_array_equal(found, expected)


@every_noise
def test_splits_and_seeds_share_no_noise(noise: Noise, clean: Images) -> None:
    chosen = NoiseInjectionParameters(noise)
    drawn = [
        np.asarray(inject(clean, NONE, SPLITS, chosen, seed))
        for inject in (inject_val_noise, inject_test_noise)
        for seed in (0, 1)
    ]
    for position, one in enumerate(drawn):
        for other in drawn[:position]:
            assert not np.array_equal(one, other)


def test_recorded_noise_is_handed_to_the_split_of_its_clean_image(clean: Images) -> None:
    chosen = NoiseInjectionParameters(Recorded())
    for inject, expected in ((inject_val_noise, [0.1]), (inject_test_noise, [0.3, 0.4])):
        noisy = inject(clean, RECORDED, SPLITS, chosen, 0)
        assert isinstance(noisy, ImageSet)
        np.testing.assert_allclose(noisy.as_array().ravel(), expected)


def test_noise_is_drawn_where_none_was_recorded_and_only_there(clean: Images) -> None:
    with pytest.raises(ValueError, match=r"of their own.*noise_injection\.name=recorded"):
        inject_val_noise(clean, RECORDED, SPLITS, NoiseInjectionParameters(Gaussian()), 0)
    with pytest.raises(ValueError, match=r"no noisy images.*ingestion\.pairs"):
        inject_test_noise(clean, NONE, SPLITS, NoiseInjectionParameters(Recorded()), 0)


@pytest.mark.parametrize("recorded", [True, False])
def test_of_large_test_images_the_middles_are_taken_if_that_is_wanted(recorded: bool) -> None:
    """Those of clean and noisy images are the same part, whether noise was recorded or is drawn."""
    images = np.random.default_rng(0).random((2, 40, 24, 1), np.float32)
    both = ImageSet.of(images)
    wanted = PreprocessingParameters(test_side=32)
    clean = normalize_test_images(both, wanted)
    assert isinstance(clean, ImageSet)
    np.testing.assert_array_equal(clean.as_array(), images[:, 4:36])
    name = NoiseInjectionParameters(Recorded() if recorded else Gaussian(sigma=0))
    every = both.take([0, 0, 0, 0, 1]) if recorded else NONE
    noisy = nodes.inject_test_noise(clean, every, SPLITS, name, 0, wanted)
    assert isinstance(noisy, ImageSet)
    np.testing.assert_array_equal(noisy.as_array(), clean.as_array())
