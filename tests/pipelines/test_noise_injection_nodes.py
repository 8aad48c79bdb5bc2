"""The stored noisy images are what the one function draws at epoch 0, apart for each split."""

import numpy as np
import pytest

from denoising_pipeline.degradations import NOISES, Noise, NoiseInjectionParameters, draw_noisy
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.pipelines.noise_injection.nodes import inject_test_noise, inject_val_noise

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
        np.testing.assert_array_equal(
            inject(clean, chosen, 3), draw_noisy(clean, noise, seed=3, split=split, epoch=0)
        )


@every_noise
def test_splits_and_seeds_share_no_noise(noise: Noise, clean: Images) -> None:
    chosen = NoiseInjectionParameters(noise)
    drawn = [
        np.asarray(inject(clean, chosen, seed))
        for inject in (inject_val_noise, inject_test_noise)
        for seed in (0, 1)
    ]
    for position, one in enumerate(drawn):
        for other in drawn[:position]:
            assert not np.array_equal(one, other)
