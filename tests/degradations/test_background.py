"""Noise behind speech has the level that is asked for."""

import numpy as np
import pytest

from denoising_pipeline.degradations import background
from denoising_pipeline.degradations.background import KINDS, Background
from denoising_pipeline.images.arrays import Images


def speech(count: int = 1, samples: int = 8000) -> Images:
    draws = np.random.default_rng(1)
    loud = np.repeat(draws.random((count, 1, samples // 400, 1)), 400, axis=2)
    return (0.5 + 0.05 * loud * draws.standard_normal((count, 1, samples, 1))).astype(np.float32)


def ratios(clean: Images, noisy: Images) -> Images:
    signal, noise = clean - 0.5, noisy - clean
    found: Images = 10 * np.log10((signal**2).mean((1, 2, 3)) / (noise**2).mean((1, 2, 3)))
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ratio", [0, 10, 20])
def test_every_sound_has_the_ratio_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, kind: str, ratio: float
) -> None:
    monkeypatch.setattr(background, "KINDS", (kind,))
    clean = speech()
    fixed = Background(loudness=10 ** (-ratio / 20), quieter=0)
    noisy = fixed.apply(clean, np.random.default_rng(0))
    np.testing.assert_allclose(ratios(clean, noisy), ratio, atol=0.01)


def test_ratios_are_spread_over_the_range() -> None:
    clean = speech(count=200, samples=800)
    found = ratios(clean, Background().apply(clean, np.random.default_rng(0)))
    assert found.min() > -0.01
    assert found.max() < 20.01
    assert abs(found.mean() - 10) < 1.5


def test_white_noise_is_flat_and_pink_noise_falls() -> None:
    draws = np.random.default_rng(0)
    power = np.abs(np.fft.rfft(background._pink(2**16, draws))) ** 2
    low, high = power[100:200].mean(), power[10_000:20_000].mean()
    np.testing.assert_allclose(low / high, 100, rtol=0.3)


def test_hum_lies_at_the_harmonics_of_the_mains() -> None:
    wave = background._hum(16000, 8000, np.random.default_rng(0))
    peak = int(np.abs(np.fft.rfft(wave)).argmax()) / 2
    assert min(abs(peak - n * f) for f in (50, 60) for n in range(1, 13)) <= 1.5


def test_silence_gets_noise_without_a_division_by_zero() -> None:
    silent = np.full((2, 1, 500, 1), 0.5, np.float32)
    noisy = Background().apply(silent, np.random.default_rng(0))
    assert np.isfinite(noisy).all()
    assert 0 < np.abs(noisy - 0.5).max() < 0.01


def test_it_is_described_by_its_ratios() -> None:
    assert Background().describe() == "background at 0 to 20 dB"
    assert Background(loudness=0.1, quieter=0).describe() == "background at 20 dB"
