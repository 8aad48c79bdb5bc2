"""The one schema of every parameter, and the words in which a mistake is reported."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, Field, RootModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from denoising_pipeline.baselines.options import BenchmarkParameters, RobustnessParameters
from denoising_pipeline.core.components import component_name
from denoising_pipeline.core.options import SOURCE, Section, allowed
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.evaluation.options import ComparisonParameters, EvaluationParameters
from denoising_pipeline.images.options import IngestionParameters, PreprocessingParameters
from denoising_pipeline.report.options import ReportingParameters
from denoising_pipeline.training.options import (
    DownstreamParameters,
    TrainingParameters,
    UncertaintyParameters,
)


class ParameterError(ValueError):
    """One or more parameters are not allowed; the message has a line for each of them."""


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
    robustness: RobustnessParameters = RobustnessParameters()
    comparison: ComparisonParameters = ComparisonParameters()
    benchmark: BenchmarkParameters = BenchmarkParameters()
    downstream: DownstreamParameters = DownstreamParameters()
    uncertainty: UncertaintyParameters = UncertaintyParameters()


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
        return Parameters.model_validate(dict(raw))
    except ValidationError as error:
        errors = error.errors(include_url=False)
        lines = [_explain(details) for details in errors]
        keys = {_find(details["loc"]).key for details in errors}
        count = f"{len(keys)} parameter{'s are' if len(keys) > 1 else ' is'} not allowed"
        raise ParameterError("\n  ".join([f"{count}:", *lines])) from None


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested dictionaries as one, keys joined by dots: `{"a": {"b": 1}}` to `{"a.b": 1}`."""
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


class _Place(NamedTuple):
    """Where in the schema an error lies."""

    key: str
    siblings: list[str]
    choices: list[str]


def _inside(field: FieldInfo | None) -> tuple[type[BaseModel] | None, dict[str, type[BaseModel]]]:
    """Return the model that a field holds, or the components that it chooses from by name."""
    kind = field.annotation if field else None
    if isinstance(kind, type) and issubclass(kind, RootModel):
        field = kind.model_fields["root"]
    if field and field.discriminator:
        return None, {component_name(member): member for member in get_args(field.annotation)}
    return (kind, {}) if isinstance(kind, type) and issubclass(kind, BaseModel) else (None, {})


def _find(location: Sequence[int | str]) -> _Place:
    """Follow an error's location through the schema.

    Union tags are no part of the key, nor are positions in lists, but for lists of components.
    """
    model: type[BaseModel] | None = Parameters
    components: dict[str, type[BaseModel]] = {}
    key: list[str] = []
    siblings: list[str] = []
    field: FieldInfo | None = None
    for part in location:
        if part in components:
            model, components = components[str(part)], {}
        elif components and isinstance(part, int):
            key.append(str(part))
        elif model:
            key.append(str(part))
            siblings = list(model.model_fields)
            field = model.model_fields.get(str(part))
            model, components = _inside(field)
    choices = list(components) or [str(choice) for choice in get_args(field and field.annotation)]
    return _Place(".".join(key), siblings, choices)


def _explain(details: ErrorDetails) -> str:
    """Return one error as a line: full key, what is wrong, what is allowed, the nearest name."""
    place = _find(details["loc"])
    if details["type"] == "extra_forbidden":
        return f"{place.key}: no such parameter{allowed(str(details['loc'][-1]), place.siblings)}"
    if details["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        name = str(details.get("ctx", {}).get("tag", ""))
        problem = f"{name!r} is unknown" if name else "a name is missing"
        return f"{place.key}.name: {problem}{allowed(name, place.choices)}"
    value = details["input"]
    if details["type"] == "literal_error":
        return f"{place.key}: {value!r} is unknown{allowed(str(value), place.choices)}"
    return f"{place.key}: {value!r} is not allowed; {details['msg'].removeprefix('Value error, ')}"
