"""What paper, its age and its use do to print."""

from typing import ClassVar, Literal

import numpy as np
from PIL import Image
from pydantic import Field
from scipy.ndimage import correlate1d, gaussian_filter
from scipy.special import expit

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Images

Shape = tuple[int, int]

AREA = 256 * 256
"""Pixels to a ring and two folds, at most: larger images may have several."""

DARKEST = 0.75
"""Of the sheet at most: print remains visible."""

ABSENT = 0.5
"""Share of the folds that are not there."""


class Paper(Degradation):
    """Print on old paper: every image has what follows at random, each with a strength of its own.

    Ink fades, the back of the page shows through (the page itself, mirrored, shifted and blurred),
    and what remains is multiplied by the sheet: its tone, uneven light, grain, blotches with dark
    edges, rings of cups, specks, crumples and folds. A value x becomes

        (1 - f (1 - x)) (1 - b (1 - back)) (1 - severity * sheet),

    f going down from 1 and b up from 0 with `severity`. Sizes are in pixels, whatever the image's
    own, as they are in scans of one resolution.
    """

    level: ClassVar[str] = "severity"

    name: Literal["paper"] = "paper"
    severity: float = Field(default=0.5, ge=0, le=1, description="0 none, 1 strongest")

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        degraded = np.empty_like(clean)
        for image, draws, result in zip(clean, generator.spawn(len(clean)), degraded, strict=True):
            result[...] = self._one(image, draws)
        return np.clip(degraded, 0, 1, out=degraded)

    def _one(self, clean: Images, draws: np.random.Generator) -> Images:
        shape = clean.shape[0], clean.shape[1]
        severity = np.float32(self.severity)
        faded, shown = (0.6, 0.35) * draws.random(2) ** 2
        ink = 1 - severity * np.float32(faded) * expit(_clouds(shape, 80, draws))[..., np.newaxis]
        page: Images = 1 - ink * (1 - clean)
        page *= 1 - severity * np.float32(shown) * (1 - _back(clean, draws))
        parts = (_tone, _grain, _blotches, _rings, _specks, _crumples, _folds)
        sheet = np.zeros(shape, np.float32)
        for part in parts:
            sheet += part(shape, draws)
        return page * (1 - severity * np.minimum(sheet, DARKEST)[..., np.newaxis])


def _back(clean: Images, draws: np.random.Generator) -> Images:
    """Return the other side of the sheet: mirrored, shifted and blurred."""
    by = draws.integers(clean.shape[:2])
    blur = draws.uniform(0.5, 1.5)
    mirrored = np.roll(clean[:, ::-1], (int(by[0]), int(by[1])), (0, 1))
    return np.asarray(gaussian_filter(mirrored, (blur, blur, 0), mode="nearest"), np.float32)


def _tone(shape: Shape, draws: np.random.Generator) -> Images:
    """Darker than white, and more so on one side: with darkness up to 0.5."""
    rows, columns = np.ogrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    slope = draws.normal(0, 0.05, 2)
    uneven = draws.uniform(0, 0.06) * _clouds(shape, draws.uniform(100, 300), draws)
    tone = draws.uniform(0, 0.35) + slope[0] * rows + slope[1] * columns + uneven
    return np.asarray(tone, np.float32)


def _grain(shape: Shape, draws: np.random.Generator) -> Images:
    """Fibres and mottles: noise of many sizes."""
    grain = np.zeros(shape, np.float32)
    for scale, most in ((1.2, 0.04), (2.5, 0.04), (6, 0.05), (16, 0.05), (45, 0.06)):
        grain += np.float32(most * draws.random() ** 2) * _clouds(shape, scale, draws)
    return grain


def _blotches(shape: Shape, draws: np.random.Generator) -> Images:
    """What was spilt and dried: even inside, darker at the edge."""
    strength = draws.uniform(-0.45, 0.45)
    if strength <= 0:
        return np.zeros(shape, np.float32)
    scale = draws.uniform(30, 150)
    depth = _clouds(shape, scale, draws) + 0.2 * _clouds(shape, scale / 5, draws)
    depth -= np.float32(draws.uniform(-0.5, 1))
    edge = draws.uniform(0.02, 0.3)
    inside, rim = expit(depth / edge * 2), np.exp(-((depth / edge) ** 2))
    mottled = 1 + 0.3 * _clouds(shape, draws.uniform(1.5, 8), draws)
    blotches = strength * (inside * mottled + draws.uniform(0, 0.5) * rim)
    return blotches.astype(np.float32)


