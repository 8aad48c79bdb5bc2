"""The one schema of every parameter, and the words in which a mistake is reported."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from denoising_pipeline.baselines import BASELINES
from denoising_pipeline.components import component_name
from denoising_pipeline.models import ArchitectureChoice
from denoising_pipeline.models.residual_unet import ResidualUnet
from denoising_pipeline.noise import NoiseChoice
from denoising_pipeline.noise.gaussian import Gaussian

SOURCE = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
"""Names of folders that a source may have."""


class ParameterError(ValueError):
    """One or more parameters are not allowed; the message has a line for each of them."""


class Section(BaseModel):
    """Base of every group of parameters: immutable, no unknown keys, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class IngestionParameters(Section):
    """How many raw images are taken, and what their labels may be."""

    limit: int | None = Field(None, ge=20, description="first images of each file; null: all")
    classes: int = Field(10, ge=2, le=256, description="labels run from 0 to this less one")


class PreprocessingParameters(Section):
    """How the training file is split."""

    validation_images: int = Field(5000, ge=1, description="images held out for validation")


class NoiseInjectionParameters(RootModel[NoiseChoice]):
    """The noise model, chosen by `name`, with its own options."""

    model_config = ConfigDict(frozen=True)


class TrainingParameters(Section):
    """The architecture and how it is trained."""

    model: ArchitectureChoice = Field(ResidualUnet(), description="architecture and its options")
    loss: Literal["binary_crossentropy", "mse", "psnr"] = "psnr"
    mse_floor: float = Field(1e-5, gt=0, le=1, description="added to an image's MSE by `psnr`")
    epochs: int = Field(2, ge=1, description="passes over the training images")
    batch_size: int = Field(32, ge=1, description="images per step")
    optimizer: Literal["muon", "adam"] = "muon"
    learning_rate: float = Field(4e-3, gt=0, le=1, description="step size, at its highest")
    beta_2: float = Field(0.99, ge=0, lt=1, description="decay of Adam's mean squared gradient")
    weight_decay: float = Field(
        0.3, ge=0, le=10, description="what a step takes of kernels, times the learning rate"
    )
    schedule: Literal["constant", "cosine"] = "cosine"
    warmup: float = Field(0.05, ge=0, lt=1, description="share of the steps before the cosine")
    gradient_clip: float | None = Field(10.0, gt=0, description="largest global norm; null: off")
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "auto"
    fresh_noise: bool = Field(True, description="draw new noise every epoch; false: one drawing")
    shift: int = Field(0, ge=0, le=16, description="move images by up to so many pixels, at random")
    early_stopping_patience: int | None = Field(
        None, ge=1, description="epochs without a better val_loss before training stops; null: off"
    )
    resume: bool = Field(True, description="go on where the same training was interrupted")
    keep: Literal["best", "last"] = Field("best", description="weights kept, by val_loss")


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


class ReportingParameters(Section):
    """How many images the figures and the report show."""

    examples: int = Field(
        10, ge=1, le=20, description="columns of the clean/noisy/denoised picture"
    )
    best_and_worst: int = Field(5, ge=1, le=10, description="images shown at either end")


def _baseline(name: str) -> str:
    if name not in BASELINES:
        raise ValueError(f"{name!r} is unknown{_allowed(name, list(BASELINES))}")
    return name


BaselineName = Annotated[str, AfterValidator(_baseline)]
Share = Annotated[float, Field(ge=0, le=1)]


class RobustnessParameters(Section):
    """How the denoiser is tried on what it was not trained on."""

    images: int = Field(500, ge=2, description="first validation and test images; fewer if so")
    levels: list[Share] = Field(
        [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0],
        min_length=1,
        description="noise levels of every noise model; that of the training is added",
    )
    severities: list[Share] = Field(
        [0.25, 0.5, 1.0], min_length=1, description="of the corruptions: 0 none, 1 strongest"
    )
    classical: BaselineName = Field(
        "linear MMSE + tone", description="the baseline beside the trained denoiser"
    )
    other_source: str | None = Field(
        None,
        pattern=SOURCE,
        description="folder of data/01_raw whose test images are tried as well; null: none",
    )


