"""What denoisers of tests were made from."""

from denoising_pipeline.degradations import Noise, NoiseInjectionParameters
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser.card import Card, Origin


def card(noise: Noise = Gaussian(), source: str = "mnist", seed: int = 0) -> Card:  # noqa: B008
    """Return the card of a denoiser that was trained on a source to undo a noise."""
    return Card(
        images=Origin(source=source), degradation=NoiseInjectionParameters(noise), seed=seed
    )
