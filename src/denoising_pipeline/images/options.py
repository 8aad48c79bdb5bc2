"""What is taken of a source."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, field_validator

from denoising_pipeline.core.options import Section

Factor: TypeAlias = Annotated[int, Field(ge=1, le=64)]


class IngestionParameters(Section):
    """Which raw images are taken, and what may be wrong with them."""

    limit: int | None = Field(
        None, ge=20, description="first images of each IDX file or folder; null: all"
    )
    classes: int = Field(10, ge=2, le=256, description="labels run from 0 to this less one")
    channels: Literal[1, 3, None] = Field(
        None, description="of image files: 1: luma, 3: grey is repeated, null: as they are"
    )
    skip_bad: bool = Field(False, description="leave out image files that cannot be used")


class PreprocessingParameters(Section):
    """How images are held out, by image and never by patch."""

    validation_images: int = Field(5000, ge=1, description="training images held out")
    test_images: float | None = Field(
        None,
        gt=0,
        description="of a folder without train/ and test/: a number, or a share below 1; "
        "null: a sixth",
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
