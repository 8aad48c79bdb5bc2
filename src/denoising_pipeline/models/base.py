"""What every architecture is, and how its weights start."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.core.components import Component
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.arrays import Images

ImageShape: TypeAlias = tuple[int | None, int | None, int]
"""(H, W, C) that a network is built for; H and W are both None for images of any size."""


class Architecture(Component, ABC):
    """A denoising network: its fields are its options, `build` makes the Keras model.

    Attributes:
        any_size: Whether it can be built without a height and a width.
    """

    any_size: ClassVar[bool] = False

    @property
    def told_level(self) -> bool:
        """Whether its input has one more channel: the standard deviation of the noise."""
        return False

    @abstractmethod
    def build(self, image_shape: ImageShape, seed: int, out_channels: int | None = None) -> Any:
        """Build the untrained network, not compiled.

        Args:
            image_shape: (H, W, C) of the images that go in.
            seed: Root seed. Equal seeds give equal initial weights.
            out_channels: Channels of the images that come out; None: as many as go in.

        Returns:
            A `keras.Model` from float32 (N, H, W, C) in [0, 1] to float32 (N, H, W, out_channels),
            with a channel more at the input if the network is `told_level`,
            whatever the precision of the layers between, in [0, 1] if the network is `bounded`.
            It is made of two sub-models: `get_layer("encoder")` and `get_layer("decoder")`.

        Raises:
            ValueError: The network cannot process images of that shape, or cannot give that number
                of channels.
        """

    def fewest_weights(self, image_shape: ImageShape) -> int:
        """Return a number of weights that the network surely has, without building it.

        A file that says that it holds a larger network than it has weights for is found out so.

        Args:
            image_shape: (H, W, C) of the images that go in.
        """
        return 1

    @property
    def bounded(self) -> bool:
        """Whether every value of the output is in [0, 1]; only then does cross-entropy fit."""
        return True

    @property
    def as_bounded(self) -> "Architecture | None":
        """The same with an output in [0, 1], which takes its weights; None: there is none.

        Of a network that is told the noise level there is none: what is trained so is not told.
        """
        return self if self.bounded else None

    @property
    def multiple(self) -> int:
        """What height and width must be multiples of, if it was built for any size."""
        return 1

    @property
    def context(self) -> int | None:
        """How far one pixel is seen: what is farther away from a pixel does not change it.

        The distance, in pixels, is the larger one of rows and columns. None: there is no limit.
        """
        return None

    @property
    def sample_rate(self) -> int | None:
        """Samples a second of the recordings, images of one row, that it takes; None: pictures."""
        return None

    @property
    def multiples(self) -> tuple[int, int]:
        """What height and width must be multiples of; a recording stays one row high."""
        return 1 if self.sample_rate else self.multiple, self.multiple

    @property
    def needs_start(self) -> bool:
        """Whether most weights are not trained, so that they have to come from a denoiser."""
        return False

    def weights_from(
        self, start: "Architecture", weights: Sequence[npt.NDArray[np.float32]]
    ) -> list[npt.NDArray[np.float32]] | None:
        """Return the weights with which it goes on from another network.

        Args:
            start: The architecture of that network.
            weights: Its weights, as `keras.Model.get_weights` gives them.

        Returns:
            Likewise its own; None if it cannot go on from that architecture.
        """
        return list(weights) if start == self else None

    def check(self, image_shape: ImageShape) -> None:
        """Check that the network can be built for a shape, without Keras.

        Raises:
            ValueError: It cannot.
        """
        height, width, _ = image_shape
        if (height is None) != (width is None):
            raise ValueError(f"image_shape {image_shape}: give height and width, or neither.")
        if height is None and not self.any_size:
            raise ValueError(
                f"The architecture {self.name!r} has a weight for every pixel, so it is built for "
                "images of one size. Crop or resize the images, or choose an architecture that "
                "takes any size."
            )

    def _output_channels(
        self, image_shape: ImageShape, out_channels: int | None, *, blended: bool = False
    ) -> int:
        """Return how many channels come out: as many as go in, unless told otherwise.

        Raises:
            ValueError: They are to differ, although the output is blended with the input.
        """
        channels = image_shape[2]
        if blended and out_channels not in (None, channels):
            raise ValueError(
                f"The architecture {self.name!r} blends its estimate with the noisy image, so "
                f"{channels} channels cannot become {out_channels}. Choose output: sigmoid."
            )
        return channels if out_channels is None else out_channels


def with_level(noisy: Images, level: npt.ArrayLike) -> Images:
    """Append the channel that a network which is told the noise level sees.

    Args:
        noisy: float32 (N, H, W, C).
        level: (N,) standard deviation of the noise of each image, or one for all, on the scale of
            [0, 1].

    Returns:
        float32 (N, H, W, C + 1).
    """
    shape = (*noisy.shape[:3], 1)
    levels = np.broadcast_to(np.asarray(level, np.float32).reshape(-1, 1, 1, 1), shape)
    return np.concatenate([noisy, levels], axis=-1)


class SeededInitializers:
    """Kernel initializers that depend on the root seed and the layer's position alone.

    Keras draws a layer's seed from a global generator unless it is given one, so what was built
    before would change the weights.
    """

    def __init__(self, seed: int) -> None:
        """Start at layer 0.

        Args:
            seed: Root seed of the run.
        """
        self._seed = seed
        self._layers = itertools.count()

    def next_kernel(self, scale: float = 1) -> Any:
        """Return the Glorot uniform initializer of the next layer (Glorot and Bengio, 2010).

        Args:
            scale: Factor on the variance.
        """
        draws = generator(self._seed, "weights", index=next(self._layers))
        return load_keras().initializers.VarianceScaling(
            scale, mode="fan_avg", distribution="uniform", seed=int(draws.integers(2**31))
        )


def autoencoder(name: str, image_shape: ImageShape, encoder: Any, decoder: Any) -> Any:
    """Chain two sub-models into the model that `Architecture.build` returns.

    Args:
        name: Name of the whole model.
        image_shape: (H, W, C) of its input.
        encoder: `keras.Model` named `"encoder"`.
        decoder: `keras.Model` named `"decoder"`, from the encoder's output to the image.

    Returns:
        The `keras.Model` that maps x to decoder(encoder(x)).
    """
    keras = load_keras()
    noisy = keras.Input(image_shape, name="noisy")
    return keras.Model(noisy, decoder(encoder(noisy)), name=name)


class Step(NamedTuple):
    """A convolution, a pooling or, transposed, an up-sampling: what matters to how far it sees."""

    kernel: int
    stride: int = 1
    transposed: bool = False


def receptive_radius(steps: Iterable[Step], multiple: int) -> int:
    """Return how far away a pixel of the input can be that changes one of the output.

    The window of the input that an output pixel depends on is followed back step by step, for
    every position that a pixel can have in the grid of the lowest resolution.

    Args:
        steps: From input to output, with padding `"same"` and even sizes before strides.
        multiple: Pixels between two of the lowest resolution.
    """
    backwards = list(steps)[::-1]

    def radius(pixel: int) -> int:
        first = last = pixel
        for kernel, stride, transposed in backwards:
            before = (kernel - stride) // 2
            if transposed:
                first = -((kernel - 1 - before - first) // stride)
                last = (last + before) // stride
            else:
                first = first * stride - before
                last = last * stride - before + kernel - 1
        return max(pixel - first, last - pixel)

    return max(map(radius, range(multiple)))
