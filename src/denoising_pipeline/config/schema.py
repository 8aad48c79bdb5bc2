"""The one schema of every parameter."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from denoising_pipeline.baselines.options import (
    BenchmarkParameters,
    RobustnessParameters,
    scored_beside,
)
from denoising_pipeline.batch.options import InferenceParameters
from denoising_pipeline.config.errors import ParameterError, explain
from denoising_pipeline.config.layers import flatten
from denoising_pipeline.core.options import SOURCE, Section
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.evaluation.options import (
    AnomalyParameters,
    ComparisonParameters,
    EvaluationParameters,
    FeaturesParameters,
)
from denoising_pipeline.images.options import IngestionParameters, PreprocessingParameters
from denoising_pipeline.report.options import ReportingParameters
from denoising_pipeline.training.options import (
    DownstreamParameters,
    ProjectionsParameters,
    TrainingParameters,
    UncertaintyParameters,
)
from denoising_pipeline.training.study.options import StudyParameters


class Parameters(Section):
    """Every parameter of every pipeline: one key per pipeline beside the source and the seed."""

    source: str = Field("mnist", pattern=SOURCE, description="raw folder")
    seed: int = Field(0, ge=0, description="root of every random number")
    ingestion: IngestionParameters = IngestionParameters()
    preprocessing: PreprocessingParameters = PreprocessingParameters()
    noise_injection: NoiseInjectionParameters = NoiseInjectionParameters(Gaussian())
    training: TrainingParameters = TrainingParameters()
    evaluation: EvaluationParameters = EvaluationParameters()
    reporting: ReportingParameters = ReportingParameters()
    inference: InferenceParameters = InferenceParameters()
    robustness: RobustnessParameters = RobustnessParameters()
    comparison: ComparisonParameters = ComparisonParameters()
    benchmark: BenchmarkParameters = BenchmarkParameters()
    downstream: DownstreamParameters = DownstreamParameters()
    uncertainty: UncertaintyParameters = UncertaintyParameters()
    features: FeaturesParameters = FeaturesParameters()
    projections: ProjectionsParameters = ProjectionsParameters()
    anomaly: AnomalyParameters = AnomalyParameters()
    study: StudyParameters = StudyParameters()


def validate_parameters(raw: Mapping[str, Any]) -> Parameters:
    """Check every parameter at once.

    Args:
        raw: Parameters as nested dictionaries, as the configuration files give them.

    Returns:
        The parameters with their defaults filled in.

    Raises:
        ParameterError: If any are not allowed: a line for each, with its full key, what is allowed
            and, for a misspelt name, the nearest one.
    """
    try:
        checked = Parameters.model_validate(dict(raw))
    except ValidationError as error:
        lines = [explain(Parameters, details) for details in error.errors(include_url=False)]
        raise ParameterError.of(lines) from None
    try:  # The room of evaluation stands below that of baselines, and does not know their names.
        scored_beside(checked.evaluation.baseline)
    except ValueError as error:
        raise ParameterError.of([f"evaluation.baseline: {error}"]) from None
    if nothing := [key for key, value in flatten(raw).items() if value == "None"]:
        raise ParameterError.of(
            [f"{key}: 'None' is a text; write null for none" for key in nothing]
        )
    return checked
