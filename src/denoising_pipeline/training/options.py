"""How networks are trained: each has options of its own."""

from typing import Annotated, ClassVar, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from denoising_pipeline.core.options import Section
from denoising_pipeline.models import ArchitectureChoice
from denoising_pipeline.models.residual_unet import ResidualUnet
from denoising_pipeline.models.stabilized import Stabilized
from denoising_pipeline.training.augment import Flips
from denoising_pipeline.training.objectives import ObjectiveChoice
from denoising_pipeline.training.objectives.fit_to_noise import FitToNoise
from denoising_pipeline.training.objectives.supervised import Supervised

Epochs: TypeAlias = Annotated[int, Field(ge=1, description="passes over the training images")]
BatchSize: TypeAlias = Annotated[int, Field(ge=1, description="images per step")]
Optimizer: TypeAlias = Literal["muon", "adam"]
LearningRate: TypeAlias = Annotated[
    float, Field(gt=0, le=1, description="step size, at its highest")
]
Beta2: TypeAlias = Annotated[
    float, Field(ge=0, lt=1, description="decay of Adam's mean squared gradient")
]
WeightDecay: TypeAlias = Annotated[
    float, Field(ge=0, le=10, description="what a step takes of kernels, times the learning rate")
]
Schedule: TypeAlias = Literal["constant", "cosine"]
Warmup: TypeAlias = Annotated[
    float, Field(ge=0, lt=1, description="share of the steps before the cosine")
]
GradientClip: TypeAlias = Annotated[
    float | None, Field(gt=0, description="largest global norm; null: off")
]
Precision: TypeAlias = Literal["auto", "float32", "mixed_bfloat16"]


class Distribution(Section):
    """How workers share a training; how many there are decides the command, and not the result."""

    shards: int = Field(
        1,
        ge=1,
        le=4096,
        description="parts of the training images; each worker reads as many of them as the others",
    )


class FitOptions(Section):
    """What the training loop reads. Every network states all of it: there are no defaults here.

    Attributes:
        section: The key of the parameters under which these stand.
    """

    section: ClassVar[str]

    epochs: Epochs
    batch_size: BatchSize
    optimizer: Optimizer
    learning_rate: LearningRate
    beta_2: Beta2
    weight_decay: WeightDecay
    schedule: Schedule
    warmup: Warmup
    gradient_clip: GradientClip
    precision: Precision


class TrainingParameters(FitOptions):
    """The architecture of the denoiser and how it is trained."""

    section: ClassVar[str] = "training"

    model: ArchitectureChoice = Field(ResidualUnet(), description="architecture and its options")
    start: str | None = Field(
        None,
        description="name or file of a denoiser that is trained on; null: from nothing",
    )
    objective: ObjectiveChoice = Field(Supervised(), description="what is compared with what")
    loss: Literal["binary_crossentropy", "log_mse", "mse", "psnr"] = "psnr"
    mse_floor: float = Field(
        1e-5, gt=0, le=1, description="added to an image's MSE by `psnr` and `log_mse`"
    )
    epochs: Epochs = 2
    batch_size: BatchSize = 32
    optimizer: Optimizer = "muon"
    learning_rate: LearningRate = 4e-3
    beta_2: Beta2 = 0.99
    weight_decay: WeightDecay = 0.3
    schedule: Schedule = "cosine"
    warmup: Warmup = 0.05
    gradient_clip: GradientClip = 10.0
    precision: Precision = "auto"
    fresh_noise: bool = Field(True, description="draw new noise every epoch; false: one drawing")
    shift: int = Field(0, ge=0, le=16, description="move images by up to so many pixels, at random")
    patch: int | None = Field(
        None,
        ge=8,
        le=2**16,
        description="height and width of random patches, of recordings samples; null: whole images",
    )
    patches_per_epoch: int | None = Field(
        None, ge=1, description="null: as many as cover the area of all images"
    )
    detail: int = Field(
        1,
        ge=1,
        le=64,
        description="places looked at for a patch; one is drawn, those with more detail more often",
    )
    grey: float = Field(0.0, ge=0, le=1, description="share of colour images made grey, at random")
    flips: Flips = Field("none", description="how images are mirrored and turned at random")
    early_stopping_patience: int | None = Field(
        None, ge=1, description="epochs without a better val_loss before training stops; null: off"
    )
    resume: bool = Field(True, description="go on where the same training was interrupted")
    keep: Literal["best", "last"] = Field("best", description="weights kept, by val_loss")
    minutes: float | None = Field(
        None, gt=0, description="ends before the epoch that would pass them; null: after `epochs`"
    )
    interrupt: Literal["stop", "keep"] = Field(
        "stop", description="what Ctrl-C does: stop the run, or keep the best so far and go on"
    )
    distribution: Distribution = Distribution()

    @model_validator(mode="after")
    def _a_batch_for_every_shard(self) -> Self:
        if self.batch_size % (shards := self.distribution.shards):
            raise ValueError(
                f"batches of {self.batch_size} cannot be divided among {shards} shards. Set "
                f"training.batch_size to a multiple of {shards}, or training.distribution.shards."
            )
        return self

    @model_validator(mode="after")
    def _a_loss_that_the_output_has(self) -> Self:
        if self.loss in {"binary_crossentropy", "psnr"} and not self.model.bounded:
            raise ValueError(
                f"the loss {self.loss!r} has a cross-entropy, for outputs between 0 and 1, and "
                f"that of {self.model.name!r} is not bounded. Set training.loss=log_mse, or mse."
            )
        return self

    @model_validator(mode="after")
    def _a_curve_around_a_denoiser(self) -> Self:
        fits = isinstance(self.model, Stabilized) and self.start
        if isinstance(self.objective, FitToNoise) and not fits:
            raise ValueError(
                f"the objective {self.objective.name!r} learns a curve around a denoiser. Set "
                "training.model.name=stabilized and training.start to the denoiser, such as photos."
            )
        return self

    @model_validator(mode="after")
    def _a_level_where_it_is_needed(self) -> Self:
        if self.objective.needs_level and not self.model.told_level:
            raise ValueError(
                f"the objective {self.objective.name!r} has to know how noisy images are, and the "
                "network is not told. Set training.model.name=unet, training.model.noise_level="
                "true, or training.objective.name=neighbor2neighbor."
            )
        return self

    @model_validator(mode="after")
    def _the_best_can_be_kept(self) -> Self:
        if self.interrupt == "keep" and self.keep == "last":
            raise ValueError(
                "interrupt: keep takes the best weights so far, and keep: last has no best. "
                "Set training.keep=best, or training.interrupt=stop."
            )
        return self

    @model_validator(mode="after")
    def _a_size_that_the_network_takes(self) -> Self:
        shrink = self.objective.shrink
        if shrink > 1 and not self.patch:
            raise ValueError(
                f"the objective {self.objective.name!r} makes images smaller, and the network is "
                "built for whole ones. Train one of any size on patches: training.model.name=unet, "
                "training.patch=96."
            )
        if self.patch and self.model.any_size and self.patch % (shrink * self.model.multiple):
            raise ValueError(
                f"patches of {self.patch} pixels do not fit the network. Set training.patch to a "
                f"multiple of {shrink * self.model.multiple}."
            )
        return self

    @model_validator(mode="after")
    def _patches_have_a_size(self) -> Self:
        if self.patches_per_epoch and not self.patch:
            raise ValueError(
                "patches_per_epoch counts patches, and whole images are trained on. "
                "Set training.patch as well, or patches_per_epoch=null."
            )
        return self


