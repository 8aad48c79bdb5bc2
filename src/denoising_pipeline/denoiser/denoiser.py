"""The trained thing: images in, cleaner images out."""

import sys
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from denoising_pipeline.denoiser.inputs import checked
from denoising_pipeline.denoiser.memory import bytes_per_pixel, pixels_within
from denoising_pipeline.denoiser.quality import Quality
from denoising_pipeline.denoiser.shipped import DEFAULT, denoiser_file
from denoising_pipeline.denoiser.views import mean_of_views
from denoising_pipeline.images.arrays import Images, Values, new_array
from denoising_pipeline.images.noise_level import estimate_noise
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.tiles import round_up, tile_size, tiles
from denoising_pipeline.models import Architecture
from denoising_pipeline.models.base import ImageShape, with_level

if TYPE_CHECKING:  # A card knows all degradations, and takes as long to import as all else here.
    from denoising_pipeline.denoiser.card import Card

MAX_MEMORY = 3 * 2**29
"""Bytes that a network for images of any size takes at once, unless told otherwise."""

BEYOND = 16.0
"""How far noise that is not clipped may lead out of [0, 1]: images of 8 bits lead farther."""


class Denoiser:
    """A network together with what it takes to build it again.

    Attributes:
        architecture: The options that the network was built from.
        image_shape: (H, W, C) of the images that it accepts; H and W are None: any size.
        model: The `keras.Model`, or an `OnnxNetwork`, which has no encoder and decoder.
        quality: Predicts how good its images are, or None.
    """

    def __init__(
        self,
        architecture: Architecture,
        image_shape: ImageShape,
        model: Any,
        card: "Card | None" = None,
        quality: Quality | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            architecture: What `model` was built from.
            image_shape: (H, W, C) that `model` was built for.
            model: A `keras.Model` from `architecture.build`.
            card: What it was made from; None: nobody knows.
            quality: Predicts how good its images are; None: nobody has learnt that.
        """
        self.architecture = architecture
        self.image_shape = image_shape
        self.model = model
        self._card = card
        self.quality = quality

    @classmethod
    def load(cls, name_or_path: str | Path = DEFAULT) -> "Denoiser":
        """Load a denoiser that lies in the package, by its name, or any other from its file.

        Raises:
            FileNotFoundError: There is neither.
            ValueError: The file holds no denoiser that this version of the package knows.
        """
        from denoising_pipeline.denoiser.file import load_denoiser

        return load_denoiser(denoiser_file(name_or_path))

    def denoise(
        self,
        image: Any,
        strength: float = 1.0,
        sigma: float | None = None,
        *,
        fast: bool = False,
        best: bool = False,
    ) -> Any:
        """Denoise one image in the form that it has, by the function that files go through.

        Args:
            image: An array as in an NPY file, (H, W), (H, W, C) or a stack, of integers on the
                whole range of their type or of floats; a Pillow image; or the path of a file.
            strength: From 0, the image as it was, to 1, as the network gives it.
            sigma: Standard deviation of the noise on the scale of [0, 1]; None: estimated.
            fast: See `Denoiser.__call__`.
            best: Likewise.

        Returns:
            An array of the same shape and type; a Pillow image of the same mode and size; or, of a
            path, the bytes of the denoised file in the same format.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: The image cannot be read or denoised; the message says why.
        """
        from denoising_pipeline.denoiser.picture import Settings, denoise_any

        return denoise_any(image, self, Settings(strength, sigma, fast=fast, best=best))

    @property
    def card(self) -> "Card":
        """What it was made from.

        Raises:
            ValueError: It has no card: it was put together by hand.
        """
        if self._card is None:
            raise ValueError(
                "This denoiser has no card, so nobody knows what it was trained on. Train it by "
                "the pipeline, or give `Denoiser` a card."
            )
        return self._card

    @overload
    def __call__(
        self,
        noisy: Images,
        batch_size: int = 512,
        max_memory: int | None = None,
        sigma: float | None = None,
        *,
        unclipped: bool = False,
        fast: bool = False,
        best: bool = False,
    ) -> Images: ...

    @overload
    def __call__(
        self,
        noisy: ImageSet,
        batch_size: int = 512,
        max_memory: int | None = None,
        sigma: float | None = None,
        *,
        unclipped: bool = False,
        fast: bool = False,
        best: bool = False,
    ) -> ImageSet: ...

    def __call__(
        self,
        noisy: Images | ImageSet,
        batch_size: int = 512,
        max_memory: int | None = None,
        sigma: float | None = None,
        *,
        unclipped: bool = False,
        fast: bool = False,
        best: bool = False,
    ) -> Images | ImageSet:
        """Denoise images.

        A network for any size takes images of any size. What would need more than `max_memory` is
        denoised in tiles, each read with as much around it as the network sees: the result is that
        of the whole image.

        Args:
            noisy: float32 (N, H, W, C), or a set; N may be 0. Values are in [0, 1]; where the
                degradation of the card is not clipped, they may leave it by `BEYOND`. It is not
                changed, and may be a mapped file: a batch or a tile of it is read at a time.
            batch_size: Images per forward pass, at most: more is faster and takes more memory.
            max_memory: Bytes that a network for any size may take at once, by a cautious estimate,
                beside the process itself and the result; None: `MAX_MEMORY`.
            sigma: Standard deviation of the noise, on the scale of [0, 1], for a network that is
                told it; None: estimated from each image.
            unclipped: Values may leave [0, 1] by `BEYOND`, whatever the card says.
            fast: Compute by OpenVINO, in bfloat16 where the processor has it: about twice as fast,
                and values differ by some thousandths.
            best: Average what the network makes of eight views; see `mean_of_views`.

        Returns:
            A new float32 array or set of the same sizes, in [0, 1]; if it is large, it lies in an
            unnamed temporary file (see `new_array`).

        Raises:
            TypeError: `noisy` is an array that is not float32.
            ValueError: `noisy` has another shape or number of channels than the network takes, has
                values outside of its range or NaN, `max_memory` is too little for any tile,
                `sigma` is given to a network that is not told it, or see `check_ways`.
        """
        self.check_sigma(sigma)
        self.check_ways(fast, best)
        run = self._network(fast).predict_on_batch
        network = partial(mean_of_views, run) if best else run
        one_row = self.architecture.sample_rate is not None
        takes = (1, *self.image_shape[1:]) if one_row else self.image_shape
        images = checked(noisy, takes, 0 if self.clipped and not unclipped else BEYOND)
        shapes = images.shapes.copy()
        shapes[:, 2] = channels = self.out_channels
        values = new_array((int(shapes.prod(1).sum()),))
        start = 0
        memory = MAX_MEMORY if max_memory is None else max_memory
        for together, size in self._portions(images, batch_size, memory):
            height, width, _ = images.shape(together.start)
            positions = range(together.start, together.stop)
            end = start + len(positions) * height * width * channels
            denoised = values[start:end].reshape(-1, height, width, channels)
            levels = self._levels(images, positions, sigma)
            for tile in tiles(height, width, size, self._context, self._multiples):
                pixels = np.stack([images.read(i, tile.read) for i in positions])
                found = self._denoise(network, pixels, levels)
                denoised[:, *tile.keep.slices] = found[:, *tile.kept.slices]
            start = end
        if isinstance(noisy, ImageSet):
            return ImageSet(values, shapes)
        return values.reshape(*noisy.shape[:-1], self.out_channels)

    def check_sigma(self, sigma: float | None) -> None:
        """Check that a noise level can be given.

        Raises:
            ValueError: One is given to a network that is not told it.
        """
        if sigma is not None and not self.architecture.told_level:
            raise ValueError(
                f"This denoiser ({self.architecture.name}) is not told the noise level: it finds "
                "it by itself. Leave sigma out, or take a denoiser that is told, such as `photos`."
            )

    def check_ways(self, fast: bool, best: bool) -> None:
        """Check that it can compute fast, and its best, if it shall.

        Raises:
            ValueError: The extra `fast` is not installed, or its network is Keras's and no ONNX; or
                it was not trained on views of all kinds, so that it would be worse on some.
        """
        self._network(fast)
        flips = self._card and self._card.training.get("flips")
        if best and not (self.any_size and flips == "all"):
            raise ValueError(
                "This denoiser was not trained on pictures that are turned and mirrored every way "
                "(training.flips=all), and would be worse on some of them: leave `best` out."
            )

    def check_memory(self, max_memory: int | None) -> None:
        """Check that an image fits into a memory, if only a tiny one.

        Raises:
            ValueError: None does.
        """
        if max_memory is not None:
            self._pixels_at_once(1, 1, max_memory)

    @property
    def any_size(self) -> bool:
        """Whether it takes images of any height and width."""
        return self.image_shape[0] is None

    @property
    def clipped(self) -> bool:
        """Whether it takes values in [0, 1] only."""
        return self._card is None or self._card.noise.clipped

    @property
    def trained_up_to(self) -> float | None:
        """The noise level up to which it was trained, on the scale of [0, 1]; None: not known."""
        from denoising_pipeline.degradations.camera import Camera
        from denoising_pipeline.degradations.gaussian import Gaussian

        noise = self._card.noise if self._card else None
        return noise.sigma if isinstance(noise, Camera | Gaussian) else None

    @property
    def usual_bits(self) -> int | None:
        """The bits that its training images needed, where they were stored in 16; None: not known.

        Images that need as many are seen as those were.
        """
        return self._card.images.bits if self._card else None

    @property
    def for_noise(self) -> bool:
        """Whether it was trained to undo noise and nothing else, as far as is known."""
        return self._card is None or self._card.for_noise

    @property
    def out_channels(self) -> int:
        """Channels of the images that it gives."""
        return int(self.model.output_shape[-1])

    @property
    def encoder(self) -> Any:
        """The `keras.Model` from images to the bottleneck."""
        return self.model.get_layer("encoder")

    @property
    def decoder(self) -> Any:
        """The `keras.Model` from the bottleneck to images."""
        return self.model.get_layer("decoder")

    @property
    def weight_count(self) -> int:
        """The number of weights, biases included."""
        return int(self.model.count_params())

    def _network(self, fast: bool) -> Any:
        if fast and not hasattr(self.model, "fast"):
            raise ValueError(
                "Only a portable denoiser computes fast, and this one's network is Keras's: "
                "`kedro export --to NAME.zip` makes a portable one of it."
            )
        return self.model.fast if fast else self.model

    @property
    def _multiples(self) -> tuple[int, int]:
        return self.architecture.multiples if self.any_size else (1, 1)

    @property
    def _context(self) -> int:
        return (self.architecture.context or 0) if self.any_size else 0

    @cached_property
    def _bytes_per_pixel(self) -> int:
        known: int | None = getattr(self.model, "bytes_per_pixel", None)
        return known or bytes_per_pixel(self.model, self._multiples)

    def _portions(
        self, images: ImageSet, batch_size: int, max_memory: int
    ) -> Iterator[tuple[slice, tuple[int, int]]]:
        """Yield which images of one size are denoised together, and the size of their tiles."""
        first = 0
        for (height, width, _), same in groupby(map(images.shape, range(len(images)))):
            last = first + sum(1 for _ in same)
            pixels = self._pixels_at_once(height, width, max_memory)
            size = tile_size(height, width, pixels, self._context, self._multiples)
            rows, columns = self._multiples
            whole = round_up(height, rows) * round_up(width, columns)
            count = max(1, min(batch_size, pixels // whole))
            for start in range(first, last, count):
                yield slice(start, min(start + count, last)), size
            first = last

    def _pixels_at_once(self, height: int, width: int, max_memory: int) -> int:
        if not self.any_size or self.architecture.context is None:
            return sys.maxsize
        given = (max_memory, self._bytes_per_pixel, (height, width))
        return pixels_within(*given, self._context, self._multiples)

    def _levels(self, images: ImageSet, positions: range, sigma: float | None) -> Values | None:
        """Return the noise level of each image, or None for a network that is not told it."""
        if not self.architecture.told_level:
            return None
        if sigma is not None:
            return np.full(len(positions), sigma)
        return np.array([estimate_noise(images.read(i)).told for i in positions])

    def _denoise(
        self, network: Callable[[Images], Images], pixels: Images, levels: Values | None
    ) -> Images:
        """Run the network, with images reflected at the bottom and on the right to its multiple."""
        height, width = pixels.shape[1:3]
        rows, columns = self._multiples
        bottom, right = -height % rows, -width % columns
        if bottom or right:
            pixels = np.pad(pixels, ((0, 0), (0, bottom), (0, right), (0, 0)), "reflect")
        if levels is not None:
            pixels = with_level(pixels, levels)
        # `predict` is slower; this is traced anew for the second size only, then for none.
        denoised: Images = network(pixels)[:, :height, :width]
        return np.clip(denoised, 0, 1)
