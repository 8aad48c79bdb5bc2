"""Shifts: every way in which what a denoiser is given differs from what it was trained on."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations import DEGRADATIONS, NOISES, Degradation, draw_noisy
from denoising_pipeline.degradations.drawing import NOISE
from denoising_pipeline.evaluation.metrics import METRICS, mean_intervals
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.pair_names import chosen_names, matched
from denoising_pipeline.images.pixels import Pixels, with_channels, with_depth
from denoising_pipeline.images.sets import ImageSet, of_one_size
from denoising_pipeline.images.source import Source, some
from denoising_pipeline.images.splits import folder_table

logger = logging.getLogger(__name__)

Sources: TypeAlias = Callable[[str], Source]
"""Opens a source by the name of its folder in data/01_raw; ValueError: it cannot be used."""


DENOISERS = {"trained": "", "classical": "classical_", "nothing": "noisy_"}
"""Prefix of its scores by denoiser."""


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


SHIFT = [*Shift._fields]
"""Columns that say how images differ from those of the training."""


def every_shift(
    clean: Images | ImageSet,
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
        clean: Clean test images of one size.
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
        ValueError: The images differ in size, or a degradation changes the number of channels:
            there is no doing nothing then.
    """

    def drawn(
        images: Images | ImageSet, degradation: Degradation = trained, purpose: str = NOISE
    ) -> Images | ImageSet:
        return draw_noisy(images, degradation, seed=seed, split="test", epoch=0, purpose=purpose)

    plain = of_one_size(clean)

    others_than_trained = [NOISES[name].model_validate({}) for name in noises]
    swept = {noise.name: noise for noise in [*others_than_trained, trained]}
    tried = [DEGRADATIONS[name].model_validate({}) for name in dict.fromkeys(degradations)]
    _check_channels([*swept.values(), *tried], plain.shape[-1])
    for name, noise in swept.items():
        own = trained.level_value if noise is trained else None
        for at in _at_levels(noise, levels if own is None else [*levels, own]):
            shift = Shift("noise", name, at.level_value, at.level_value == own)
            yield shift, plain, of_one_size(drawn(clean, at))
    for degradation in tried:
        for at in _at_levels(degradation, severities):
            degraded = drawn(clean, at, f"degradation {at.name}")
            for kind, given in (
                ("degradation", degraded),
                ("degradation and noise", drawn(degraded)),
            ):
                yield Shift(kind, at.name, at.level_value), plain, of_one_size(given)
    for name, images in others.items():
        yield Shift("source", name, trained.level_value), images, of_one_size(drawn(images))


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


def source_images(
    source: Source, shape: tuple[int, ...], count: int, key: str = "robustness.other_source"
) -> Images:
    """Return the first test images of a source.

    Those of a folder are what ingestion takes for the test, where its parameters leave it to the
    folder.

    Args:
        source: IDX or image files.
        shape: (H, W, C) of the images that they are compared with. Of grey and colour the channels
            are made those of `shape`, as `with_channels` does.
        count: How many at most.
        key: The parameter that names the source.

    Returns:
        float32 (N, H, W, C) in [0, 1].

    Raises:
        ValueError: An image is damaged, or their size is not that of `shape`.
    """
    pixels = [with_channels(each, shape[-1]) for each in _test_pixels(source, count, key)]
    sizes = sorted({each.shape[:2] for each in pixels})
    if sizes != [shape[:2]]:
        raise ValueError(
            f"The images of {source.name} are {some([_size(each) for each in sizes])}, those of "
            f"the test {_size(shape[:2])}. Name a source of the same size in {key}."
        )
    return np.stack([with_depth(each, np.float32) for each in pixels])


def _test_pixels(source: Source, count: int, key: str) -> Iterable[Pixels]:
    if source.kind == "folder":
        draws = generator(0, "split", "test")
        files = {name: name for name in source.files}
        if names := chosen_names(files, None):
            files = {name: pair.clean for name, pair in matched(files, names)[0].items()}
        table = folder_table(source.name, list(files), None, None, draws)
        held_out = table.loc[table["split"] == "test", "name"]
        return (source.picture(files[name]).pixels for name in held_out[:count])
    found = source.arrays["test_images"]
    if found.dtype != np.uint8 or found.ndim != 3:  # noqa: PLR2004
        raise ValueError(
            f"The test images of {source.name} are {found.dtype} {found.shape}, not unsigned bytes "
            f"(N, H, W). Name a source of images in {key}."
        )
    return found[:count, ..., np.newaxis]


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def summarize_shifts(shift_scores: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Return mean and interval bounds of each metric that was measured, by shift and denoiser.

    Args:
        shift_scores: A row per shift and image: the columns of `Shift`, and each metric with the
            prefixes of `DENOISERS`.
        confidence: Of the intervals.
    """
    rows, metrics = [], [name for name in METRICS if name in shift_scores]
    for shift, group in shift_scores.groupby(SHIFT, sort=False):
        for denoiser, prefix in DENOISERS.items():
            row = dict(zip(SHIFT, shift, strict=True))
            row |= {"denoiser": denoiser, "n_images": len(group)}
            scores = {name: group[f"{prefix}{name}"].to_numpy() for name in metrics}
            rows.append(row | mean_intervals(scores, confidence))
    return pd.DataFrame(rows)