def _rings(shape: Shape, draws: np.random.Generator) -> Images:
    """What cups leave: circles that are broken and of uneven width."""
    rings = np.zeros(shape, np.float32)
    for _ in range(max(1, shape[0] * shape[1] // AREA)):
        strength, radius = draws.uniform(-0.4, 0.4), draws.uniform(25, 150)
        if strength <= 0:
            continue
        width = draws.uniform(1.5, 8)
        middle = draws.random(2) * (np.array(shape) + 2 * radius) - radius
        rows, columns = np.ogrid[: shape[0], : shape[1]]
        distance = np.hypot(rows - middle[0], columns - middle[1]) - radius
        distance = distance + 0.8 * width * _clouds(shape, radius / 3, draws)
        broken = expit(2 * _clouds(shape, radius / 2, draws) + draws.uniform(-1, 2))
        ring = np.exp(-((distance / width) ** 2)) + 0.2 * expit(-distance / width)
        rings += (strength * broken * ring).astype(np.float32)
    return rings


def _specks(shape: Shape, draws: np.random.Generator) -> Images:
    """Dirt: dark dots of a few pixels."""
    strength = draws.uniform(-0.6, 0.6)
    if strength <= 0:
        return np.zeros(shape, np.float32)
    dots = _clouds(shape, draws.uniform(1, 3), draws) - draws.uniform(2, 3)
    return np.asarray(strength * np.clip(4 * dots, 0, 1), np.float32)


def _crumples(shape: Shape, draws: np.random.Generator) -> Images:
    """Facets between sharp edges, as light from one side shows them; parts of edges are dark."""
    strength = draws.uniform(-0.2, 0.2)
    if strength <= 0:
        return np.zeros(shape, np.float32)
    angle = draws.uniform(0, 2 * np.pi)
    relief, edges = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for scale in (draws.uniform(40, 120), draws.uniform(15, 40)):
        height = np.float32(scale) * _clouds(shape, scale, draws)
        relief += np.abs(height)
        edges += np.exp(-((height / 2) ** 2))
    down, right = (correlate1d(relief, (-0.5, 0, 0.5), axis, mode="nearest") for axis in (0, 1))
    lit = np.tanh(np.cos(angle) * down + np.sin(angle) * right)
    dirty = draws.uniform(0, 2) * expit(4 * _clouds(shape, 20, draws) - 3)
    return np.asarray(strength * (lit + dirty * edges), np.float32)


def _folds(shape: Shape, draws: np.random.Generator) -> Images:
    """Straight creases, light or dark, with a shadow on one side."""
    folds = np.zeros(shape, np.float32)
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    for _ in range(2 * max(1, shape[0] * shape[1] // AREA)):
        strength, shadow = draws.uniform(-0.35, 0.35), draws.uniform(-0.12, 0.12)
        angle, width = draws.uniform(0, np.pi), draws.uniform(0.5, 2)
        place = draws.random(2) * shape
        if draws.random() < ABSENT:
            continue
        distance = np.cos(angle) * (rows - place[0]) + np.sin(angle) * (columns - place[1])
        worn = expit(2 * _clouds(shape, 10, draws) + 1)
        crease = strength * worn * np.exp(-((distance / width) ** 2))
        side = shadow * (distance > 0) * np.exp(-np.abs(distance) / (10 * width))
        folds += (crease + side).astype(np.float32)
    return folds


def _clouds(shape: Shape, scale: float, draws: np.random.Generator) -> Images:
    """Return a random field of mean 0 and a standard deviation near 1, smooth over `scale`."""
    height, width = (side / scale for side in shape)
    nodes = draws.standard_normal((int(height) + 4, int(width) + 4), np.float32)
    top, left = 1 + draws.random(2)
    place = left, top, left + width, top + height
    grid = Image.fromarray(nodes)
    return np.asarray(grid.resize(shape[::-1], Image.Resampling.BICUBIC, place), np.float32)
