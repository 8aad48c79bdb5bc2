"""Training a network on what a denoiser gets wrong: its standard deviation at each pixel."""

from typing import Any

import numpy as np

from denoising_pipeline.core.backend import dtype_policy
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations import Degradation
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.training.batches import Batch
from denoising_pipeline.training.loop import fit_best
from denoising_pipeline.training.losses import sd_loss
from denoising_pipeline.training.options import UncertaintyParameters
from denoising_pipeline.training.sources import CleanExamples


def train_sd_estimator(
    denoiser: Denoiser,
    clean: Images | ImageSet,
    noise: Degradation,
    validation: tuple[Images, Images],
    options: UncertaintyParameters,
    seed: int,
) -> Denoiser:
    """Train a copy of a denoiser to give the root of the mean squared error of the denoiser.

    The second network of D. A. Nix and A. S. Weigend, "Estimating the Mean and Variance of the
    Target Probability Distribution" (1994), with the loss `sd_loss`: it sees the noisy image and
    learns E[(clean - denoised)² | noisy]. It has the denoiser's architecture, with an output in
    [0, 1], and starts from its weights, since where the denoiser sees edges it is uncertain. The
    noise is none that the denoiser was trained on.

    Args:
        denoiser: The trained denoiser; it is not changed.
        clean: Training images, all of one size.
        noise: What the denoiser was trained to undo.
        validation: (noisy, clean) images that choose the epoch whose weights are kept.
        options: Epochs and so on.
        seed: Root seed of the order and the noise.

    Returns:
        A network from noisy images to pictures of the standard deviation, not yet scaled.

    Raises:
        TrainingDivergedError: The loss became NaN or infinite.
        ValueError: The architecture has no bounded output, or is told the noise level.
    """
    architecture = denoiser.architecture.as_bounded
    if architecture is None:
        name, told = denoiser.architecture.name, denoiser.architecture.told_level
        why = (
            f"{name!r} is told the noise level, which what learns its errors would not be"
            if told
            else f"A standard deviation is 0 or more, and the output of {name!r} is not bounded"
        )
        raise ValueError(
            f"{why}. Train a denoiser of another architecture (training.model.name), such as "
            "residual_unet, for its uncertainty."
        )

    def squared_errors(examples: Batch, draws: np.random.Generator) -> Batch:
        denoised: Any = denoiser(examples.input)
        return Batch(examples.input, np.square(examples.target - denoised))

    own_seed = int(generator(seed, "uncertainty").integers(2**31))
    examples = CleanExamples(clean, noise, seed=own_seed)
    shape = (*examples.image_shape[:2], denoiser.image_shape[2])
    with dtype_policy(options.precision):
        model = architecture.build(shape, own_seed, denoiser.out_channels)
    model.set_weights(denoiser.model.get_weights())
    noisy, val_clean = validation
    fit_best(
        model,
        examples,
        squared_errors,
        (noisy, np.square(val_clean - denoiser(noisy))),
        options,
        own_seed,
        loss=sd_loss,
    )
    return Denoiser(architecture, shape, model)
