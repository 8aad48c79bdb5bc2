"""Speech is made of what is installed, with speakers and texts of its own for the test."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from denoising_pipeline.images import speech
from denoising_pipeline.images.speech import (
    TEST_TEXTS,
    TEST_VOICES,
    TRAIN_TEXTS,
    TRAIN_VOICES,
    SpeechError,
    fetch_speech,
)
from denoising_pipeline.images.wav import read_wav, write_wav

needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed"
)


def test_nobody_and_nothing_of_the_test_is_heard_in_training() -> None:
    assert not {voice.name for voice in TRAIN_VOICES} & {voice.name for voice in TEST_VOICES}
    variants = [[voice.name.split("+")[1] for voice in v] for v in (TRAIN_VOICES, TEST_VOICES)]
    assert not set(variants[0]) & set(variants[1])
    assert not set(TRAIN_TEXTS) & set(TEST_TEXTS)


@needs_espeak
def test_speech_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "TRAIN_VOICES", TRAIN_VOICES[:1])
    monkeypatch.setattr(speech, "TEST_VOICES", TEST_VOICES[:1])
    monkeypatch.setattr(speech, "TRAIN_TEXTS", TRAIN_TEXTS[:1])
    monkeypatch.setattr(speech, "TEST_TEXTS", TEST_TEXTS[:1])
    speaker = tmp_path / "sounds" / "en_GB_f_Somebody"
    (speaker / "silence").mkdir(parents=True)
    noise = 0.5 + 0.1 * np.random.default_rng(0).standard_normal((1, 9000, 1)).astype(np.float32)
    for name in ("hello.wav", "beep.wav", "silence/1.wav"):
        (speaker / name).write_bytes(write_wav(noise, 8000))
    (speaker / "short.wav").write_bytes(write_wav(noise[:, :4000], 8000))
    made = fetch_speech(tmp_path / "speech", announcements=tmp_path / "sounds")
    assert [path.relative_to(tmp_path / "speech").as_posix() for path in made] == [
        "LICENCE",
        "train/en-us_Andy/00.wav",
        "test/en-us_Steph/00.wav",
        "train/announcements_en_GB_f_Somebody/hello.wav",
    ]
    for path in made[1:]:
        found = read_wav(path.read_bytes())
        loudness = 20 * np.log10(2 * (found.values - 0.5).std())
        assert found.rate == 8000
        assert found.length > 8000
        assert -36 < loudness < -16
    assert fetch_speech(tmp_path / "speech", announcements=tmp_path / "sounds") == made
    made[1].write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="another content"):
        fetch_speech(tmp_path / "speech", announcements=tmp_path / "sounds")
    assert made[1].read_bytes() == b"mine"


def test_without_espeak_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SpeechError, match="apt-get install espeak-ng"):
        fetch_speech(tmp_path / "speech")
    assert not (tmp_path / "speech").exists()
