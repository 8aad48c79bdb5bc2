"""Classical filters of speech take noise away, and are for recordings only."""

import numpy as np
import pytest

from denoising_pipeline.baselines import Known, NotApplicableError, calibrate, denoise_each
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.evaluation.sound import si_sdr
from denoising_pipeline.images.arrays import Images

NAMES = ("spectral subtraction", "wiener filter of speech")


def tones(count: int, samples: int = 12000) -> Images:
    """Return tones that come and go."""
    draws = np.random.default_rng(0)
    time = np.arange(samples) / 8000
    waves = [
        0.1 * np.sin(2 * np.pi * draws.uniform(200, 2000) * time) * (np.sin(9 * time + n) > 0)
        for n in range(count)
    ]
    return (0.5 + np.stack(waves)).astype(np.float32)[:, np.newaxis, :, np.newaxis]


@pytest.mark.parametrize("name", NAMES)
def test_speech_like_tones_come_out_of_white_noise(name: str) -> None:
    clean, noise = tones(4), Gaussian(sigma=0.02)
    noisy = noise.apply(clean, np.random.default_rng(1))
    chosen = calibrate(name, Known(clean[:2], noise, 0), noisy[:2], clean[:2])
    denoised = denoise_each(chosen.denoise, noisy[2:])
    assert denoised.shape == clean[2:].shape
    assert (si_sdr(clean[2:], denoised) > si_sdr(clean[2:], noisy[2:]) + 5).all()


@pytest.mark.parametrize("name", NAMES)
def test_shorter_than_a_frame_is_no_error(name: str) -> None:
    clean = tones(2, samples=100)
    chosen = calibrate(name, Known(clean, Gaussian(), 0), clean, clean)
    assert chosen.denoise(clean).shape == clean.shape


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_left_to_others(name: str) -> None:
    pictures = np.zeros((2, 28, 28, 1), np.float32)
    with pytest.raises(NotApplicableError, match="for recordings"):
        calibrate(name, Known(pictures, Gaussian(), 0), pictures, pictures)