class DownstreamParameters(FitOptions):
    """How the classifiers are trained that tell whether denoising helps."""

    section: ClassVar[str] = "downstream"

    epochs: Epochs = 2
    batch_size: BatchSize = 50
    optimizer: Optimizer = "adam"
    learning_rate: LearningRate = 4e-3
    beta_2: Beta2 = 0.99
    weight_decay: WeightDecay = 0.3
    schedule: Schedule = "cosine"
    warmup: Warmup = 0.05
    gradient_clip: GradientClip = 10.0
    precision: Precision = "auto"
    confident: float = Field(
        0.9, ge=0, lt=1, description="least confidence at which a wrong digit is a hallucination"
    )
    worst: int = Field(10, ge=1, le=20, description="hallucinations shown")


class UncertaintyParameters(FitOptions):
    """How the network is trained that tells the standard deviation of each pixel."""

    section: ClassVar[str] = "uncertainty"

    images: int | None = Field(15000, ge=1, description="first training images; null: all")
    epochs: Epochs = 2
    batch_size: BatchSize = 32
    optimizer: Optimizer = "adam"
    learning_rate: LearningRate = 2e-3
    beta_2: Beta2 = 0.99
    weight_decay: WeightDecay = 0.3
    schedule: Schedule = "cosine"
    warmup: Warmup = 0.05
    gradient_clip: GradientClip = 10.0
    precision: Precision = "auto"
    examples: int = Field(10, ge=1, le=20, description="images shown")


class TransformerOptions(FitOptions):
    """How `AutoencoderTransformer` trains where it is not told otherwise."""

    section: ClassVar[str] = "AutoencoderTransformer"

    epochs: Epochs = 10
    batch_size: BatchSize = 32
    optimizer: Optimizer = "adam"
    learning_rate: LearningRate = 1e-3
    beta_2: Beta2 = 0.99
    weight_decay: WeightDecay = 0.0
    schedule: Schedule = "cosine"
    warmup: Warmup = 0.05
    gradient_clip: GradientClip = 10.0
    precision: Precision = "float32"


class ProjectionsParameters(FitOptions):
    """How autoencoders are trained that stand beside PCA, and how they are compared."""

    section: ClassVar[str] = "projections"

    latent_dims: list[Annotated[int, Field(ge=1, le=4096)]] = Field(
        [2, 4, 8, 16, 32, 64, 128], min_length=1, description="values of the codes; 2 is the map"
    )
    layers: int = Field(2, ge=1, le=16, description="hidden layers of the encoder and decoder")
    nodes: int = Field(256, ge=1, le=65536, description="nodes of each hidden layer")
    images: int | None = Field(20000, ge=1, description="first training images; null: all")
    test_images: int = Field(2000, ge=10, description="first test images, which are projected")
    neighbours: int = Field(10, ge=1, description="of each image that are looked at")
    perplexity: float = Field(30.0, gt=1, description="of t-SNE: neighbours that count, about")
    epochs: Epochs = 10
    batch_size: BatchSize = 64
    optimizer: Optimizer = "adam"
    learning_rate: LearningRate = 3e-3
    beta_2: Beta2 = 0.99
    weight_decay: WeightDecay = 0.0
    schedule: Schedule = "cosine"
    warmup: Warmup = 0.05
    gradient_clip: GradientClip = 10.0
    precision: Precision = "float32"
