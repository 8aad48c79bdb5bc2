"""What training sees: every image once per epoch, in a new order, with the noise it is due."""

import hashlib
import json
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from denoising_pipeline.degradations import NOISE_BLOCK, draw_noisy
from denoising_pipeline.degradations.composed import Composed
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.motion_blur import MotionBlur
from denoising_pipeline.degradations.stripe import Stripe
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.patches import random_patches
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.training import Batch, CleanExamples, NoisyExamples, PairExamples
from denoising_pipeline.training.augment import Flips, greyed, shifted, turned
from denoising_pipeline.training.examples import PATCH_BLOCK, WINDOW_BLOCKS, Examples
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.validation import validation_images

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


def pairs(examples: Examples, chosen: TrainingParameters) -> Iterator[tuple[Any, Any]]:
    """(input, target) of every batch of every epoch."""
    for epoch in range(chosen.epochs):
        for batch in examples.batches(chosen.batch_size, epoch):
            yield batch.input, batch.target


def noisy_batches(
    clean: Images, noise: Gaussian, chosen: TrainingParameters, seed: int
) -> Iterator[tuple[Any, Any]]:
    return pairs(CleanExamples.of(clean, noise, chosen, seed), chosen)


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


def test_fault_r34_each_of_many_epochs_has_an_order_of_its_own() -> None:
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


def test_blocks_of_large_images_are_bounded_by_their_values_and_those_of_digits_are_1000() -> None:
    large = np.broadcast_to(np.float32(0.5), (1000, 512, 512, 3))
    examples = NoisyExamples(large, seed=0)
    assert len(examples.block(0, 3).input) == 5
    assert len(examples) == 1000
    with pytest.raises(ValueError, match="made of 200 blocks of 5"):
        examples.shard(0, 201)
    digits = NoisyExamples(np.broadcast_to(np.float32(0), (60_000, 28, 28, 1)), seed=0)
    assert len(digits.block(0, 59).input) == NOISE_BLOCK == 1000


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
    examples = CleanExamples(clean, Gaussian(sigma=0), seed=0, targets=labels)
    batches = pairs(examples, options(2, 300))
    images, found = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    np.testing.assert_array_equal(images, clean[found])
    np.testing.assert_array_equal(np.bincount(found), 2)


def test_the_order_of_an_epoch_and_its_noise_are_those_of_version_0_1_0() -> None:
    """Bits that figures hang on: the blocks, then all images of a window, by one generator."""
    clean = marked(2 * NOISE_BLOCK)
    order = np.random.default_rng([3, *words("shuffle", "train"), 1, 0])
    blocks = order.permutation(2)
    numbers = np.concatenate([np.arange(NOISE_BLOCK) + block * NOISE_BLOCK for block in blocks])
    expected = numbers[order.permutation(2 * NOISE_BLOCK)]
    batches = CleanExamples(clean, NOISE, seed=3).batches(600, epoch=1)
    noisy, same = (np.concatenate(parts) for parts in zip(*pair_up(batches), strict=True))
    np.testing.assert_array_equal(same, clean[expected])
    drawn = draw_noisy(clean, NOISE, seed=3, split="train", epoch=1)
    np.testing.assert_array_equal(noisy, drawn[expected])


def words(*texts: str) -> list[int]:
    return [int(hashlib.sha256(text.encode()).hexdigest()[:16], 16) for text in texts]


def pair_up(batches: Iterator[Batch]) -> Iterator[tuple[Any, Any]]:
    return ((batch.input, batch.target) for batch in batches)


@pytest.mark.parametrize("world", [1, 2, 3])
def test_workers_share_the_examples_and_draw_the_same_noise(world: int) -> None:
    clean = marked(2 * NOISE_BLOCK + 50)
    drawn = draw_noisy(clean, NOISE, seed=0, split="train", epoch=0)
    examples = CleanExamples(clean, NOISE, seed=0)
    seen = []
    for rank in range(world):
        share = examples.shard(rank, world)
        batches = list(share.batches(300, epoch=0))
        assert len(batches) == share.steps(300)
        for noisy, same in pair_up(iter(batches)):
            positions = np.searchsorted(clean[:, 0, 0, 0], same[:, 0, 0, 0])
            np.testing.assert_array_equal(noisy, drawn[positions])
            seen.append(positions)
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), np.arange(len(clean)))


def test_more_shards_than_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match=r"4 shards cannot be made of 3 blocks.*shards lower"):
        CleanExamples(marked(2 * NOISE_BLOCK + 50), NOISE, seed=0).shard(0, 4)


SIZES = ((40, 30), (20, 64), (9, 50), (80, 80))
"""Heights and widths; the third image is less high than a patch of 16."""


def photographs(channels: int = 3, seed: int = 0) -> ImageSet:
    """Images of several sizes, as bytes; their rows and columns can be told by their values."""
    draws = np.random.default_rng(seed)
    shapes = [(height, width, channels) for height, width in SIZES]
    images = (draws.integers(0, 256, shape, np.uint8) for shape in shapes)
    return ImageSet.collect(images, shapes, np.uint8)


