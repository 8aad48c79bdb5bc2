"""The card of a denoiser: what it is and what it was made from, part of its file."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from denoising_pipeline import __version__
from denoising_pipeline.degradations import Degradation, Noise, NoiseInjectionParameters
from denoising_pipeline.degradations.camera import Camera
from denoising_pipeline.degradations.recorded import Recorded

NOT_FOR = (
    "Evidence: a denoiser may invent detail that was not there. Images unlike those it was "
    "trained on, or noise unlike that of its degradation, are outside of what was measured."
)
"""What no denoiser of this package is to be used for."""


class Origin(BaseModel):
    """Where the images of the training come from.

    Attributes:
        source: Name of the source.
        files: SHA-256 by file, of those that the images were read from.
        licence: Of the images, if it is known.
        train_images: Number of training images.
        digest: Of the training images as they were used; see `array_digest`.
        bits: Of files of 16 bits, those that they needed, whose largest value was white.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    files: dict[str, str] = Field(default_factory=dict)
    licence: str | None = None
    train_images: int = 0
    digest: str = ""
    bits: int | None = None


class Card(BaseModel):
    """What a denoiser is; everything after training reads it here, and guesses nothing.

    Attributes:
        images: Where the images of the training come from.
        degradation: What it was trained to undo, with every option.
        seed: Root seed of its training, and of the noise on validation and test images.
        objective: What was compared with what in training.
        assumption: What learning from noisy images takes for granted; empty: nothing.
        caveats: What the images say against that, a sentence each.
        training: Every parameter of the training.
        start: The card of the denoiser that was trained on; None: it was trained from nothing.
        validation: Scores on validation images of the weights that were kept.
        code: Version of the package, and the git commit if it was a checkout.
        value_range: Of the images that go in and come out.
        not_for: What it must not be used for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    images: Origin
    degradation: NoiseInjectionParameters
    seed: int
    objective: str = "supervised"
    assumption: str = ""
    caveats: tuple[str, ...] = ()
    training: dict[str, Any] = Field(default_factory=dict)
    start: "Card | None" = None
    validation: dict[str, float] = Field(default_factory=dict)
    code: str = __version__
    value_range: tuple[float, float] = (0.0, 1.0)
    not_for: str = NOT_FOR

    @property
    def noise(self) -> Degradation:
        """The degradation that it was trained to undo."""
        return self.degradation.root

    @property
    def for_noise(self) -> bool:
        """Whether it was trained to undo noise and nothing else."""
        return isinstance(self.noise, Noise | Camera | Recorded)

    @property
    def training_digest(self) -> str:
        """A text that is equal for equal parameters of the training: 32 hexadecimal digits."""
        text = json.dumps(self.training, sort_keys=True).encode()
        return hashlib.blake2b(text, digest_size=16).hexdigest()
