"""Classifiers learn to read real digits, the same at every repetition, in the noise they met."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.degradations import Noise, draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.evaluation.classifier import Classifier
from denoising_pipeline.images.arrays import Bytes, Images
from denoising_pipeline.images.idx import read_idx
from denoising_pipeline.models.digit_network import DigitNetwork
from denoising_pipeline.training import train_classifier
from denoising_pipeline.training.options import DownstreamParameters

MNIST = Path(__file__).parents[2] / "data" / "01_raw" / "mnist"
NONE, STRONG = Gaussian(sigma=0.0), Gaussian(sigma=0.5)
LEARNT = 1200


def digits() -> tuple[Images, Bytes]:
    """The first test images of MNIST, of which some are learnt and the rest are read."""
    with (MNIST / "t10k-images-idx3-ubyte.gz").open("rb") as file:
        pixels = read_idx(file)[: LEARNT + 400, ..., np.newaxis]
    images = np.divide(pixels, np.float32(255), dtype=np.float32)
    with (MNIST / "t10k-labels-idx1-ubyte.gz").open("rb") as file:
        return images, read_idx(file)[: len(images)]


def trained(noise: Noise, seed: int = 0, images: int = LEARNT) -> Classifier:
    clean, labels = digits()
    held_out = draw_noisy(clean[LEARNT:], noise, seed=seed, split="val", epoch=0)
    options = DownstreamParameters(epochs=2, batch_size=20)
    validation = held_out[:100], labels[LEARNT : LEARNT + 100]
    return train_classifier(clean[:images], labels[:images], noise, validation, options, 10, seed)


@pytest.mark.parametrize(
    ("precision", "computes"), [("float32", "float32"), ("mixed_bfloat16", "bfloat16")]
)
def test_its_options_are_its_own(precision: Any, computes: str) -> None:
    clean, labels = digits()[0][:40], digits()[1][:40]
    options = DownstreamParameters(
        epochs=1, batch_size=20, precision=precision, optimizer="muon", gradient_clip=None
    )
    found = train_classifier(clean, labels, NONE, (clean, labels), options, 10, 0)
    assert {layer.compute_dtype for layer in found.model.layers} >= {computes}
    assert type(found.model.optimizer).__name__ == "Muon"
    assert found.model.optimizer.global_clipnorm is None


@pytest.fixture(scope="module")
def classifiers() -> dict[str, Classifier]:
    return {"clean": trained(NONE), "noisy": trained(STRONG)}


def accuracy(classifier: Classifier, noise: Noise) -> float:
    clean, labels = digits()
    images = draw_noisy(clean[LEARNT + 100 :], noise, seed=9, split="test", epoch=0)
    read, confidence = classifier(images)
    assert ((confidence >= 0.1) & (confidence <= 1)).all()
    return float(np.mean(read == labels[LEARNT + 100 :]))


def test_each_classifier_is_most_accurate_on_what_it_was_trained_on(
    classifiers: dict[str, Classifier],
) -> None:
    assert accuracy(classifiers["clean"], NONE) > 0.88
    assert accuracy(classifiers["noisy"], STRONG) > 0.75
    assert accuracy(classifiers["clean"], NONE) > accuracy(classifiers["noisy"], STRONG)
    assert accuracy(classifiers["noisy"], STRONG) > accuracy(classifiers["clean"], STRONG)


def weights(classifier: Classifier) -> list[object]:
    return [weight.tolist() for weight in classifier.model.get_weights()]


@pytest.mark.slow
def test_equal_seeds_train_to_the_same_bits_whatever_came_before() -> None:
    found = []
    for before in (1, 2):
        load_keras().utils.set_random_seed(before)
        found.append(weights(trained(STRONG, images=100)))
    assert found[0] == found[1]


def test_the_network_has_the_size_that_it_says() -> None:
    assert DigitNetwork().build((28, 28, 1), seed=0).count_params() == 87_114


@pytest.mark.parametrize(("shape", "classes"), [((5, 7, 3), 2), ((28, 28, 1), 47)])
def test_images_and_labels_of_any_number_are_read(
    shape: tuple[int, int, int], classes: int
) -> None:
    network = DigitNetwork(classes=classes)
    model = network.build(shape, seed=0)
    images = np.random.default_rng(0).random((3, *shape), np.float32)
    probabilities = model.predict(images, verbose=0)
    assert probabilities.shape == (3, classes)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    read, confidence = Classifier(network, shape, model)(images)
    np.testing.assert_array_equal(read, probabilities.argmax(axis=1))
    np.testing.assert_array_equal(confidence, probabilities.max(axis=1))
