"""Noise that nobody draws: it lies in the noisy images of the source."""

from typing import ClassVar, Literal, NoReturn

import numpy as np

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Images


class Recorded(Degradation):
    """The noise of a camera or microscope, of which the source has noisy images beside clean ones.

    Its distribution is not known, so it has no level and cannot be drawn.
    """

    drawn: ClassVar[bool] = False

    name: Literal["recorded"] = "recorded"

    def apply(self, clean: Images, generator: np.random.Generator) -> NoReturn:
        """Refuse.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            "Recorded noise cannot be drawn: it is there for the images of its source only. Set "
            "noise_injection.name to a degradation that is drawn, such as gaussian."
        )

    def describe(self) -> str:
        """Return `"recorded noise"`."""
        return "recorded noise"


def check_recorded(degradation: Degradation, recorded: bool, source: str) -> None:
    """Check that noise is drawn where the source has none, and only there.

    Args:
        degradation: What `noise_injection` says.
        recorded: Whether the source has noisy images.
        source: What errors call it.

    Raises:
        ValueError: It is not so.
    """
    if recorded and degradation.drawn:
        raise ValueError(
            f"The images of {source} have noise of their own, and noise_injection would draw "
            f"{degradation.describe()} instead. Set noise_injection.name=recorded, or make a "
            "source of clean images alone."
        )
    if not recorded and not degradation.drawn:
        raise ValueError(
            f"noise_injection.name is recorded, but {source} has no noisy images. Put clean and "
            "noisy ones under the same names into its folders clean/ and noisy/, say in "
            "ingestion.pairs how they are named; or, if there are noisy images and no clean ones, "
            "set ingestion.noisy=true; or set noise_injection.name to a degradation that is drawn, "
            "such as gaussian."
        )
