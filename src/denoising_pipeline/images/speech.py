"""Speech that can be made or found on a machine: synthetic voices and recorded announcements."""

import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from fsspec.implementations.local import LocalFileSystem

from denoising_pipeline.core.files import atomic_write
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.wav import read_wav, write_wav

RATE = 8000
"""Samples a second of all files: that of telephones, and of the announcements."""

ANNOUNCEMENTS = Path("/usr/share/asterisk/sounds")
"""Where Debian's packages asterisk-core-sounds-<language>-wav put their folders, one a speaker."""

LOUDNESS = (-35.0, -17.0)
"""Root mean square of a file in decibels of a full scale: between these, so that any level of
recordings is learnt; peaks stay within the scale."""

PEAK = 0.95

LEAST_SECONDS = 1.0
"""Shorter announcements, single letters and digits, are left out."""

LICENCE = """\
CC BY-SA 3.0 (announcements by Allison Smith and others for Digium, Inc.); CC0 1.0 (all the rest)

Folders that begin with announcements_ hold recordings of the asterisk-core-sounds packages, made
quieter or louder and the shortest left out: CC BY-SA 3.0,
https://creativecommons.org/licenses/by-sa/3.0/
All other files are texts of this project, read by espeak-ng: CC0 1.0,
https://creativecommons.org/publicdomain/zero/1.0/
"""

MOST_TESTED = 40
"""Announcements of each speaker in the test."""


class Voice(NamedTuple):
    """A synthetic speaker.

    Attributes:
        name: As espeak-ng calls it: an accent and a variant.
        speed: Words a minute.
        pitch: 0 to 99.
    """

    name: str
    speed: int
    pitch: int


TRAIN_VOICES = (
    Voice("en-us+Andy", 165, 50),
    Voice("en-gb+Alicia", 150, 55),
    Voice("en-gb-scotland+male3", 160, 35),
    Voice("en-us+female2", 170, 60),
    Voice("en-029+Max", 155, 45),
    Voice("en-gb-x-rp+Linda", 145, 50),
    Voice("en-us+klatt2", 150, 40),
    Voice("en-gb-x-gbclan+Lee", 175, 50),
    Voice("en-us+Annie", 140, 65),
    Voice("en-us-nyc+male7", 180, 30),
    Voice("en-gb+Michael", 160, 45),
    Voice("en-029+female5", 150, 70),
)

TEST_VOICES = (
    Voice("en-us+Steph", 160, 50),
    Voice("en-gb-x-gbcwmd+Benjamin", 150, 40),
    Voice("en-us+female3", 165, 55),
    Voice("en-gb+male5", 170, 45),
)
"""Nobody of these is heard in training."""

TRAIN_TEXTS = (
    "The ferry leaves at seven, and the last one comes back before midnight.",
    "Could you bring me the blue folder from the shelf behind the door?",
    "We walked along the river until the path ended at an old stone bridge.",
    "My sister plays the cello, but she would rather have learnt the drums.",
    "Put the bread into the oven, and wait until the crust is dark.",
    "Eighteen people waited in the rain for a bus that never came.",
    "He forgot his umbrella, his keys and the name of the street.",
    "A small fox crossed the garden and looked at us for a moment.",
    "Please do not call after nine, because the children are asleep.",
    "The museum shows maps, clocks and ships made of paper.",
    "What a strange noise! It must be the pipe under the kitchen floor.",
    "Thirty four apples, two pears and a bag of walnuts, please.",
    "Nobody knew why the lighthouse had been painted yellow.",
    "The judge asked for silence, and even the dog stopped barking.",
    "In autumn these hills are the colour of copper and rust.",
    "She measured the window twice and still bought the wrong curtain.",
    "Turn left at the chapel, then follow the wall for half a mile.",
    "Our teacher says that every answer begins with a better question.",
    "The pilot switched off the engine, and we heard only the wind.",
    "Fresh fish is sold here on Tuesdays, Thursdays and Saturdays.",
    "I would have written sooner, had I known your new address.",
    "Five thousand and twelve is not a number that one forgets.",
    "The baker's youngest son became a judge in a village up north.",
    "Between the two houses there was just enough room for a bicycle.",
)

TEST_TEXTS = (
    "Yesterday a parcel without a stamp was left in front of our office.",
    "If the moon is bright enough, we can row across the lake tonight.",
    "George keeps seven hens, a goat, and a very patient donkey.",
    "Which of the three roads is the quickest way to the harbour?",
    "The orchestra tuned, the lamps went out, and somebody coughed.",
    "Check the pressure of the tyres before you load the van.",
    "Her voice was low and calm, although her hands were shaking.",
    "Nineteen forty or nineteen fifty, my grandfather was never sure.",
)


