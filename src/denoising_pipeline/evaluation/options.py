"""What test images are scored by, and how scores are summed up."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator, model_validator

from denoising_pipeline.core.options import SOURCE, Section, allowed
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.degradations.gaussian import Gaussian

NEEDED = ("psnr", "mse")
"""Metrics that every summary is made of."""


def _metric(name: str) -> str:
    from denoising_pipeline.evaluation.metrics import METRICS

    if name not in METRICS:
        raise ValueError(f"{name!r} is unknown{allowed(name, list(METRICS))}")
    return name


MetricName = Annotated[str, AfterValidator(_metric)]
"""Name of a metric."""


class Limit(Section):
    """The best mean PSNR that is thought possible for a source and degradation; see `benchmarks/`.

    It is compared with denoisers of exactly this source and degradation, every option included.
    """

    source: str = Field(description="raw folder that it was estimated on")
    degradation: NoiseInjectionParameters = Field(description="as `noise_injection` has it")
    psnr: float = Field(gt=0, description="estimate in dB")

    @model_validator(mode="before")
    @classmethod
    def _not_a_noise_in_words(cls, given: Any) -> Any:
        if isinstance(given, dict) and "noise" in given:
            raise ValueError(
                "noise is now degradation, with its options as noise_injection has them: "
                "limit: {source: mnist, degradation: {name: gaussian, sigma: 0.5}, psnr: 22.1}"
            )
        return given


class EvaluationParameters(Section):
    """How test images are scored, and the scores summed up."""

    metrics: list[MetricName] = Field(
        ["psnr", "ssim", "mse", "mae"], description="measured of every image"
    )
    confidence: float = Field(0.95, gt=0.5, lt=1, description="of the intervals over images")
    baseline: str = Field(
        "gaussian filter + tone",
        description="what the denoiser stands beside",
    )
    limit: Limit | None = Field(
        Limit(
            source="mnist",
            degradation=NoiseInjectionParameters(Gaussian(sigma=0.5)),
            psnr=22.1,
        ),
        description="what the score is compared with; null: nothing",
    )
    sweep_images: int = Field(200, ge=1, description="first test images scored at other levels")

    @field_validator("metrics")
    @classmethod
    def _enough_for_a_summary(cls, metrics: list[str]) -> list[str]:
        if not set(NEEDED) <= set(metrics):
            raise ValueError(f"the summary needs {' and '.join(NEEDED)}; leave out others only")
        return list(dict.fromkeys(metrics))


class ComparisonParameters(Section):
    """Which tracked runs are compared, with which of them, and by what."""

    filter: str | None = Field(None, description="runs by MLflow's search; null: all")
    reference: str | None = Field(
        None, description="start of its id or part of its name; null: the oldest"
    )
    newest: int = Field(20, ge=2, le=30, description="runs that are compared at most")
    metrics: list[str] = Field(["psnr", "ssim"], min_length=1, max_length=4)
    resamples: int = Field(2000, ge=100, le=100_000, description="of the paired bootstrap")


class FeaturesParameters(Section):
    """What is tried on the codes of a denoiser, on principal components and on pixels."""

    images: int | None = Field(
        None, ge=1, description="first training images that are encoded; null: all"
    )
    labels: list[Annotated[int, Field(ge=2)] | None] = Field(
        [100, 1000, None], min_length=1, description="labels that are learnt from; null: all"
    )
    neighbours: int = Field(5, ge=1, description="that vote in k-NN")
    regularization: list[Annotated[float, Field(gt=0)]] = Field(
        [0.001, 0.01, 0.1, 1.0],
        min_length=1,
        description="inverse strengths that the linear probe chooses from on validation images",
    )


class AnomalyParameters(Section):
    """What the reconstruction error is to tell from images like those of the training."""

    other: str = Field("fashion-mnist", pattern=SOURCE, description="other folder of data/01_raw")
    images: int = Field(2000, ge=10, description="first test images of either source")
    components: int | None = Field(
        None, ge=1, description="of PCA; null: as many as the denoiser's code has values"
    )
