"""Batches of noisy and clean images, the same for the same seed, one after the other."""

from collections.abc import Iterator

from denoising_pipeline.arrays import Images
from denoising_pipeline.config import TrainingParameters
from denoising_pipeline.noise import Noise, draw_noisy
from denoising_pipeline.seeding import generator


def noisy_batches(
    clean: Images, noise: Noise, options: TrainingParameters, seed: int
) -> Iterator[tuple[Images, Images]]:
    """Yield the batches of every epoch, in an order that is drawn anew for each epoch.

    Args:
        clean: float32 (N, H, W, C) in [0, 1]; not changed.
        noise: The noise model. Frozen noise (`fresh_noise` false) is that of epoch 0, always.
        options: `epochs`, `batch_size` and `fresh_noise` are read.
        seed: Root seed.

    Yields:
        (noisy, clean), each float32 (batch, H, W, C); the last batch of an epoch may be smaller.
    """
    for epoch in range(options.epochs):
        if epoch == 0 or options.fresh_noise:
            noisy = draw_noisy(clean, noise, seed=seed, split="train", epoch=epoch)
        order = generator(seed, "shuffle", "train", epoch).permutation(len(clean))
        for start in range(0, len(order), options.batch_size):
            batch = order[start : start + options.batch_size]
            yield noisy[batch], clean[batch]