def patches(**changes: Any) -> CleanExamples:
    given: dict[str, Any] = {"seed": 1, "patch": 16, "patches": 150, **changes}
    return CleanExamples(photographs(), Gaussian(sigma=0), **given)


def whole_epoch(examples: Examples, epoch: int = 0, batch_size: int = 40) -> Any:
    return np.concatenate([batch.input for batch in examples.batches(batch_size, epoch)])


def test_patches_lie_in_the_images_and_small_images_are_reflected() -> None:
    images = [photographs().read(i) for i in range(len(SIZES))]
    images[2] = np.pad(images[2], ((0, 7), (0, 0), (0, 0)), mode="reflect")
    known = {
        image[row : row + 16, column : column + 16].tobytes()
        for image in images
        for row in range(len(image) - 15)
        for column in range(image.shape[1] - 15)
    }
    found = whole_epoch(patches())
    assert found.shape == (150, 16, 16, 3)
    assert found.dtype == np.float32
    assert {patch.tobytes() for patch in found} <= known


def test_patches_are_new_in_every_epoch_and_the_same_for_every_batch_size() -> None:
    first, second, again, small = (
        {patch.tobytes() for patch in whole_epoch(patches(), epoch, batch_size)}
        for epoch, batch_size in ((0, 40), (1, 40), (0, 40), (0, 7))
    )
    assert first == again == small
    assert len(first & second) < 20


def test_images_are_drawn_by_their_area() -> None:
    """So that a pixel is seen as often in a small image as in a large one."""
    values = [np.full((h, w, 1), 50 * i, np.uint8) for i, (h, w) in enumerate(SIZES)]
    flat = ImageSet.collect(values, [value.shape for value in values], np.uint8)
    examples = CleanExamples(flat, Gaussian(sigma=0), seed=0, patch=8, patches=20_000)
    found = np.rint(whole_epoch(examples, batch_size=1000)[:, 0, 0, 0] * 255 / 50).astype(int)
    area = np.prod(SIZES, axis=1)
    np.testing.assert_allclose(np.bincount(found) / 20_000, area / area.sum(), atol=0.01)


def test_without_a_number_patches_cover_the_area_of_the_images() -> None:
    examples = patches(patches=None)
    assert len(examples) == round(np.prod(SIZES, axis=1).sum() / 16**2) == 36
    assert examples.steps(16) == 3


def test_patches_are_shared_by_workers_and_their_noise_is_the_same() -> None:
    whole = CleanExamples(photographs(), NOISE, seed=0, patch=16, patches=2 * PATCH_BLOCK + 9)
    seen = [patch.tobytes() for patch in whole_epoch(whole)]
    shares = [patch.tobytes() for rank in (0, 1) for patch in whole_epoch(whole.shard(rank, 2))]
    assert sorted(seen) == sorted(shares)


def test_patches_of_images_in_a_mapped_file_are_read_one_by_one(tmp_path: Any) -> None:
    """One block of patches is in memory, whatever the size of the images."""
    values = np.lib.format.open_memmap(tmp_path / "a.npy", "w+", np.uint8, (4 * 900 * 800,))
    images = ImageSet(values, np.tile([900, 800, 1], (4, 1)))
    examples = CleanExamples(images, NOISE, seed=0, patch=16, patches=200)
    tracemalloc.start()
    for _ in examples.batches(10, epoch=0):
        pass
    assert tracemalloc.get_traced_memory()[1] < 2 * 10**6
    tracemalloc.stop()


def test_images_that_differ_in_size_are_not_learnt_from_whole() -> None:
    with pytest.raises(ValueError, match=r"training\.model\.name=unet, and training\.patch"):
        CleanExamples(photographs(), NOISE, seed=0)


def test_a_set_of_one_size_is_learnt_from_like_an_array() -> None:
    clean = marked(30)
    of_set, of_array = (
        whole_epoch(CleanExamples(images, NOISE, seed=0)) for images in (ImageSet.of(clean), clean)
    )
    np.testing.assert_array_equal(of_set, of_array)


@pytest.mark.parametrize(
    ("flips", "shape", "ways"),
    [
        ("none", (5, 5), 1),
        ("horizontal", (5, 4), 2),
        ("all", (5, 5), 8),
        ("all", (5, 4), 4),
    ],
)
def test_images_are_mirrored_and_turned_every_way_that_is_allowed(
    flips: Flips, shape: tuple[int, int], ways: int
) -> None:
    image = np.random.default_rng(0).random((1, *shape, 3), np.float32)
    many = turned(np.repeat(image, 400, axis=0), flips, np.random.default_rng(1))
    assert many.shape == (400, *shape, 3)
    quarters = range(0, 4, 1 if shape[0] == shape[1] else 2)
    expected = {
        np.rot90(side, quarter).tobytes()
        for quarter in (quarters if flips == "all" else (0,))
        for side in ((image[0],) if flips == "none" else (image[0], image[0][:, ::-1]))
    }
    assert len(expected) == ways
    assert {found.tobytes() for found in many} == expected


