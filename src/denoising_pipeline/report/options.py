"""What figures and report show."""

from pydantic import Field

from denoising_pipeline.core.options import Section


class ReportingParameters(Section):
    """How many images the figures and the report show."""

    examples: int = Field(
        10, ge=1, le=20, description="columns of the clean/noisy/denoised picture"
    )
    best_and_worst: int = Field(5, ge=1, le=10, description="images shown at either end")
