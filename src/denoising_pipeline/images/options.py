"""What is taken of a source."""

from pydantic import Field

from denoising_pipeline.core.options import Section


class IngestionParameters(Section):
    """How many raw images are taken, and what their labels may be."""

    limit: int | None = Field(None, ge=20, description="first images of each file; null: all")
    classes: int = Field(10, ge=2, le=256, description="labels run from 0 to this less one")


class PreprocessingParameters(Section):
    """How the training file is split."""

    validation_images: int = Field(5000, ge=1, description="images held out for validation")
