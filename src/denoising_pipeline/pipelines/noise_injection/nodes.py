"""The noisy images that denoisers are scored on; training draws its own from the same function.

Where the noise was recorded there is nothing to draw: the noisy images of the source are handed on.
"""

from typing import Any

import pandas as pd

from denoising_pipeline.degradations import NoiseInjectionParameters, draw_noisy
from denoising_pipeline.degradations.recorded import check_recorded
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.options import PreprocessingParameters
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.splits import recorded_of


def choose_degradation(noise_injection: NoiseInjectionParameters) -> dict[str, Any]:
    """Return the degradation with every option, from which training draws in every epoch.

    Returns:
        `degradation`: what the parameter says, with every default filled in, as JSON has it.
    """
    return {"degradation": noise_injection.model_dump(mode="json")}


def inject_val_noise(
    val_clean: Images | ImageSet,
    recorded_images: ImageSet,
    splits: pd.DataFrame,
    noise_injection: NoiseInjectionParameters,
    seed: int,
) -> Images | ImageSet:
    """Degrade the validation images, or take the noisy ones that were recorded of them.

    Args:
        val_clean: Clean images.
        recorded_images: The noisy images of the source, if it has any.
        splits: Which of them are of which split.
        noise_injection: What happens to them.
        seed: Root seed.

    Returns:
        Noisy images of the same sizes: an array of an array, a set of a set.

    Raises:
        ValueError: Noise would be drawn where it was recorded, or is not there to be taken.
    """
    return _noisy(val_clean, recorded_images, splits, noise_injection, seed, "val")


def inject_test_noise(
    test_clean: Images | ImageSet,
    recorded_images: ImageSet,
    splits: pd.DataFrame,
    noise_injection: NoiseInjectionParameters,
    seed: int,
    preprocessing: PreprocessingParameters,
) -> Images | ImageSet:
    """Degrade the test images; see `inject_val_noise`.

    Of those that were recorded the middles of `preprocessing.test_side` are taken, as of the clean
    ones.
    """
    found = _noisy(test_clean, recorded_images, splits, noise_injection, seed, "test")
    return found.middles(preprocessing.test_side) if isinstance(found, ImageSet) else found


def _noisy(
    clean: Images | ImageSet,
    recorded: ImageSet,
    splits: pd.DataFrame,
    noise_injection: NoiseInjectionParameters,
    seed: int,
    split: str,
) -> Images | ImageSet:
    noise = noise_injection.root
    check_recorded(noise, len(recorded) > 0, "the source")
    if noise.drawn:
        return draw_noisy(clean, noise, seed=seed, split=split, epoch=0)
    return recorded_of(recorded, splits, split)
