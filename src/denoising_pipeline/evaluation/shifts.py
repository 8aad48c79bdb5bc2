"""Shifts: every way in which what a denoiser is given differs from what it was trained on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from denoising_pipeline.degradations import DEGRADATIONS, NOISES, Noise, draw_degraded, draw_noisy
from denoising_pipeline.images.arrays import Bytes, Images, as_images

Sources: TypeAlias = Mapping[str, Callable[[], Bytes]]
"""Function that loads a raw file, by the file's path in data/01_raw."""


class Shift(NamedTuple):
    """What differs.

    Attributes:
        kind: `"noise"`, `"corruption"` in place of noise, `"corruption and noise"`, with the noise
            of the training on top, or `"source"`, with that noise.
        name: Of the noise model, the corruption or the source.
        level: Noise level or severity.
        trained: Whether nothing differs.
    """

    kind: str
    name: str
    level: float
    trained: bool = False


def every_shift(
    clean: Images,
    others: Mapping[str, Images],
    trained: Noise,
    levels: Sequence[float],
    severities: Sequence[float],
    seed: int,
) -> Iterator[tuple[Shift, Images, Images]]:
    """Yield test images under every noise model, corruption and other source.

    Args:
        clean: Clean test images, float32 (N, H, W, C) in [0, 1].
        others: Clean test images of other sources by name.
        trained: The noise model of the training, with its options.
        levels: Noise levels of every noise model; that of the training is added to its own.
        severities: Severities of the corruptions, in [0, 1].
        seed: Root seed. The draws are those of the noisy test images: the shift that is none
            yields the same pixels as they have.

    Yields:
        What differs, the clean images and what a denoiser is given.
    """
    level = float(getattr(trained, trained.level))

    def noised(images: Images, noise: Noise = trained) -> Images:
        return draw_noisy(images, noise, seed=seed, split="test", epoch=0)

    for name, model in NOISES.items():
        own = name == trained.name
        noise = trained if own else model.model_validate({})
        for at in sorted({*levels, level} if own else {*levels}):
            noisy = noised(clean, noise.model_copy(update={noise.level: at}))
            yield Shift("noise", name, at, own and at == level), clean, noisy
    for name in DEGRADATIONS:
        for severity in sorted({*severities}):
            corrupted = draw_degraded(clean, name, severity, seed=seed, split="test")
            yield Shift("corruption", name, severity), clean, corrupted
            yield Shift("corruption and noise", name, severity), clean, noised(corrupted)
    for name, images in others.items():
        yield Shift("source", name, level), images, noised(images)


def source_images(sources: Sources, source: str) -> Images:
    """Load the test images of a source.

    Args:
        sources: Function that loads a raw file by its path in data/01_raw.
        source: Folder in it.

    Returns:
        float32 (N, H, W, 1) in [0, 1].

    Raises:
        ValueError: There is no such file, or it does not hold grey images.
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
    return as_images(pixels)
