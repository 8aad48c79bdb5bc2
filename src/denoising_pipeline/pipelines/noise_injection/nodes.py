"""The noisy images that denoisers are scored on; training draws its own from the same function."""

from typing import Any

from denoising_pipeline.degradations import NoiseInjectionParameters, draw_noisy
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet


def choose_degradation(noise_injection: NoiseInjectionParameters) -> dict[str, Any]:
    """Return the degradation with every option, from which training draws in every epoch.

    Returns:
        `degradation`: what the parameter says, with every default filled in, as JSON has it.
    """
    return {"degradation": noise_injection.model_dump(mode="json")}


def inject_val_noise(
    val_clean: Images | ImageSet, noise_injection: NoiseInjectionParameters, seed: int
) -> Images | ImageSet:
    """Degrade the validation images.

    Args:
        val_clean: Clean images.
        noise_injection: What happens to them.
        seed: Root seed.

    Returns:
        Noisy images of the same sizes: an array of an array, a set of a set.
    """
    noise = noise_injection.root
    return draw_noisy(val_clean, noise, seed=seed, split="val", epoch=0)


def inject_test_noise(
    test_clean: Images | ImageSet, noise_injection: NoiseInjectionParameters, seed: int
) -> Images | ImageSet:
    """Degrade the test images; see `inject_val_noise`."""
    noise = noise_injection.root
    return draw_noisy(test_clean, noise, seed=seed, split="test", epoch=0)
