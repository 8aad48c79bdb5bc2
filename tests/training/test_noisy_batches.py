"""What training sees: every image once per epoch, in a new order, with the noise it is due."""

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from denoising_pipeline.degradations import NOISE_BLOCK, draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training import noisy_batches
from denoising_pipeline.training.batches import WINDOW_BLOCKS, shifted
from denoising_pipeline.training.options import TrainingParameters

NOISE = Gaussian(sigma=0.2)
Epoch = tuple[npt.NDArray[np.intp], Images]
"""Positions of the images in the order that they came, and their noisy versions in fixed order."""


def marked(count: int) -> Images:
    """Images whose every pixel tells which one it is."""
    ramp = np.linspace(0.1, 0.9, count, dtype=np.float32)
    return np.broadcast_to(ramp[:, None, None, None], (count, 3, 2, 1)).copy()


def options(
    epochs: int = 3, batch_size: int = 10, fresh_noise: bool = True, shift: int = 0
) -> TrainingParameters:
    return TrainingParameters(
        epochs=epochs, batch_size=batch_size, fresh_noise=fresh_noise, shift=shift
    )


def epochs_of(clean: Images, chosen: TrainingParameters, seed: int = 0) -> list[Epoch]:
    """Put the batches of each epoch together, in the order of the images."""
    batches = noisy_batches(clean, NOISE, chosen, seed)
    found = []
    steps = -(-len(clean) // chosen.batch_size)
    for _ in range(chosen.epochs):
        noisy, same = (np.concatenate(parts) for parts in zip(*islice(batches, steps), strict=True))
        order = np.searchsorted(clean[:, 0, 0, 0], same[:, 0, 0, 0])
        in_place = np.empty_like(noisy)
        in_place[order] = noisy
        found.append((order, in_place))
    assert next(batches, None) is None
    return found


@settings(max_examples=30, deadline=None)
@given(
    count=st.integers(1, 40),
    batch_size=st.integers(1, 50),
    epochs=st.integers(1, 3),
    fresh_noise=st.booleans(),
)
def test_every_image_comes_once_in_every_epoch(
    count: int, batch_size: int, epochs: int, fresh_noise: bool
) -> None:
    clean = marked(count)
    for order, _ in epochs_of(clean, options(epochs, batch_size, fresh_noise)):
        np.testing.assert_array_equal(np.sort(order), np.arange(count))


def test_the_last_batch_of_an_epoch_is_what_is_left() -> None:
    sizes = [
        (len(noisy), len(clean))
        for noisy, clean in noisy_batches(marked(25), NOISE, options(epochs=2, batch_size=10), 0)
    ]
    assert sizes == [(10, 10), (10, 10), (5, 5)] * 2


def test_each_of_many_epochs_has_an_order_of_its_own() -> None:
    """Shuffling once would be enough to repeat one order for ever."""
    orders = {order.tobytes() for order, _ in epochs_of(marked(30), options(epochs=20))}
    orders.add(np.arange(30).tobytes())
    assert len(orders) == 21


@pytest.mark.parametrize("fresh_noise", [True, False])
def test_the_noise_of_an_epoch_is_that_of_the_one_function(fresh_noise: bool) -> None:
    """Fresh noise is drawn for its epoch; frozen noise is that of epoch 0, to the bit."""
    clean = marked(30)
    for epoch, (_, noisy) in enumerate(epochs_of(clean, options(fresh_noise=fresh_noise), seed=4)):
        drawn = draw_noisy(clean, NOISE, seed=4, split="train", epoch=epoch if fresh_noise else 0)
        np.testing.assert_array_equal(noisy, drawn)


def test_fresh_noise_is_new_in_every_epoch_for_every_image() -> None:
    clean = marked(30)
    (_, first), (_, second), (_, third) = epochs_of(clean, options())
    for one, other in ((first, second), (second, third), (first, third)):
        assert np.all(np.any(one != other, axis=(1, 2, 3)))


def test_neither_batch_size_nor_order_changes_the_noise_of_an_image() -> None:
    """Also across the blocks that share a generator."""
    clean = marked(NOISE_BLOCK + 10)
    (_, small), (_, large) = (
        epochs_of(clean, options(epochs=1, batch_size=size))[0] for size in (7, 500)
    )
    np.testing.assert_array_equal(small, large)


@pytest.mark.parametrize("part", [lambda epoch: epoch[0], lambda epoch: epoch[1]])
def test_the_seed_decides_order_and_noise(part: Callable[[Epoch], Images]) -> None:
    first, again, other = (epochs_of(marked(30), options(epochs=2), seed) for seed in (1, 1, 2))
    for one, same, different in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(part(one), part(same))
        assert not np.array_equal(part(one), part(different))


def test_batches_are_float32_copies_and_the_images_stay_as_they_were() -> None:
    clean = marked(12)
    before = clean.copy()
    clean.flags.writeable = False
    for noisy, same in noisy_batches(clean, NOISE, options(epochs=1, batch_size=5), 0):
        assert noisy.dtype == same.dtype == np.float32
        same[:] = noisy[:] = 0
    np.testing.assert_array_equal(clean, before)


def test_more_images_than_are_shuffled_together_still_come_once_each() -> None:
    """Batches go across windows: only the last one of the epoch is smaller."""
    clean = marked(WINDOW_BLOCKS * NOISE_BLOCK + 300)
    sizes = [len(noisy) for noisy, _ in noisy_batches(clean, NOISE, options(1, 700), 0)]
    assert sizes == [700] * 23 + [200]
    ((order, noisy),) = epochs_of(clean, options(1, 700))
    np.testing.assert_array_equal(np.sort(order), np.arange(len(clean)))
    drawn = draw_noisy(clean, NOISE, seed=0, split="train", epoch=0)
    np.testing.assert_array_equal(noisy, drawn)


def test_images_are_read_as_they_are_needed() -> None:
    """A source larger than memory trains: before the first batch, one window has been read."""
    reads: list[int] = []

    class Counted(np.ndarray[Any, np.dtype[np.float32]]):
        def __getitem__(self, key: Any) -> Any:
            reads.append(key.start)
            return np.asarray(self)[key]

    clean = marked((2 * WINDOW_BLOCKS + 1) * NOISE_BLOCK).view(Counted)
    batches = noisy_batches(clean, NOISE, options(1, 500), 0)
    next(batches)
    assert len(set(reads)) == len(reads) == WINDOW_BLOCKS
    list(batches)
    assert sorted(reads) == list(range(0, len(clean), NOISE_BLOCK))


def test_shifted_images_are_new_in_every_epoch_and_their_noise_is_drawn_on_top() -> None:
    clean = np.random.default_rng(3).random((40, 6, 5, 1), np.float32)
    still = options(1, 40)
    moving = options(2, 40, shift=2)
    (_, same), (_, first), (_, second) = (
        *noisy_batches(clean, Gaussian(sigma=0), still, 0),
        *noisy_batches(clean, Gaussian(sigma=0), moving, 0),
    )
    assert {image.tobytes() for image in same} == {image.tobytes() for image in clean}
    known = [{image.tobytes() for image in images} for images in (same, first, second)]
    assert len(known[0] & known[1]) < 10 > len(known[1] & known[2])


def test_shifts_reach_every_offset_and_repeat_the_edges() -> None:
    image = np.random.default_rng(0).random((1, 5, 4, 3), np.float32)
    many = shifted(np.repeat(image, 500, axis=0), 2, np.random.default_rng(1))
    assert many.shape == (500, 5, 4, 3)
    padded = np.pad(image[0], ((2, 2), (2, 2), (0, 0)), mode="edge")
    expected = {padded[r : r + 5, c : c + 4].tobytes() for r in range(5) for c in range(5)}
    assert {found.tobytes() for found in many} == expected


def test_the_shift_of_an_image_does_not_depend_on_how_many_follow() -> None:
    images = np.random.default_rng(0).random((9, 5, 4, 1), np.float32)
    one, other = (shifted(images[:n], 1, np.random.default_rng(1)) for n in (9, 4))
    np.testing.assert_array_equal(one[:4], other)


def test_what_belongs_to_an_image_comes_with_it() -> None:
    """Labels follow their images through blocks, windows and shuffling."""
    clean = marked(2 * NOISE_BLOCK + 50)
    labels = np.arange(len(clean))
    batches = noisy_batches(clean, Gaussian(sigma=0), options(2, 300), 0, targets=labels)
    images, found = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    np.testing.assert_array_equal(images, clean[found])
    np.testing.assert_array_equal(np.bincount(found), 2)
