"""Training a network on what a denoiser gets wrong: its standard deviation at each pixel."""

import math
from collections.abc import Iterator

import numpy as np

from denoising_pipeline.core.backend import dtype_policy
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations import Degradation
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training.batches import Targets, noisy_batches
from denoising_pipeline.training.loop import fit_best
from denoising_pipeline.training.losses import sd_loss
from denoising_pipeline.training.options import TrainingParameters, UncertaintyParameters


def train_sd_estimator(
    denoiser: Denoiser,
    clean: Images,
    noise: Degradation,
    validation: tuple[Images, Images],
    options: UncertaintyParameters,
    seed: int,
) -> Denoiser:
    """Train a copy of a denoiser to give the root of the mean squared error of the denoiser.

    The second network of D. A. Nix and A. S. Weigend, "Estimating the Mean and Variance of the
    Target Probability Distribution" (1994), with the loss `sd_loss`: it sees the noisy image and
    learns E[(clean - denoised)² | noisy]. It has the denoiser's architecture and starts from its
    weights, since where the denoiser sees edges it is uncertain. The noise is none that the
    denoiser was trained on.

    Args:
        denoiser: The trained denoiser; it is not changed.
        clean: Training images, float32 (N, H, W, C) in [0, 1].
        noise: The noise model.
        validation: (noisy, clean) images that choose the epoch whose weights are kept.
        options: `epochs`, `batch_size` and `learning_rate` are read.
        seed: Root seed of the order and the noise.

    Returns:
        A network from noisy images to pictures of the standard deviation, not yet scaled.

    Raises:
        TrainingDivergedError: The loss became NaN or infinite.
    """
    settings = TrainingParameters(
        epochs=options.epochs,
        batch_size=options.batch_size,
        optimizer="adam",
        learning_rate=options.learning_rate,
    )
    own_seed = int(generator(seed, "uncertainty").integers(2**31))
    with dtype_policy(settings.precision):
        model = denoiser.architecture.build(denoiser.image_shape, own_seed)
    model.set_weights(denoiser.model.get_weights())
    noisy, val_clean = validation
    fit_best(
        model,
        _squared_errors(denoiser, noisy_batches(clean, noise, settings, own_seed)),
        math.ceil(len(clean) / settings.batch_size),
        (noisy, np.square(val_clean - denoiser(noisy))),
        settings,
        own_seed,
        loss=sd_loss,
    )
    return Denoiser(denoiser.architecture, denoiser.image_shape, model)


def _squared_errors(
    denoiser: Denoiser, batches: Iterator[tuple[Images, Targets]]
) -> Iterator[tuple[Images, Images]]:
    """Turn (noisy, clean) into (noisy, squared error of the denoiser), batch by batch."""
    for noisy, clean in batches:
        denoised = denoiser.model.predict_on_batch(noisy)
        yield noisy, np.square(clean - np.clip(denoised, 0, 1))
