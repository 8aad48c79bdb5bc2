"""What is learnt from clean images, from pairs, and from noisy images alone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from denoising_pipeline.degradations import Degradation, draw_noisy, draw_noisy_block
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.source import some
from denoising_pipeline.images.splits import recorded_of
from denoising_pipeline.training.batches import Batch, Targets
from denoising_pipeline.training.examples import Examples
from denoising_pipeline.training.levels import LevelsOf, levels_of, residual_level
from denoising_pipeline.training.objectives import Objective
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.validation import Validation

SECOND_SHOT = "second shot"
"""What is drawn, if it is the noise of a target."""


@dataclass(frozen=True, eq=False)
class CleanExamples(Examples):
    """Clean images, degraded afresh in every epoch: (degraded, clean).

    Attributes:
        degradation: What the images go through.
        fresh: Draw it anew in every epoch; else it is that of epoch 0, always.
        targets: (N, ...) what is to be learnt of each whole image, such as its label; None: the
            clean image.
        second_shot: Learn another degraded image instead of the clean one.
    """

    recorded: ClassVar[bool] = False

    degradation: Degradation
    _: KW_ONLY
    fresh: bool = True
    targets: Targets | None = None
    second_shot: bool = False

    def __post_init__(self) -> None:
        """Check that the degradation of a patch is a patch of the degraded image."""
        super().__post_init__()
        if self.patch is not None and self.degradation.whole_image:
            raise ValueError(
                f"{self.degradation.describe()} is laid out over the whole image, so it cannot be "
                "learnt from patches. Set training.patch to null, or another noise_injection."
            )

    @classmethod
    def of(
        cls,
        images: Images | ImageSet,
        degradation: Degradation,
        options: TrainingParameters,
        seed: int,
    ) -> Self:
        """Return the examples that parameters ask for."""
        return cls(
            images,
            degradation,
            seed=seed,
            fresh=options.fresh_noise,
            second_shot=options.objective.second_shot,
            **places(options),
        )

    @property
    def channels(self) -> tuple[int, int]:
        """The number of channels of inputs and of image targets."""
        channels = self.image_shape[2]
        degraded = self.degradation.out_channels(channels)
        return degraded, degraded if self.second_shot else channels

    def block(self, epoch: int, block: int) -> Batch:
        """Return the examples of a block in an epoch."""
        (clean,) = self.views(epoch, block)
        drawn = epoch if self.fresh else 0
        degraded = draw_noisy_block(
            clean, self.degradation, seed=self.seed, split="train", epoch=drawn, block=block
        )
        if self.targets is not None:
            return Batch(degraded, self.targets[self._place(block)])
        level = residual_level(degraded, clean) if self.told else None
        if not self.second_shot:
            return Batch(degraded, clean, level=level)
        second = self.degradation.apply(clean, self._draws(SECOND_SHOT, drawn, block))
        second_level = residual_level(second, clean) if self.told else None
        return Batch(degraded, second, level=level, target_level=second_level)


@dataclass(frozen=True, eq=False)
class PairExamples(Examples):
    """Pairs of images: (noisy, clean), or (noisy, another shot of the same).

    Attributes:
        targets: The second image of each pair, of the size of the first.
    """

    targets: Images | ImageSet

    def __post_init__(self) -> None:
        """Check that the two belong together."""
        super().__post_init__()
        one, other = (ImageSet.of(images).shapes[:, :2] for images in (self.images, self.targets))
        if not np.array_equal(one, other):
            raise ValueError("The images of the pairs differ in number or size.")

    @property
    def channels(self) -> tuple[int, int]:
        """The number of channels of inputs and of image targets."""
        return ImageSet.of(self.images).channels, ImageSet.of(self.targets).channels

    def block(self, epoch: int, block: int) -> Batch:
        """Return the examples of a block in an epoch."""
        noisy, target = self.views(epoch, block, self.targets)
        if not self.told:
            return Batch(noisy, target)
        level, target_level = (
            levels(self.origins(epoch, block), seen)
            for levels, seen in zip(self._levels, (noisy, target), strict=True)
        )
        return Batch(noisy, target, level=level, target_level=target_level)

    @cached_property
    def _levels(self) -> tuple[LevelsOf, LevelsOf]:
        return levels_of(ImageSet.of(self.images)), levels_of(ImageSet.of(self.targets))


@dataclass(frozen=True, eq=False)
class NoisyExamples(Examples):
    """Noisy images alone: what is to be learnt, an objective makes of them."""

    def block(self, epoch: int, block: int) -> Batch:
        """Return the examples of a block in an epoch."""
        (noisy,) = self.views(epoch, block)
        level = self._levels(self.origins(epoch, block), noisy) if self.told else None
        return Batch(noisy, None, level=level)

    @cached_property
    def _levels(self) -> LevelsOf:
        return levels_of(ImageSet.of(self.images))


def places(options: TrainingParameters) -> dict[str, Any]:
    """Return what parameters say of all examples: where they are cut and how they are turned."""
    return {
        "shift": options.shift,
        "patch": options.patch,
        "patches": options.patches_per_epoch,
        "detail": options.detail,
        "grey": options.grey,
        "flips": options.flips,
    }


def check_without_clean(objective: Objective, source: str) -> None:
    """Check that an objective can learn from noisy images alone.

    Args:
        objective: The objective.
        source: What errors call the images.

    Raises:
        ValueError: It compares with clean images.
    """
    if not objective.self_supervised:
        raise ValueError(
            f"training.objective.name is {objective.name}, which compares with clean images, and "
            f"{source} has noisy ones alone (ingestion.noisy). Set it to neighbor2neighbor or "
            "blind_spot, or to noise2noise where every scene was taken more than once."
        )


def learnt_from(
    clean: Images | ImageSet,
    recorded: ImageSet,
    splits: pd.DataFrame,
    validation: tuple[Images | ImageSet, Images | ImageSet],
    degradation: Degradation,
    options: TrainingParameters,
    seed: int,
) -> tuple[Examples, Validation]:
    """Return the examples that a source gives, and what the weights are chosen by.

    Args:
        clean: The clean images to train on; none, where the source has noisy ones alone.
        recorded: All noisy images of the source, if it has any; see `recorded_of`.
        splits: Which of them are of which split, and of which scene, if it is known.
        validation: Noisy and clean validation images; of noisy images alone, no clean ones.
        degradation: What clean images go through.
        options: Objective, patches and so on.
        seed: Root seed.

    Raises:
        ValueError: The objective needs a second shot of every scene, and some have none.
    """
    noisy, val_clean = validation
    second_shot = options.objective.second_shot
    if degradation.drawn:
        examples = CleanExamples.of(clean, degradation, options, seed)
        if second_shot:
            return examples, (noisy, second_shots(val_clean, degradation, seed, "val"))
        return examples, validation
    place = {"seed": seed, **places(options)}
    shots = recorded_of(recorded, splits, "train")
    if len(clean):
        return PairExamples(shots, clean, **place), validation
    if not second_shot:
        return NoisyExamples(shots, **place), (noisy, None)
    others = shots.take(partners(splits, "train"))
    val_others = ImageSet.of(noisy).take(partners(splits, "val"))
    return PairExamples(shots, others, **place), (noisy, val_others)


def second_shots(
    clean: Images | ImageSet, degradation: Degradation, seed: int, split: str
) -> Images | ImageSet:
    """Draw noise of its own for the targets of validation or test images."""
    return draw_noisy(clean, degradation, seed=seed, split=split, epoch=0, purpose=SECOND_SHOT)


def partners(splits: pd.DataFrame, split: str) -> Sequence[int]:
    """Return for each image of a split the position of another shot of its scene.

    Args:
        splits: `split` of every image and, if it is known, `scene`; where files have pages, `shots`
            instead, as `folder_table` says.
        split: `"train"`, `"val"` or `"test"`.

    Returns:
        The next shot of the scene within the split; for its last one the first.

    Raises:
        ValueError: Scenes are not known, or one was taken only once.
    """
    if "scene" not in splits:
        raise ValueError(
            "training.objective.name is noise2noise, which compares shots of one scene: say in "
            "ingestion.scene which part of a file's name is the scene, or set it to "
            "neighbor2neighbor."
        )
    shots: dict[str, list[int]] = defaultdict(list)
    column = "shots" if "shots" in splits else "scene"
    for position, scene in enumerate(splits.loc[splits["split"] == split, column]):
        shots[scene].append(position)
    if single := [scene for scene, found in shots.items() if len(found) == 1]:
        raise ValueError(
            f"There is only one shot of {some(single)}, and training.objective.name is "
            "noise2noise. Remove these images, correct ingestion.scene, or set it to "
            "neighbor2neighbor."
            + " Where the pages of a file show one still scene, set ingestion.still to true."
            * (column == "shots")
        )
    following = {
        one: other
        for found in shots.values()
        for one, other in zip(found, [*found[1:], found[0]], strict=True)
    }
    return [following[position] for position in range(len(following))]
