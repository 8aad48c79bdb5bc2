"""Which baselines there are to choose from, and the options of what compares with them."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from denoising_pipeline.core.options import SOURCE, Section, allowed
from denoising_pipeline.degradations import DRAWN, NOISES


def _baseline(name: str) -> str:
    from denoising_pipeline.baselines import BASELINES

    if name not in BASELINES:
        raise ValueError(f"{name!r} is unknown{allowed(name, list(BASELINES))}")
    return name


BaselineName = Annotated[str, AfterValidator(_baseline)]
"""Name of a baseline."""


def scored_beside(name: str) -> str:
    """Return the name of what a denoiser can be scored beside: a baseline, or one told where.

    Raises:
        ValueError: There is none of that name.
    """
    from denoising_pipeline.baselines.inpainting import TOLD_WHERE

    return name if name == TOLD_WHERE else _baseline(name)


def _known(names: Mapping[str, object]) -> AfterValidator:
    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"{name!r} is unknown{allowed(name, list(names))}")
        return name

    return AfterValidator(check)


NoiseName = Annotated[str, _known(NOISES)]
"""Name of a noise model."""

DegradationName = Annotated[str, _known(DRAWN)]
"""Name of a degradation."""

Share = Annotated[float, Field(ge=0, le=1)]


class BenchmarkParameters(Section):
    """What the trained denoiser is compared with, and on how many images."""

    test_images: int | None = Field(None, ge=1, description="first test images; null: all")
    crop: int | None = Field(
        None, ge=16, description="height and width of their middle that is scored; null: all of it"
    )
    calibration_images: int = Field(500, ge=1, description="validation images to choose on")
    article_epochs: int = Field(3, ge=0, description="of the article's network; 0 leaves it out")
    baselines: list[BaselineName] | None = Field(None, description="by name; null: all")
    examples: int = Field(5, ge=1, le=10, description="test images that the picture shows")


class RobustnessParameters(Section):
    """How the denoiser is tried on what it was not trained on."""

    images: int = Field(500, ge=5, description="first validation and test images; fewer if so")
    noises: list[NoiseName] = Field(
        ["blind", "gaussian", "masking", "poisson", "salt_and_pepper", "speckle"],
        description="noise models by name; that of the training is added",
    )
    levels: list[Share] = Field(
        [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0],
        min_length=1,
        description="of each noise model; that of the training is added to its own",
    )
    degradations: list[DegradationName] = Field(
        [
            "shot",
            "impulse",
            "glass_blur",
            "motion_blur",
            "brightness",
            "stripe",
            "fog",
            "spatter",
            "dotted_line",
            "zigzag",
        ],
        min_length=1,
        description="by name, tried without noise and under that of the training",
    )
    severities: list[Share] = Field(
        [0.25, 0.5, 1.0], min_length=1, description="levels of each: 0 none, 1 strongest"
    )
    classical: BaselineName = Field(
        "linear MMSE + tone", description="the baseline beside the trained denoiser"
    )
    other_source: str | None = Field(
        None,
        pattern=SOURCE,
        description="folder of data/01_raw whose test images are tried as well; null: none",
    )
