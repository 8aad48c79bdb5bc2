"""Photographs made smaller: by averages, in sizes that are worth having."""

import numpy as np

from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.shrink import shrunk


def a_set(*sizes: tuple[int, int]) -> ImageSet:
    draws = np.random.default_rng(0)
    shapes = [(height, width, 3) for height, width in sizes]
    images = (draws.integers(0, 256, shape, np.uint8) for shape in shapes)
    return ImageSet.collect(images, shapes, np.uint8)


def sizes(images: ImageSet) -> list[tuple[int, int]]:
    return [images.shape(i)[:2] for i in range(len(images))]


def test_each_pixel_is_the_mean_of_a_square() -> None:
    images = a_set((801, 1001))
    small = shrunk(images, [2])
    assert sizes(small) == [(400, 500)]
    squares = images.read(0)[:800, :1000].reshape(400, 2, 500, 2, 3)
    np.testing.assert_allclose(small.read(0), squares.mean((1, 3)), atol=1 / 65535)


def test_large_images_come_in_every_size_that_keeps_a_tenth_of_a_megapixel() -> None:
    images = a_set((300, 300), (1000, 1200))
    assert sizes(shrunk(images, [4, 2, 3])) == [(300, 300), (500, 600), (333, 400)]


def test_for_scores_each_image_comes_once() -> None:
    images = a_set((300, 300), (1000, 1200), (900, 2000))
    assert sizes(shrunk(images, [2, 3, 4], once=True)) == [(300, 300), (500, 600), (300, 666)]


def test_without_factors_they_are_as_they_are() -> None:
    images = a_set((1000, 1000))
    assert shrunk(images, []) is images