class ComparisonParameters(Section):
    """Which tracked runs are compared, with which of them, and by what."""

    filter: str | None = Field(None, description="runs by MLflow's search; null: all")
    reference: str | None = Field(None, description="start of its id or name; null: the oldest")
    newest: int = Field(20, ge=2, le=30, description="runs that are compared at most")
    metrics: list[str] = Field(["psnr", "ssim"], min_length=1, max_length=4)
    resamples: int = Field(2000, ge=100, le=100_000, description="of the paired bootstrap")


class BenchmarkParameters(Section):
    """What the trained denoiser is compared with, and on how many images."""

    test_images: int | None = Field(None, ge=1, description="first test images; null: all")
    calibration_images: int = Field(500, ge=1, description="validation images to choose on")
    article_epochs: int = Field(3, ge=0, description="of the article's network; 0 leaves it out")
    baselines: list[BaselineName] | None = Field(None, description="by name; null: all")
    examples: int = Field(5, ge=1, le=10, description="test images that the picture shows")


class UsefulnessParameters(Section):
    """How the classifiers are trained that tell whether denoising helps."""

    epochs: int = Field(2, ge=1, description="passes over the training images")
    batch_size: int = Field(50, ge=1, description="images per step")
    learning_rate: float = Field(4e-3, gt=0, le=1, description="Adam's step size, at its highest")
    confident: float = Field(
        0.9, ge=0, lt=1, description="least confidence at which a wrong digit is a hallucination"
    )
    worst: int = Field(10, ge=1, le=20, description="hallucinations shown")


class UncertaintyParameters(Section):
    """How the network is trained that tells the standard deviation of each pixel."""

    images: int | None = Field(15000, ge=1, description="first training images; null: all")
    epochs: int = Field(2, ge=1, description="passes over these images")
    batch_size: int = Field(32, ge=1, description="images per step")
    learning_rate: float = Field(2e-3, gt=0, le=1, description="Adam's step size, at its highest")
    examples: int = Field(10, ge=1, le=20, description="images shown")


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
    usefulness: UsefulnessParameters = UsefulnessParameters()
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

    Union tags and positions in lists are no part of the key.
    """
    model: type[BaseModel] | None = Parameters
    components: dict[str, type[BaseModel]] = {}
    key: list[str] = []
    siblings: list[str] = []
    field: FieldInfo | None = None
    for part in location:
        if part in components:
            model, components = components[str(part)], {}
        elif model:
            key.append(str(part))
            siblings = list(model.model_fields)
            field = model.model_fields.get(str(part))
            model, components = _inside(field)
    choices = list(components) or [str(choice) for choice in get_args(field and field.annotation)]
    return _Place(".".join(key), siblings, choices)


def _allowed(name: str, names: list[str]) -> str:
    nearest = get_close_matches(name, names, n=1)
    suggestion = f"; did you mean {nearest[0]!r}?" if nearest else ""
    allowed = ", ".join(names)
    return f"{suggestion} Allowed: {allowed}" if suggestion else f"; allowed: {allowed}"


def _explain(details: ErrorDetails) -> str:
    """Return one error as a line: full key, what is wrong, what is allowed, the nearest name."""
    place = _find(details["loc"])
    if details["type"] == "extra_forbidden":
        return f"{place.key}: no such parameter{_allowed(str(details['loc'][-1]), place.siblings)}"
    if details["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        name = str(details.get("ctx", {}).get("tag", ""))
        problem = f"{name!r} is unknown" if name else "a name is missing"
        return f"{place.key}.name: {problem}{_allowed(name, place.choices)}"
    value = details["input"]
    if details["type"] == "literal_error":
        return f"{place.key}: {value!r} is unknown{_allowed(str(value), place.choices)}"
    return f"{place.key}: {value!r} is not allowed; {details['msg'].removeprefix('Value error, ')}"
