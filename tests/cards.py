"""Cards of denoisers that tests put together by hand."""

from denoising_pipeline.degradations import Degradation, Noise, NoiseInjectionParameters
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser.card import Card, Origin


def card(noise: Degradation | Noise = Gaussian(), source: str = "mnist", seed: int = 0) -> Card:  # noqa: B008
    """Return a card that says what tests need to be said, and nothing else."""
    degradation = NoiseInjectionParameters.model_validate(noise)
    return Card(images=Origin(source=source), degradation=degradation, seed=seed)
