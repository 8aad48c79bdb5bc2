"""Reporting picks the arguments of the figures: the first images, or the best and worst."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cards import card
from matplotlib.image import AxesImage
from matplotlib.text import Text

from denoising_pipeline.degradations.masking import Masking
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.pipelines.reporting.nodes import (
    draw_best_and_worst,
    draw_denoising_examples,
    draw_noisy_examples,
    draw_psnr_distribution,
)
from denoising_pipeline.report.options import ReportingParameters

COUNT = 12
PSNR = np.array([20, 17, 25, 19, 18, 30, 16, 24, 23, 22, 21, 15], float)
"""Best are 5, 2, 7; worst 11, 6, 1."""


def grey(offset: float) -> Images:
    """Images of one grey each, that tell which image and which batch they are."""
    values = (np.arange(COUNT) + offset).astype(np.float32) / np.float32(COUNT)
    return np.tile(values[:, None, None, None], (1, 4, 4, 1))


def batches() -> dict[str, Any]:
    return {"test_clean": grey(0), "test_noisy": grey(0.25), "test_denoised": grey(0.5)}


def scores() -> pd.DataFrame:
    table = {"index": np.arange(COUNT), "label": np.arange(COUNT) % 10}
    return pd.DataFrame(table | {"psnr": PSNR, "noisy_psnr": PSNR / 2})


def trained(noise: Masking) -> Denoiser:
    """Of a denoiser, figures read what it was trained for, and not its weights."""
    return Denoiser(Dense(), (4, 4, 1), None, card(noise))


def drawn(figure: Any) -> list[float]:
    """Return the grey of every image in a figure, row by row."""
    return [float(image.get_array()[0, 0]) for image in figure.findobj(AxesImage)]


def rows(*bands: Sequence[int]) -> list[float]:
    """Return the greys of some images: for each band a clean, a noisy and a denoised row."""
    return [
        float(batch[image, 0, 0, 0])
        for band in bands
        for batch in batches().values()
        for image in band
    ]


def titles(figure: Any) -> set[str]:
    return {found.get_text() for found in figure.findobj(Text)}


def text(figure: Any) -> str:
    return " ".join(found.get_text() for found in figure.findobj(Text))


@pytest.mark.parametrize("examples", [3, 20])
def test_examples_are_the_first_test_images_in_three_rows(examples: int) -> None:
    reporting = ReportingParameters(examples=examples)
    figure = draw_denoising_examples(**batches(), image_metrics=scores(), reporting=reporting)
    shown = min(examples, COUNT)
    bands = [range(shown)] if shown <= 10 else [range(10), range(10, shown)]
    assert drawn(figure) == pytest.approx(rows(*bands))
    captions = text(figure)
    assert "10.0 → 20.0 dB" in captions
    assert "The first test images" in captions
    assert ("12.5 → 25.0 dB" in captions) == (shown > 2)
    assert ("15.0 → 30.0 dB" in captions) == (shown > 5)


def test_the_picture_of_the_noise_says_which_noise_it_is() -> None:
    denoiser, images = trained(Masking(fraction=0.25)), batches()
    figure = draw_noisy_examples(
        images["test_clean"], images["test_noisy"], denoiser, ReportingParameters(examples=4)
    )
    pairs = [*images["test_clean"][:4, 0, 0, 0], *images["test_noisy"][:4, 0, 0, 0]]
    assert drawn(figure) == pytest.approx(pairs)
    assert "masking 0.25" in text(figure)


def test_the_best_and_the_worst_are_those_by_psnr() -> None:
    reporting = ReportingParameters(best_and_worst=3)
    figure = draw_best_and_worst(**batches(), image_metrics=scores(), reporting=reporting)
    assert drawn(figure) == pytest.approx(rows([5, 2, 7], [11, 6, 1]))


def test_images_of_different_sizes_are_called_by_their_files() -> None:
    shapes = [(20 + i, 30 - i, 3) for i in range(COUNT)]
    images = ImageSet.collect((np.full(s, 0.5, np.float32) for s in shapes), shapes, np.float32)
    table = scores().assign(label=None, name=[f"boat {i}.png" for i in range(COUNT)])
    reporting = ReportingParameters(examples=3, best_and_worst=1)
    examples = draw_denoising_examples(images, images, images, table, reporting)
    extremes = draw_best_and_worst(images, images, images, table, reporting)
    assert {"boat 0.png", "boat 1.png", "boat 2.png"} <= titles(examples)
    assert {"#5, boat 5.png", "#11, boat 11.png"} <= titles(extremes)
    assert "label" not in text(examples) + text(extremes)


def test_without_clean_images_what_needs_them_says_so_and_the_rest_is_shown() -> None:
    images, none = batches(), ImageSet.collect((), (), np.uint8)
    known = {**images, "test_clean": none}
    reporting = ReportingParameters(examples=2)
    table = pd.DataFrame({"index": np.arange(COUNT), "label": None, "risk": 1.0, "noisy_risk": 2.0})
    examples = draw_denoising_examples(**known, image_metrics=table, reporting=reporting)
    shown = (images[f"test_{stage}"][:2, 0, 0, 0].tolist() for stage in ("noisy", "denoised"))
    assert drawn(examples) == pytest.approx([grey for row in shown for grey in row])
    noise = draw_noisy_examples(none, images["test_noisy"], trained(Masking()), reporting)
    assert len(drawn(noise)) == 2
    extremes = draw_best_and_worst(**known, image_metrics=table, reporting=reporting)
    for figure in (extremes, draw_psnr_distribution(table)):
        assert "there are no clean ones" in text(figure)