def test_pairs_are_cut_moved_and_turned_alike() -> None:
    noisy = photographs()
    clean = ImageSet(255 - noisy.values, noisy.shapes)
    examples = PairExamples(noisy, clean, seed=0, patch=16, patches=70, shift=1, flips="all")
    for batch in examples.batches(20, epoch=0):
        assert batch.target is not None
        np.testing.assert_allclose(batch.input, 1 - batch.target, atol=1e-6)


def test_pairs_of_other_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in number or size"):
        PairExamples(marked(4), marked(5), seed=0)


def test_noisy_images_alone_have_no_target() -> None:
    noisy = marked(12)
    batches = list(NoisyExamples(noisy, seed=0).batches(5, epoch=0))
    assert [batch.target for batch in batches] == [None] * 3
    found = np.concatenate([batch.input for batch in batches])
    np.testing.assert_array_equal(np.sort(found, axis=0), noisy)


def test_validation_is_on_the_middle_of_every_image_of_a_set() -> None:
    images = photographs()
    middle = validation_images(images, 16)
    assert middle.shape == (4, 16, 16, 3)
    np.testing.assert_array_equal(middle[0], images.read(0)[12:28, 7:23])
    np.testing.assert_array_equal(middle, validation_images(images, 16))


def test_facts_are_of_everything_that_decides_the_examples_and_json_has_them() -> None:
    clean = marked(20)
    other = clean.copy()
    other[7, 1, 1, 0] = 0.5
    found = [
        CleanExamples(clean, NOISE, seed=0),
        CleanExamples(other, NOISE, seed=0),
        CleanExamples(clean, Gaussian(sigma=0.4), seed=0),
        CleanExamples(clean, NOISE, seed=1),
        CleanExamples(clean, NOISE, seed=0, fresh=False),
        CleanExamples(clean, NOISE, seed=0, targets=np.arange(20)),
        CleanExamples(clean, NOISE, seed=0, flips="all"),
        CleanExamples(ImageSet.of(clean), NOISE, seed=0, patch=8),
        PairExamples(clean, other, seed=0),
        NoisyExamples(clean, seed=0),
    ]
    assert len({json.dumps(examples.facts, sort_keys=True) for examples in found}) == len(found)
    again = CleanExamples(clean.copy(), NOISE, seed=0)
    assert again.facts == found[0].facts


def test_what_is_laid_out_over_the_whole_image_is_not_learnt_from_patches() -> None:
    """A stripe of a patch is not a patch of a striped image; a blur of it is."""
    images = np.zeros((3, 40, 40, 1), np.float32)
    CleanExamples(images, Stripe(), seed=0)
    CleanExamples(images, MotionBlur(), seed=0, patch=16)
    for degradation in (Stripe(), Composed.of([Gaussian(), Stripe()])):
        with pytest.raises(ValueError, match="laid out over the whole image"):
            CleanExamples(images, degradation, seed=0, patch=16)


def test_validation_looks_at_patches_where_patches_are_learnt_from() -> None:
    """Of arrays as well: a network for any size takes multiples of its own."""
    images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    np.testing.assert_array_equal(validation_images(images, 16), images[:, 6:22, 6:22])
    assert validation_images(images, None) is images


def textured_corner() -> ImageSet:
    """Two grey images; of the first, one quarter has a texture."""
    first = np.full((128, 128, 1), 0.5, np.float32)
    first[:64, :64] = np.random.default_rng(0).random((64, 64, 1))
    second = np.full((256, 256, 1), 0.25, np.float32)
    return ImageSet.collect([first, second], [first.shape, second.shape], np.float32)


def test_places_with_detail_are_drawn_more_often_and_small_images_as_well() -> None:
    """Of 16 places in the first image, one with the texture is nearly always among them."""
    draws = np.random.default_rng(0)
    (found,) = random_patches((textured_corner(),), 16, 600, draws, detail=16)
    (plain,) = random_patches((textured_corner(),), 16, 600, draws)
    first = np.abs(found - 0.25).max(axis=(1, 2, 3)) > 0
    assert first.mean() == pytest.approx(1 / 3, abs=0.06)  # Roots of areas: 128 to 256.
    assert found.std(axis=(1, 2, 3))[first].min() > 0
    assert (plain.std(axis=(1, 2, 3)) > 0).mean() < 0.15


def test_a_share_of_colour_images_becomes_grey_by_its_luma() -> None:
    colour = np.random.default_rng(0).random((400, 4, 4, 3), np.float32)
    found = greyed(colour, 0.4, np.random.default_rng(1))
    grey = (found == found[..., :1]).all(axis=(1, 2, 3))
    assert grey.mean() == pytest.approx(0.4, abs=0.08)
    np.testing.assert_array_equal(found[~grey], colour[~grey])
    luma = colour[grey] @ np.array([0.299, 0.587, 0.114], np.float32)
    np.testing.assert_allclose(found[grey][..., 0], luma, rtol=1e-6)
    one = colour[..., :1]
    np.testing.assert_array_equal(greyed(one, 1, np.random.default_rng(1)), one)
