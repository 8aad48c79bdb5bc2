"""Scores of recordings."""

import numpy as np
import pytest

from denoising_pipeline.evaluation import sound
from denoising_pipeline.evaluation.scoring import score_images
from denoising_pipeline.evaluation.sound import SDR_CAP, si_sdr, stoi
from denoising_pipeline.images.arrays import Images

DRAWS = np.random.default_rng(0)


def recordings(count: int = 3, samples: int = 16000) -> Images:
    loud = np.repeat(DRAWS.random((count, 1, samples // 800, 1)), 800, axis=2)
    return (0.5 + 0.1 * loud * DRAWS.standard_normal((count, 1, samples, 1))).astype(np.float32)


@pytest.mark.parametrize("ratio", [0, 10, 30])
def test_si_sdr_is_the_ratio_of_noise_that_has_nothing_of_the_recording(ratio: float) -> None:
    clean = recordings()
    signal = (clean - clean.mean(axis=2, keepdims=True)).astype(np.float64)
    noise = DRAWS.standard_normal(clean.shape)
    noise -= noise.mean(axis=2, keepdims=True)
    noise -= signal * (noise * signal).sum(2, keepdims=True) / (signal**2).sum(2, keepdims=True)
    noise *= np.sqrt((signal**2).mean(2, keepdims=True) / (noise**2).mean(2, keepdims=True))
    noisy = (clean + noise * 10 ** (-ratio / 20)).astype(np.float32)
    np.testing.assert_allclose(si_sdr(clean, noisy), ratio, atol=1e-3)
    np.testing.assert_allclose(si_sdr(clean, noisy / np.float32(8)), ratio, atol=1e-3)


def test_equal_recordings_and_silence_have_finite_scores() -> None:
    clean = recordings()
    np.testing.assert_allclose(si_sdr(clean, clean), SDR_CAP)
    assert np.isfinite(si_sdr(clean, np.full_like(clean, 0.5))).all()


def test_stoi_falls_with_noise_and_knows_nothing_of_too_short_ones() -> None:
    pytest.importorskip("pystoi")
    clean = recordings()
    noisy = clean + 0.1 * DRAWS.standard_normal(clean.shape).astype(np.float32)
    assert (stoi(clean, noisy, 8000) < stoi(clean, clean, 8000) - 0.05).all()
    np.testing.assert_allclose(stoi(clean, clean, 8000), 1, atol=1e-6)
    assert np.isnan(stoi(clean[:, :, :900], noisy[:, :, :900], 8000)).all()


def test_a_metric_without_its_package_is_left_out_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sound.NEEDS, "stoi_8k", "no_such_package")
    clean = recordings()
    assert list(score_images(["si_sdr", "stoi_8k"], clean, clean)) == ["si_sdr"]
    assert "stoi_8k is left out: no_such_package is not installed" in caplog.text
