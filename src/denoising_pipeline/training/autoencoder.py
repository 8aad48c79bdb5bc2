"""Training autoencoders for their codes."""

from denoising_pipeline.core.backend import dtype_policy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.models import Architecture
from denoising_pipeline.training.loop import fit_best
from denoising_pipeline.training.losses import loss_by_name, unpacked
from denoising_pipeline.training.objectives.supervised import Supervised
from denoising_pipeline.training.options import FitOptions
from denoising_pipeline.training.sources import CleanExamples


def train_autoencoder(
    images: Images,
    validation: Images,
    architecture: Architecture,
    options: FitOptions,
    seed: int,
    *,
    sigma: float = 0.0,
    quiet: bool = False,
) -> Denoiser:
    """Train an autoencoder to give back images, by cross-entropy where its output is bounded.

    Else it is the squared error. Both are least where the output is the mean of all images that
    have the same code.

    Args:
        images: float32 (N, H, W, C) in [0, 1], N 1 or more.
        validation: Likewise; they choose the epoch whose weights are kept.
        architecture: The network.
        options: Epochs and so on.
        seed: Root seed.
        sigma: Standard deviation of Gaussian noise on the input, clipped to [0, 1]; 0: none.
        quiet: Print nothing.

    Returns:
        A denoiser without a card.

    Raises:
        TrainingDivergedError: The loss became NaN or infinite.
    """
    examples = CleanExamples(images, Gaussian(sigma=sigma), seed=seed)
    with dtype_policy(options.precision):
        model = architecture.build(examples.image_shape, seed)
    loss = loss_by_name("binary_crossentropy" if architecture.bounded else "mse", mse_floor=0.0)
    fit_best(
        model,
        examples,
        Supervised().prepare,
        (validation, validation),
        options,
        seed,
        unpacked(loss),
        quiet=quiet,
    )
    return Denoiser(architecture, examples.image_shape, model)
