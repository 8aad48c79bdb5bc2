"""The figures made of images show the images they were given, in the right places."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from figure_inputs import examples, extremes, pair, ragged
from matplotlib.figure import Figure, SubFigure

from denoising_pipeline import figures


def shown(figure: Figure | SubFigure) -> Iterator[npt.NDArray[Any]]:
    """The pixels of every image, in the order of reading."""
    for ax in figure.axes:
        yield np.asarray(ax.images[0].get_array())


@pytest.mark.parametrize("channels", [1, 3])
def test_examples_show_the_images_given(channels: int) -> None:
    """Three rows in the order clean, noisy, denoised, pixel for pixel, black 0 and white 1."""
    arguments = examples(4, channels=channels)
    figure = figures.denoising_examples(**arguments)
    expected = np.concatenate([arguments[name] for name in ("clean", "noisy", "denoised")])
    np.testing.assert_array_equal(np.stack(list(shown(figure))).reshape(expected.shape), expected)
    for ax in figure.axes:
        assert ax.images[0].get_clim() == (0, 1)
        assert ax.images[0].get_interpolation() == "nearest"
    assert [ax.get_ylabel() for ax in figure.axes[::4]] == ["clean", "noisy", "denoised"]
    assert [ax.get_title() for ax in figure.axes[:4]] == [f"label {i}" for i in range(4)]
    assert [ax.get_xlabel() for ax in figure.axes[8:]] == ["9.4 → 20.0 dB"] * 4


def test_noise_beyond_black_and_white_is_drawn_as_black_and_white_without_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A camera's noise that is not cut off."""
    arguments = pair(3, channels=3)
    arguments["noisy"] = 4 * arguments["noisy"] - np.float32(0.5)
    assert arguments["noisy"].max() > 1
    figure = figures.noisy_examples(**arguments, title="Camera")
    figure.draw_without_rendering()
    expected = np.concatenate([arguments["clean"], np.clip(arguments["noisy"], 0, 1)])
    np.testing.assert_array_equal(np.stack(list(shown(figure))), expected)
    assert caplog.messages == []


def test_examples_beyond_ten_start_another_band() -> None:
    """Thirteen images are thirty-nine panels: three rows of ten, then three rows of three."""
    arguments = examples(13)
    figure = figures.denoising_examples(**arguments)
    assert len(figure.axes) == 39
    np.testing.assert_array_equal(list(shown(figure))[30], arguments["clean"][10, ..., 0])


def test_examples_without_psnr_have_no_captions() -> None:
    figure = figures.denoising_examples(**examples(2) | {"noisy_psnr": None, "psnr": None})
    assert [ax.get_xlabel() for ax in figure.axes] == [""] * 6


@pytest.mark.parametrize("count", [1, 3, 13])
def test_images_are_large_enough_to_be_read(count: int) -> None:
    """Titles, headers and captions leave each image at least 0.8 inches on the canvas."""
    figure = figures.denoising_examples(**examples(count))
    figure.draw_without_rendering()
    assert min(ax.get_window_extent().width for ax in figure.axes) > 0.8 * figure.dpi


def test_noisy_examples_puts_clean_above_noisy() -> None:
    arguments = pair(3)
    figure = figures.noisy_examples(**arguments, title="Salt and pepper")
    expected = np.concatenate([arguments["clean"], arguments["noisy"]])[..., 0]
    np.testing.assert_array_equal(np.stack(list(shown(figure))), expected)
    assert figure.get_suptitle() == "Salt and pepper"


def test_images_of_different_sizes_show_their_middles_pixel_for_pixel() -> None:
    """As large a part as all of them have, at most 128 pixels wide; the title says so."""
    stages = ragged(6)
    figure = figures.image_grid(stages, "Boats")
    sizes = stages["clean"].shapes[:, :2]
    height, width = (int(side) for side in np.minimum(sizes.min(axis=0), 128))
    assert figure.get_suptitle().endswith(f"the middles of the images, {width}x{height} pixels")
    parts = list(shown(figure))
    for row, images in enumerate(stages.values()):
        for i in range(6):
            top, left = (int(gap) for gap in (sizes[i] - (height, width)) // 2)
            whole = images.read(i)
            expected = whole[top : top + height, left : left + width]
            np.testing.assert_array_equal(parts[6 * row + i], expected)
    figure.draw_without_rendering()
    extents = [ax.get_window_extent() for ax in figure.axes]
    assert min(extent.width for extent in extents) >= 0.9 * width


def test_large_images_are_shown_in_bands_that_fit_a_screen() -> None:
    figure = figures.denoising_examples(**examples(10, height=300, width=400))
    assert "128x128 pixels" in figure.get_suptitle()
    assert figure.get_figwidth() < 11


def test_long_names_are_cut_in_the_middle() -> None:
    figure = figures.denoising_examples(
        **examples(1) | {"names": ["holidays/2019/boat on the lake.png"]}
    )
    assert figure.axes[0].get_title() == "holiday… lake.png"


def test_best_and_worst_picks_by_psnr() -> None:
    """The images of the highest and lowest PSNR, best and worst first, whatever the row names."""
    arguments = extremes(12)
    table = arguments["image_metrics"].set_index(pd.Index(range(50, 62)))
    figure = figures.best_and_worst(**arguments | {"image_metrics": table}, count=2)
    order = np.argsort(table["psnr"].to_numpy())
    for part, chosen in zip(figure.subfigs, (order[::-1][:2], order[:2]), strict=True):
        expected = np.concatenate([arguments[k][chosen] for k in ("clean", "noisy", "denoised")])
        np.testing.assert_array_equal(np.stack(list(shown(part))), expected[..., 0])
        first = table.iloc[chosen[0]]
        assert part.axes[0].get_title() == f"#{first['index']:.0f}, label {first['label']:.0f}"
        assert part.axes[4].get_xlabel() == f"{first['noisy_psnr']:.1f} → {first['psnr']:.1f} dB"
