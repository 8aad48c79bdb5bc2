"""What chooses the weights: images held out, compared with clean ones or as the objective does."""

from typing import Any, TypeAlias

import numpy as np

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.images.patches import centre_patches
from denoising_pipeline.images.sets import ImageSet, of_one_size
from denoising_pipeline.models.base import with_level
from denoising_pipeline.training.batches import Batch, Targets
from denoising_pipeline.training.levels import levels_of, residual_level
from denoising_pipeline.training.losses import mean_psnr, risk, unpacked
from denoising_pipeline.training.objectives import Objective
from denoising_pipeline.training.options import TrainingParameters

Validation: TypeAlias = tuple[Images | ImageSet, Images | ImageSet | None]
"""(noisy, clean) images; for a self-supervised objective (noisy, second shot) or (noisy, None)."""


def validation_data(
    validation: Validation, options: TrainingParameters, seed: int, *, recorded: bool
) -> tuple[Images, Targets]:
    """Return what Keras compares after every epoch, always the same.

    Noisy images are compared with the clean ones. Where the objective is self-supervised, its own
    loss on images held out chooses the weights: they are prepared as in training, with draws that
    are fixed.

    Args:
        validation: The images. Of sets, the patch in the middle of every image is taken.
        options: `objective`, `patch` and whether `model` is told the noise level are read.
        seed: Root seed of what the objective draws.
        recorded: Whether the noise came with the images, so that its level has to be estimated.

    Returns:
        Input and target; a mask is the last channel of the target.

    Raises:
        ValueError: There is no target, and the objective needs one.
    """
    images, targets = validation
    objective, told = options.objective, options.model.told_level
    noisy = validation_images(images, options.patch)
    target = None if targets is None else validation_images(targets, options.patch)
    if objective.self_supervised:
        batch = Batch(noisy, target)
        if told:
            batch = batch._replace(level=_estimated(images, noisy))
        if told and targets is not None and target is not None:
            batch = batch._replace(target_level=_estimated(targets, target))
        ready = objective.prepare(batch, generator(seed, "objective", "val"))
        input_, compared = ready.input, ready.compared
        return (input_ if ready.level is None else with_level(input_, ready.level)), compared
    if target is None:
        raise ValueError(
            f"The objective `{objective.name}` is validated on clean images, and there are noisy "
            "ones only. Train on pairs, or choose another training.objective."
        )
    if not told:
        return noisy, target
    level = _estimated(images, noisy) if recorded else residual_level(noisy, target)
    return with_level(noisy, level), target


def validation_images(images: Images | ImageSet, patch: int | None) -> Images:
    """Return images as Keras takes them for validation, float32 (N, H, W, C).

    Args:
        images: Images of one size, or of any sizes where patches are learnt from.
        patch: Height and width of what is learnt from; then the patch in the middle of every image
            is taken, always the same one. Whole images are scored by evaluation.
    """
    return of_one_size(images) if patch is None else centre_patches(ImageSet.of(images), patch)


def shown_metric(objective: Objective) -> Any:
    """Return what is shown beside the loss: `psnr` or, without clean images, `risk`."""
    name, values = ("risk", risk) if objective.self_supervised else ("psnr", mean_psnr)
    return load_keras().metrics.MeanMetricWrapper(unpacked(values), name=name)


def _estimated(images: Images | ImageSet, seen: Images) -> Values:
    return levels_of(ImageSet.of(images))(np.arange(len(seen)), seen)
