"""WAV files are read as images of one row, and written back as they were."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem
from scipy.io import wavfile

from denoising_pipeline.images.checks import check_sound, common_rate, inspect_folder
from denoising_pipeline.images.files import read_image
from denoising_pipeline.images.source import open_source
from denoising_pipeline.images.wav import WavError, read_wav, write_wav

DRAWS = np.random.default_rng(0)
TIME = np.arange(400) / 8000


def recording(kind: str, channels: int = 1) -> bytes:
    """Return a file that SciPy writes, and of 24 bits one by hand."""
    wave = 0.5 * np.sin(2 * np.pi * 300 * TIME)[:, np.newaxis] * np.linspace(1, 0.5, channels)
    if kind == "pcm24":
        samples = np.rint(wave * 2**23).astype("<i4").reshape(-1, 1).view(np.uint8)[:, :3].tobytes()
        described = struct.pack("<HHIIHH", 1, channels, 8000, 24000 * channels, 3 * channels, 24)
        body = b"WAVEfmt " + struct.pack("<I", 16) + described
        body += b"data" + struct.pack("<I", len(samples)) + samples
        return b"RIFF" + struct.pack("<I", len(body)) + body
    scale = {"uint8": 127, "int16": 2**15 - 1, "int32": 2**31 - 1}.get(kind, 1)
    stored = wave * scale + (128 if kind == "uint8" else 0)
    file = io.BytesIO()
    wavfile.write(file, 8000, stored.astype(kind))
    return file.getvalue()


KINDS = ("uint8", "int16", "pcm24", "int32", "float32", "float64")


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_amplitudes_are_values_around_a_half(kind: str, channels: int) -> None:
    found = read_wav(recording(kind, channels))
    assert (found.rate, found.channels) == (8000, channels)
    assert found.values.shape == (1, 400, channels)
    expected = 0.5 + 0.25 * np.sin(2 * np.pi * 300 * TIME)
    np.testing.assert_allclose(found.values[0, :, 0], expected, atol=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_unchanged_comes_back_byte_by_byte(kind: str) -> None:
    content = recording(kind, 2)
    found = read_wav(content)
    assert found.with_values(found.values) == content


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_changed_keeps_rate_depth_channels_and_length(kind: str) -> None:
    content = recording(kind, 2)
    found = read_wav(content)
    changed = np.float32(0.5) + (found.values - np.float32(0.5)) / np.float32(3)
    again = read_wav(found.with_values(changed))
    assert len(again.content) == len(content)
    assert (again.rate, again.bits, again.is_float) == (found.rate, found.bits, found.is_float)
    np.testing.assert_allclose(again.values, changed, atol=0.003 if kind == "uint8" else 2e-5)


def test_full_scale_does_not_wrap_around() -> None:
    found = read_wav(recording("int16"))
    loud = read_wav(found.with_values(np.where(found.values > 0.5, 2, -1).astype(np.float32)))
    assert loud.values.min() == 0
    assert loud.values.max() > 0.9999


def test_other_parts_of_the_file_are_kept() -> None:
    info = b"LIST" + struct.pack("<I", 10) + b"INFOabcdef"
    content = recording("int16") + info
    found = read_wav(content)
    assert found.with_values(1 - found.values).endswith(info)


def test_files_written_here_are_those_that_scipy_reads() -> None:
    values = DRAWS.random((1, 50, 2), np.float32)
    rate, samples = wavfile.read(io.BytesIO(write_wav(values, 16000)))
    assert rate == 16000
    np.testing.assert_allclose(samples / 2**16 + 0.5, values[0], atol=1e-5)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no sound at all", "is no WAV file"),
        (b"RF64\0\0\0\0WAVE", "RF64"),
        (b"RIFF\0\0\0\0WAVEfmt ", "damaged or truncated"),
        (recording("int16")[:-10], "more samples than it has"),
        (recording("int16").replace(b"\x01\x00\x01\x00", b"\x55\x00\x01\x00", 1), "format 85"),
    ],
)
def test_other_files_are_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(WavError, match=words):
        read_wav(content)


def test_floats_beyond_full_scale_are_refused() -> None:
    file = io.BytesIO()
    wavfile.write(file, 8000, np.full(10, 1.5, np.float32))
    with pytest.raises(WavError, match=r"up to 1\.5"):
        _ = read_wav(file.getvalue()).values


def test_a_folder_of_recordings_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(recording("int16"))
    (tmp_path / "b.WAV").write_bytes(recording("pcm24", 2))
    facts, faults = inspect_folder(open_source(LocalFileSystem(), str(tmp_path)))
    assert not faults
    assert list(facts) == ["a.wav", "b.WAV"]
    assert all(fact["shape"] == [1, 400, 1] for fact in facts.values())
    assert facts["b.WAV"]["note"] == "mixed: 2 channels to one"
    assert common_rate(facts, "speech") == 8000
    assert read_image(tmp_path / "b.WAV").shape == (1, 400, 1)


def test_several_rates_are_refused_and_named() -> None:
    facts = {"a.wav": {"rate": 8000}, "b.wav": {"rate": 44100}, "c.png": {}}
    with pytest.raises(ValueError, match=r"8000 Hz: a\.wav; 44100 Hz: b\.wav; pictures: c\.png"):
        common_rate(facts, "speech")


@pytest.mark.parametrize(
    ("rate", "wanted", "words"),
    [
        (None, 8000, "has pictures, and training.model is for recordings of 8000 Hz"),
        (8000, None, "kedro run --env sound"),
        (16000, 8000, r"Set training\.model\.rate to 16000"),
    ],
)
def test_networks_for_pictures_and_for_recordings_are_not_mixed_up(
    rate: int | None, wanted: int | None, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        check_sound("speech", rate, "training.model", wanted)


@pytest.mark.parametrize("kind", [1, 0xFFFE])
def test_fault_r20_what_says_of_itself_more_than_the_file_holds_is_truncated(kind: int) -> None:
    whole = write_wav(np.full((1, 4, 1), 0.5, np.float32), 8000)
    head, described, data = whole[:12], whole[12:36], whole[36:]
    announced = described[:4] + (40).to_bytes(4, "little") + kind.to_bytes(2, "little")
    with pytest.raises(WavError, match="does not say what its samples are"):
        read_wav(head + data + announced + described[10:20])
