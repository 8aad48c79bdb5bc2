"""Training a classifier of digits, on clean or on noisy images."""

import numpy as np

from denoising_pipeline.core.backend import dtype_policy
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations import Degradation
from denoising_pipeline.evaluation.classifier import Classifier
from denoising_pipeline.images.arrays import Bytes, Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.models.digit_network import DigitNetwork
from denoising_pipeline.training.loop import fit_best
from denoising_pipeline.training.objectives.supervised import Supervised
from denoising_pipeline.training.options import DownstreamParameters
from denoising_pipeline.training.sources import CleanExamples


def train_classifier(
    clean: Images | ImageSet,
    labels: Bytes,
    noise: Degradation,
    validation: tuple[Images, Bytes],
    options: DownstreamParameters,
    classes: int,
    seed: int,
) -> Classifier:
    """Train a classifier on images with fresh noise, by cross-entropy.

    Args:
        clean: Training images, all of one size.
        labels: (N,), from 0 to `classes` less one.
        noise: What happens to the images; one of level 0 leaves the images clean.
        validation: (images, labels) that choose the epoch whose weights are kept.
        options: Epochs and so on.
        classes: Number of labels.
        seed: Root seed. Equal seeds give classifiers that began with equal weights.

    Returns:
        The classifier.

    Raises:
        TrainingDivergedError: The loss became NaN or infinite.
    """
    own_seed = int(generator(seed, "classifier").integers(2**31))
    examples = CleanExamples(clean, noise, seed=own_seed, targets=labels.astype(np.int32))
    network = DigitNetwork(classes=classes)
    with dtype_policy(options.precision):
        model = network.build(examples.image_shape, own_seed)
    fit_best(
        model,
        examples,
        Supervised().prepare,
        (validation[0], validation[1].astype(np.int32)),
        options,
        own_seed,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return Classifier(network, examples.image_shape, model)
