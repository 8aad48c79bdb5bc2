"""What is taken of a source."""

import re
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, field_validator, model_validator

from denoising_pipeline.core.options import Section

Factor: TypeAlias = Annotated[int, Field(ge=1, le=64)]


def _one_star(pattern: str) -> str:
    if pattern.removesuffix(".*").count("*") != 1:
        raise ValueError("one * is needed, for what the names of both files of a pair have, too")
    return pattern


NamePattern: TypeAlias = Annotated[str, AfterValidator(_one_star)]
"""Path of a file within its source, endings aside, with `*` for the name of the pair."""


class PairNames(Section):
    """How the two files of a pair are named; endings, such as `.png` or `.*`, do not matter."""

    clean: NamePattern = Field(description="of clean images, such as mean/* or *_mean")
    noisy: NamePattern = Field(description="of noisy images, such as real/* or *_real")

    @model_validator(mode="after")
    def _two_names(self) -> Self:
        if self.clean.removesuffix(".*").lower() == self.noisy.removesuffix(".*").lower():
            raise ValueError(f"clean and noisy images cannot both be named {self.clean!r}")
        return self


class IngestionParameters(Section):
    """Which raw images are taken, and what may be wrong with them."""

    limit: int | None = Field(
        None, ge=20, description="first images of each IDX file or folder; null: all"
    )
    classes: int = Field(10, ge=2, le=256, description="labels run from 0 to this less one")
    channels: Literal[1, 3, None] = Field(
        None, description="of image files: 1: luma, 3: grey is repeated, null: as they are"
    )
    pairs: PairNames | None = Field(
        None, description="names of clean and noisy files; null: pairs lie in clean/ and noisy/"
    )
    scene: str | None = Field(
        None,
        description="regular expression: what it finds in a name, or its group, is the scene, "
        "which is never in two splits; null: every image is a scene",
    )
    still: bool = Field(
        False,
        description="the pages of a file are shots of one still scene, which noise2noise compares; "
        "false: slices or moments, which differ",
    )
    noisy: bool = Field(
        False, description="the images are noisy, and there are no clean ones to compare with"
    )
    skip_bad: bool = Field(False, description="leave out image files that cannot be used")

    @model_validator(mode="after")
    def _pairs_are_not_noisy_alone(self) -> Self:
        if self.noisy and self.pairs:
            raise ValueError("noisy images alone are no pairs: leave out either noisy or pairs")
        return self

    @field_validator("scene")
    @classmethod
    def _expression(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"it is no regular expression: {error}") from error
        return value


class PreprocessingParameters(Section):
    """How images are held out, by image and never by patch."""

    validation_images: int = Field(5000, ge=1, description="training images held out")
    test_images: float | None = Field(
        None,
        gt=0,
        description="of a folder without train/ and test/: a number, or a share below 1; "
        "null: a sixth",
    )
    test_side: int | None = Field(
        None,
        ge=16,
        description="height and width of the middle that is scored of test images from files that "
        "are larger; null: whole images",
    )
    shrink: Annotated[tuple[Factor, ...], Field(strict=False)] = Field(
        (),
        description="average images of more than 0.4 megapixels to 1/n of height and width, once "
        "for each n; without, as they are",
    )

    @field_validator("test_images")
    @classmethod
    def _whole_number_or_share(cls, value: float | None) -> float | None:
        if value is not None and value >= 1 and not value.is_integer():
            raise ValueError("give a whole number of images, or a share below 1")
        return value
