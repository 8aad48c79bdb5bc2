"""How scores are summed up."""

from pydantic import Field

from denoising_pipeline.core.options import Section


class Limit(Section):
    """The best mean PSNR that is thought possible for one source and noise; see `benchmarks/`."""

    source: str = Field(description="raw folder that it was estimated on")
    noise: str = Field(description="name and level of the noise, such as `gaussian 0.5`")
    psnr: float = Field(gt=0, description="estimate in dB")


class EvaluationParameters(Section):
    """How the scores of the test images are summed up."""

    confidence: float = Field(0.95, gt=0.5, lt=1, description="of the intervals over images")
    limit: Limit | None = Field(
        Limit(source="mnist", noise="gaussian 0.5", psnr=22.1),
        description="what the score is compared with; null: nothing",
    )
    sweep_images: int = Field(200, ge=1, description="first test images scored at other levels")


class ComparisonParameters(Section):
    """Which tracked runs are compared, with which of them, and by what."""

    filter: str | None = Field(None, description="runs by MLflow's search; null: all")
    reference: str | None = Field(None, description="start of its id or name; null: the oldest")
    newest: int = Field(20, ge=2, le=30, description="runs that are compared at most")
    metrics: list[str] = Field(["psnr", "ssim"], min_length=1, max_length=4)
    resamples: int = Field(2000, ge=100, le=100_000, description="of the paired bootstrap")
