"""The noisy images that denoisers are scored on; training draws its own from the same function."""

from typing import Any

from denoising_pipeline.degradations import NoiseInjectionParameters, draw_noisy
from denoising_pipeline.images.arrays import Images


def choose_degradation(noise_injection: NoiseInjectionParameters) -> dict[str, Any]:
    """Return the degradation with every option, from which training draws in every epoch.

    Returns:
        `degradation`: what the parameter says, with every default filled in, as JSON has it.
    """
    return {"degradation": noise_injection.model_dump(mode="json")}


def inject_val_noise(
    val_clean: Images, noise_injection: NoiseInjectionParameters, seed: int
) -> Images:
    """Corrupt the validation images.

    Args:
        val_clean: float32 (N, H, W, C) in [0, 1].
        noise_injection: The noise model.
        seed: Root seed.

    Returns:
        Noisy images of the same shape, dtype and range.
    """
    return draw_noisy(val_clean, noise_injection.root, seed=seed, split="val", epoch=0)


def inject_test_noise(
    test_clean: Images, noise_injection: NoiseInjectionParameters, seed: int
) -> Images:
    """Corrupt the test images; see `inject_val_noise`."""
    return draw_noisy(test_clean, noise_injection.root, seed=seed, split="test", epoch=0)
