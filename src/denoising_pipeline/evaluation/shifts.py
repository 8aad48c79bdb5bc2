"""Shifts: every way in which what a denoiser is given differs from what it was trained on."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from denoising_pipeline.degradations import DEGRADATIONS, NOISES, Degradation, draw_noisy
from denoising_pipeline.images.arrays import Bytes, Images, as_images
from denoising_pipeline.images.sets import ImageSet

logger = logging.getLogger(__name__)

Sources: TypeAlias = Mapping[str, Callable[[], Bytes]]
"""Function that loads a raw file, by the file's path in data/01_raw."""


class Shift(NamedTuple):
    """What differs.

    Attributes:
        kind: `"noise"`, `"degradation"` in place of the noise of the training, `"degradation and
            noise"`, with that noise on top, or `"source"`, with that noise.
        name: Of the noise model, the degradation or the source.
        level: Noise level or severity; 1 for a degradation that has no level.
        trained: Whether nothing differs.
    """

    kind: str
    name: str
    level: float
    trained: bool = False


def every_shift(
    clean: Images,
    others: Mapping[str, Images],
    trained: Degradation,
    seed: int,
    *,
    noises: Sequence[str],
    levels: Sequence[float],
    degradations: Sequence[str],
    severities: Sequence[float],
) -> Iterator[tuple[Shift, Images, Images]]:
    """Yield test images under noise models, degradations and other sources.

    A level that a noise model or degradation does not have is left out, and the log says so.

    Args:
        clean: Clean test images.
        others: Clean test images of other sources by name.
        trained: What the denoiser was trained to undo, with its options: its noise.
        seed: Root seed of the training. The draws are those of the noisy test images: the shift
            that is none yields the same pixels as they have.
        noises: Names of the noise models; that of the training is added.
        levels: Levels of each of them; that of the training is added to its own.
        degradations: Names of the degradations.
        severities: Levels of each of them.

    Yields:
        What differs, the clean images and what a denoiser is given.

    Raises:
        ValueError: One of them changes the number of channels: there is no doing nothing then.
    """

    def noised(images: Images, noise: Degradation = trained) -> Images:
        return draw_noisy(images, noise, seed=seed, split="test", epoch=0)

    others_than_trained = [NOISES[name].model_validate({}) for name in noises]
    swept = {noise.name: noise for noise in [*others_than_trained, trained]}
    tried = [DEGRADATIONS[name].model_validate({}) for name in dict.fromkeys(degradations)]
    _check_channels([*swept.values(), *tried], clean.shape[-1])
    for name, noise in swept.items():
        own = trained.level_value if noise is trained else None
        for at in _at_levels(noise, levels if own is None else [*levels, own]):
            yield (
                Shift("noise", name, at.level_value, at.level_value == own),
                clean,
                noised(clean, at),
            )
    for kind in tried:
        for at in _at_levels(kind, severities):
            purpose = f"degradation {at.name}"
            degraded = draw_noisy(clean, at, seed=seed, split="test", epoch=0, purpose=purpose)
            yield Shift("degradation", at.name, at.level_value), clean, degraded
            yield Shift("degradation and noise", at.name, at.level_value), clean, noised(degraded)
    for name, images in others.items():
        yield Shift("source", name, trained.level_value), images, noised(images)


def _at_levels(degradation: Degradation, levels: Iterable[float]) -> Iterator[Degradation]:
    """Yield a degradation at each level that it has, in their order; if it has none, as it is."""
    if not degradation.level:
        yield degradation
        return
    for level in sorted({*levels}):
        try:
            yield degradation if level == degradation.level_value else degradation.at(level)
        except ValueError:
            logger.warning(
                "%s does not have the level %g, which is left out", degradation.name, level
            )


def _check_channels(degradations: Iterable[Degradation], channels: int) -> None:
    for degradation in degradations:
        if degradation.out_channels(channels) != channels:
            raise ValueError(
                f"{degradation.name} changes the number of channels, so that its images cannot be "
                "compared with the clean ones. Leave it out of robustness.degradations; a denoiser "
                "that was trained for it cannot be tried by this pipeline."
            )


def of_one_size(images: Images | ImageSet, count: int | None = None) -> Images:
    """Return the first images as an array; `count` None: all of them.

    Raises:
        ValueError: The images differ in size.
    """
    if not isinstance(images, ImageSet):
        return images[:count]
    if images.uniform is None:
        raise ValueError(
            "The images of this source differ in size, and robustness compares images of one size. "
            "Crop them to one size, or leave this pipeline out."
        )
    return images.first(count).as_array()


def source_images(sources: Sources, source: str, shape: tuple[int, ...]) -> Images:
    """Load the test images of a source.

    Args:
        sources: Function that loads a raw file by its path in data/01_raw.
        source: Folder in it.
        shape: (H, W, C) of the images that they are compared with.

    Returns:
        float32 (N, H, W, 1) in [0, 1].

    Raises:
        ValueError: There is no such file, or it does not hold grey images of that shape.
    """
    path = f"{source}/t10k-images-idx3-ubyte"
    load = sources.get(f"{path}.gz") or sources.get(path)
    if load is None:
        raise ValueError(
            f"There is no {path}.gz in data/01_raw. Put the four IDX files into the folder, or "
            "name another in robustness.other_source."
        )
    pixels = load()
    if pixels.dtype != np.uint8 or pixels.ndim != 3:  # noqa: PLR2004
        raise ValueError(
            f"{path} holds {pixels.dtype} {pixels.shape}, not unsigned bytes (N, H, W). "
            "Name a source of grey images in robustness.other_source."
        )
    found = (*pixels.shape[1:], 1)
    if found != shape:
        raise ValueError(
            f"The images of {path} are {_size(found)}, those of the test {_size(shape)}. "
            "Name a source of the same size in robustness.other_source."
        )
    return as_images(pixels)


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
