"""Speech: a mask on the spectrum, found by the network for images from its logarithm."""

from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.images.tiles import round_up
from denoising_pipeline.models.base import Architecture, ImageShape, autoencoder
from denoising_pipeline.models.layers import Blocks, Layers, Widths, check_blocks
from denoising_pipeline.models.unet import Unet

OVERLAP = 4
"""Frames that each sample lies in."""

FRAME_SECONDS = 0.032

QUIET = 1e-6
"""Power below which bins look alike: that of noise 100 dB below a full scale, about."""


class Spectral(Architecture):
    """A mask in [0, 1] on the magnitudes of a recording's spectrum; phases are kept.

    A recording is an image of one row. The network takes its short-time Fourier transform (J. B.
    Allen and L. R. Rabiner, "A Unified Approach to Short-Time Fourier Analysis and Synthesis",
    1977; root of the Hann window, 32 ms, a new frame every 8 ms), lets the `unet` look at the
    logarithm of the power as at an image of times and frequencies, multiplies the spectrum by what
    that returns, and goes back by overlapping and adding: a mask of 1 gives the recording.
    """

    any_size: ClassVar[bool] = True

    name: Literal["spectral"] = "spectral"
    rate: Literal[8000, 16000] = Field(default=8000, description="samples a second")
    widths: Widths = Field(
        default=(24, 48, 64), description="channels of each resolution, from half size down"
    )
    blocks: Blocks = Field(
        default=(1, 1, 2),
        description="residual blocks of each resolution, on each side of the U; at its bottom once",
    )

    @model_validator(mode="after")
    def _blocks_for_each_width(self) -> Self:
        check_blocks(self.widths, self.blocks)
        return self

    @property
    def sample_rate(self) -> int:
        """Samples a second of the recordings that it takes."""
        return self.rate

    @property
    def bounded(self) -> bool:
        """Whether the output is in [0, 1]; a sum of waves need not be."""
        return False

    @property
    def frame(self) -> int:
        """Samples of a frame."""
        return round(FRAME_SECONDS * self.rate)

    @property
    def multiple(self) -> int:
        """Samples between two of the lowest resolution in time."""
        return self._hop * self._mask.multiple

    @property
    def context(self) -> int:
        """How far one sample is seen; see `Architecture.context`."""
        return self._hop * self._mask.context + 2 * self.frame

    def build(self, image_shape: ImageShape, seed: int, out_channels: int | None = None) -> Any:
        """Build the network; see `Architecture.build`.

        Args:
            image_shape: (1, samples, 1), or H and W None.
            seed: Root seed of the initial weights.
            out_channels: 1 or None.

        Returns:
            The `keras.Model`. Its encoder gives the features of each resolution and the spectrum;
            its decoder takes them.

        Raises:
            ValueError: The images are no recordings of one channel, or not of a length that the
                network takes.
        """
        self.check(image_shape)
        if out_channels not in (None, 1):
            raise ValueError(f"The architecture {self.name!r} cannot give {out_channels} channels.")
        keras, layer = load_keras(), Layers(seed)
        noisy = keras.Input((1, image_shape[1], 1))
        spectrum = self._spectrum(noisy)
        seen = self._seen(spectrum)
        shape: ImageShape = (None, None, 1)
        encoder = keras.Model(
            noisy, [*self._mask.features(layer, seen, shape), spectrum], name="encoder"
        )
        inputs = [keras.Input(tensor.shape[1:]) for tensor in encoder.outputs]
        mask = self._mask.image(layer, inputs[:-1], 1, shape)
        decoder = keras.Model(inputs, self._recording(inputs[-1], mask), name="decoder")
        return autoencoder(self.name, noisy.shape[1:], encoder, decoder)

    def check(self, image_shape: ImageShape) -> None:
        """Check that the images are recordings; see `Architecture.check`."""
        super().check(image_shape)
        height, width, channels = image_shape
        if height not in (None, 1) or channels != 1 or (width or 0) % self.multiple:
            raise ValueError(
                f"The architecture {self.name!r} is for recordings of one channel, images of one "
                f"row and a multiple of {self.multiple} samples, and these are {image_shape}. For "
                "recordings of any length set training.patch to such a multiple; for pictures "
                "take another architecture."
            )

    @property
    def _mask(self) -> Unet:
        return Unet(widths=self.widths, blocks=self.blocks, output="sigmoid")

    @property
    def _hop(self) -> int:
        return self.frame // OVERLAP

    @property
    def _before(self) -> int:
        """Samples of silence before: the first sample lies in as many frames as any other."""
        return self.frame - self._hop

    @property
    def _after(self) -> int:
        """Likewise behind, and so much that frames are as many as the mask's network takes."""
        return self._hop * round_up(OVERLAP - 1, self._mask.multiple)

    def _spectrum(self, noisy: Any) -> Any:
        """Return real and imaginary parts, (N, 1, frames, frame + 2), of values around 0.5."""
        ops = load_keras().ops
        silence = ((0, 0), (0, 0), (self._before, self._after), (0, 0))
        amplitude = ops.pad(2 * ops.cast(noisy, "float32") - 1, silence)
        cosine, sine = _waves(self.frame)
        kernel = np.concatenate([cosine, -sine], axis=1)[np.newaxis, :, np.newaxis]
        return ops.conv(amplitude, kernel, strides=(1, self._hop), padding="valid")

    def _seen(self, spectrum: Any) -> Any:
        """Return the logarithm of the power, (N, frames, frame / 2, 1): all but the mean."""
        ops = load_keras().ops
        bins = self.frame // 2 + 1
        power = ops.square(spectrum[..., 1:bins]) + ops.square(spectrum[..., bins + 1 :])
        return ops.transpose(0.2 * ops.log(power + QUIET) + 1, (0, 2, 3, 1))

    def _recording(self, spectrum: Any, mask: Any) -> Any:
        """Return the recording of a spectrum that is multiplied by a mask, (N, 1, samples, 1)."""
        ops = load_keras().ops
        gain = ops.transpose(ops.cast(mask, "float32"), (0, 3, 1, 2))
        gain = ops.concatenate([gain[..., :1], gain], axis=-1)  # the mean, as the lowest frequency
        masked = spectrum * ops.concatenate([gain, gain], axis=-1)
        cosine, sine = _waves(self.frame)
        counted = np.full(self.frame // 2 + 1, 2, np.float32)
        counted[[0, -1]] = 1  # of all other frequencies there is the negative one as well
        kernel = np.concatenate([cosine * counted, -sine * counted], axis=1)
        kernel *= np.float32(2 / OVERLAP / self.frame)
        # Hop t is the sum of the last quarter of frame t - 3, ..., and the first one of frame t.
        quarters = kernel.reshape(OVERLAP, self._hop, -1)[::-1].transpose(0, 2, 1)
        hops = ops.conv(masked, quarters[np.newaxis], padding="valid")
        summed = load_keras().layers.Reshape((1, -1, 1), dtype="float32")(hops)
        return summed[:, :, : self._before - self._after] / 2 + 0.5


def _waves(frame: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return cosines and sines under the root of the Hann window, (frame, frame / 2 + 1) each."""
    time = np.arange(frame)[:, np.newaxis]
    angle = 2 * np.pi * time * np.arange(frame // 2 + 1) / frame
    window = np.sin(np.pi * time / frame)
    return (window * np.cos(angle)).astype(np.float32), (window * np.sin(angle)).astype(np.float32)
