"""Recordings go through the same door as pictures, and come back as they were."""

import io
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.picture import Settings, denoise_picture
from denoising_pipeline.images.wav import read_wav
from denoising_pipeline.models.spectral import Spectral
from denoising_pipeline.models.unet import Unet
from denoising_pipeline.pictures.formats import PictureError, check_format, open_picture

TIME = np.arange(3000) / 8000
STEREO = np.stack([np.sin(2 * np.pi * 400 * TIME), 0.2 * np.cos(2 * np.pi * 900 * TIME)], axis=1)


def wav(samples: np.ndarray, rate: int = 8000) -> bytes:
    file = io.BytesIO()
    wavfile.write(file, rate, samples)
    return file.getvalue()


CONTENT = wav((20_000 * STEREO).astype(np.int16)) + b"LIST\4\0\0\0INFO"


def listener() -> Denoiser:
    """Return a network for recordings that was not trained: it makes them quieter."""
    network = Spectral(widths=(4, 4), blocks=(1, 1))
    return Denoiser(network, (None, None, 1), network.build((None, None, 1), 0))


def denoised(content: bytes, denoiser: Denoiser, strength: float = 1) -> bytes:
    file = io.BytesIO()
    outcome = denoise_picture(open_picture(content), denoiser, file, Settings(strength))
    assert not outcome.warnings
    return file.getvalue()


def test_channels_are_pages_of_one_row() -> None:
    picture = open_picture(CONTENT)
    assert (picture.format, picture.pages, picture.rate) == ("WAV", 2, 8000)
    assert (picture.size(), picture.depth, picture.mode) == ((1, 3000), "16 bit", "grey")
    np.testing.assert_allclose(picture.read(1)[0, :, 0] - 0.5, STEREO[:, 1] * 0.305, atol=1e-3)


def test_a_recording_keeps_rate_depth_channels_length_and_what_is_beside() -> None:
    result = denoised(CONTENT, listener())
    before, after = read_wav(CONTENT), read_wav(result)
    assert len(result) == len(CONTENT)
    assert result.endswith(b"LIST\4\0\0\0INFO")
    assert (after.rate, after.bits, after.channels) == (8000, 16, 2)
    changes = np.abs(after.values - before.values).max(axis=(0, 1))
    assert (changes > 0.01).all()


def test_each_channel_is_denoised_by_itself() -> None:
    alone = wav((20_000 * STEREO[:, 1]).astype(np.int16))
    denoiser = listener()
    both, one = (read_wav(denoised(c, denoiser)).values for c in (CONTENT, alone))
    np.testing.assert_allclose(both[..., 1], one[..., 0], atol=2e-5)


def test_without_strength_it_comes_back_byte_by_byte() -> None:
    assert denoised(CONTENT, listener(), strength=0) == CONTENT


def test_pictures_and_recordings_are_not_taken_for_each_other(tmp_path: Path) -> None:
    network = Unet(widths=(4,), blocks=(1,))
    painter = Denoiser(network, (None, None, 1), network.build((None, None, 1), 0))
    with pytest.raises(ValueError, match=r"is a recording, .*kedro run --env sound"):
        denoised(CONTENT, painter)
    np.save(tmp_path / "a.npy", np.zeros((20, 20), np.uint8))
    with pytest.raises(ValueError, match="is a picture, and this denoiser is for recordings"):
        denoised((tmp_path / "a.npy").read_bytes(), listener())
    with pytest.raises(ValueError, match=r"has 16000 samples a second, .* is for 8000"):
        denoised(wav((9000 * STEREO).astype(np.int16), 16000), listener())


def test_a_recording_becomes_no_picture() -> None:
    with pytest.raises(PictureError, match=r"cannot become PNG .* all that is heard"):
        check_format(open_picture(CONTENT), "PNG")


@pytest.mark.parametrize("content", [CONTENT[:100], b"RIFF\4\0\0\0WAVE"])
def test_damaged_recordings_are_refused_in_words(content: bytes) -> None:
    with pytest.raises(PictureError, match="truncated"):
        open_picture(content)


def test_loud_floating_point_samples_are_refused_in_words() -> None:
    loud = open_picture(wav((2 * STEREO).astype(np.float32)))
    with pytest.raises(PictureError, match="make it quieter"):
        loud.read(0)
