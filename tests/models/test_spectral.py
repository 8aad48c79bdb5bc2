"""The network for recordings: spectrum, mask, and back."""

from pathlib import Path

import numpy as np
import pytest

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.export import export_denoiser
from denoising_pipeline.denoiser.file import DENOISER, load_denoiser, write_network
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.tiles import least_pixels
from denoising_pipeline.models.spectral import Spectral

SMALL = Spectral(widths=(4, 4), blocks=(1, 1))


def recording(samples: int, count: int = 1) -> Images:
    return np.random.default_rng(0).random((count, 1, samples, 1), np.float32)


def small_denoiser() -> Denoiser:
    """Return a network whose mask is anything but flat."""
    model = SMALL.build((None, None, 1), 0)
    draws = np.random.default_rng(1)
    model.set_weights([w + 0.3 * draws.standard_normal(w.shape) for w in model.get_weights()])
    return Denoiser(SMALL, (None, None, 1), model)


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("levels", [1, 3])
def test_a_mask_of_one_gives_the_recording(rate: int, levels: int) -> None:
    keras = load_keras()
    network = Spectral(rate=rate, widths=(4,) * levels, blocks=(1,) * levels)  # type: ignore[arg-type]
    noisy = keras.Input((1, None, 1))
    spectrum = network._spectrum(noisy)
    ones = keras.ops.ones_like(network._seen(spectrum))
    model = keras.Model(noisy, network._recording(spectrum, ones))
    given = recording(2 * network.multiple, count=2)
    np.testing.assert_allclose(model.predict_on_batch(given), given, atol=2e-6)


def test_recordings_of_any_length_come_back_with_it() -> None:
    denoiser = small_denoiser()
    for samples in (1, 100, 1000, 5000):
        given = recording(samples)
        assert denoiser(given).shape == given.shape


def test_tiles_give_what_the_whole_recording_gives() -> None:
    denoiser = small_denoiser()
    given = recording(40_001)
    least = least_pixels(1, 40_001, SMALL.context, SMALL.multiples)
    assert least < 40_001
    tiled = denoiser(given, max_memory=least * denoiser._bytes_per_pixel)
    whole = denoiser(given)
    assert np.abs(whole - given).max() > 0.1
    np.testing.assert_allclose(tiled, whole, rtol=0, atol=1e-5)


def test_a_file_gives_the_same_network(tmp_path: Path) -> None:
    denoiser = small_denoiser()
    with (tmp_path / "denoiser.zip").open("wb") as file:
        write_network(denoiser, DENOISER, file)
    again = load_denoiser(tmp_path / "denoiser.zip")
    assert again.architecture == SMALL
    np.testing.assert_array_equal(again(recording(3000)), denoiser(recording(3000)))


def test_onnx_runtime_gives_the_same(tmp_path: Path) -> None:
    pytest.importorskip("tf2onnx")
    assert export_denoiser(small_denoiser(), tmp_path / "denoiser.onnx") < 1e-5


@pytest.mark.parametrize("shape", [(28, 28, 1), (1, 1000, 1), (None, None, 3)])
def test_what_is_no_recording_is_refused(shape: tuple[int | None, int | None, int]) -> None:
    with pytest.raises(ValueError, match="for recordings of one channel"):
        SMALL.build(shape, 0)
