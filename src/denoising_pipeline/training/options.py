"""How networks are trained: each has options of its own."""

from typing import Literal

from pydantic import Field

from denoising_pipeline.core.options import Section
from denoising_pipeline.models import ArchitectureChoice
from denoising_pipeline.models.residual_unet import ResidualUnet


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


class DownstreamParameters(Section):
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