class SpeechError(FileNotFoundError):
    """There is nothing to make speech from; the message says what to install."""


def fetch_speech(
    folder: Path, overwrite: bool = False, announcements: Path = ANNOUNCEMENTS
) -> list[Path]:
    """Make a source of speech: voices of espeak-ng, and the announcements that are installed.

    Speakers and texts of `test/` are none of `train/`. Announcements in English are for training,
    those in other languages for the test.

    Args:
        folder: Where it goes; it is made if missing.
        overwrite: Replace files of these names that have another content.
        announcements: Where the folders of announcements lie.

    Returns:
        The paths of all recordings and of their licence.

    Raises:
        SpeechError: espeak-ng is not installed.
        FileExistsError: A file is there with another content, and `overwrite` is off.
    """
    if shutil.which("espeak-ng") is None:
        raise SpeechError(
            "espeak-ng is not installed, which reads the texts: apt-get install espeak-ng and, for "
            "a recorded speaker, asterisk-core-sounds-en-wav. Or put WAV files of your own into "
            f"'{folder}'."
        )
    made = []
    for name, content in (("LICENCE", LICENCE.encode()), *_recordings(announcements)):
        path = folder / name
        if not path.exists() or path.read_bytes() != content:
            if path.exists() and not overwrite:
                raise FileExistsError(
                    f"'{path}' is there with another content. Move it away, or allow overwriting."
                )
            with atomic_write(LocalFileSystem(), path.as_posix()) as file:
                file.write(content)
        made.append(path)
    return made


def _recordings(announcements: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of every recording."""
    for split, voices, texts in (
        ("train", TRAIN_VOICES, TRAIN_TEXTS),
        ("test", TEST_VOICES, TEST_TEXTS),
    ):
        for voice in voices:
            for number, text in enumerate(texts):
                path = f"{split}/{voice.name.replace('+', '_')}/{number:02}.wav"
                yield path, _levelled(spoken(text, voice), path)
    for speaker in sorted(path for path in announcements.glob("*_*_*") if path.is_dir()):
        split = "train" if speaker.name.startswith("en_") else "test"
        taken = 0
        for source in sorted(speaker.rglob("*.wav")):
            if split == "test" and taken == MOST_TESTED:
                break
            recording = read_wav(source.read_bytes())
            quiet = source.parent.name == "silence" or source.stem.startswith("beep")
            if recording.rate != RATE or quiet or recording.length < LEAST_SECONDS * RATE:
                continue
            name = "-".join(source.relative_to(speaker).parts)
            path = f"{split}/announcements_{speaker.name}/{name}"
            taken += 1
            yield path, _levelled(recording.values, path)


def spoken(text: str, voice: Voice) -> Images:
    """Return a text as espeak-ng reads it, float32 (1, samples, 1) in [0, 1], of `RATE`."""
    from scipy.signal import resample_poly

    options = ["-v", voice.name, "-s", str(voice.speed), "-p", str(voice.pitch), "--stdout"]
    command = ["espeak-ng", *options, text]
    found = subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603  # no shell
    recording = read_wav(_whole(found))
    amplitude = recording.values.mean(axis=2, dtype=np.float64)[0] - 0.5
    resampled = resample_poly(amplitude, RATE // 50, recording.rate // 50)
    return (np.clip(resampled + 0.5, 0, 1)).astype(np.float32)[np.newaxis, :, np.newaxis]


def _whole(stream: bytes) -> bytes:
    """Write the sizes into a WAV file that was written to a pipe, where they were not known."""
    size = len(stream) - 44
    file = BytesIO(stream)
    for position, number in ((4, 36 + size), (40, size)):
        file.seek(position)
        file.write(number.to_bytes(4, "little"))
    return file.getvalue()


def _levelled(values: Images, path: str) -> bytes:
    """Return a WAV file of another loudness, which depends on the path alone."""
    amplitude = values.astype(np.float64) * 2 - 1
    amplitude -= amplitude.mean()
    wanted = 10 ** (generator(0, f"loudness {path}").uniform(*LOUDNESS) / 20)
    factor = wanted / max(float(np.sqrt(np.mean(amplitude**2))), 1e-6)
    factor = min(factor, PEAK / max(float(np.abs(amplitude).max()), 1e-6))
    return write_wav(((amplitude * factor + 1) / 2).astype(np.float32), RATE)
