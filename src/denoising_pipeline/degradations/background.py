"""Sounds behind speech: hiss, hum and voices."""

from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Images

KINDS = ("white", "pink", "hum", "babble")

MAINS = (50.0, 60.0)
"""Frequencies of the mains in Hz."""

HARMONICS = 12

VOICES = 6
"""Copies that make up babble."""

SILENCE = 1e-3
"""Least root mean square of a recording that noise is related to: -60 dB of a full scale."""

_Samples = npt.NDArray[np.float64]


class Background(Degradation):
    """One of four sounds is added to each recording, at a level of its own.

    The ratio of the root mean squares of speech and noise over the whole recording is drawn
    uniformly in decibels: from -20 log10(`loudness`) up to `quieter` more. By default that is 0 to
    20 dB. All sounds are equally likely: white noise; pink noise, whose power falls as 1 / f; hum,
    50 or 60 Hz and its harmonics, each of random strength and phase; and babble, the sum of six
    copies of the recording itself, each reversed, shifted, and played up to a quarter faster or
    slower, so that nobody can be understood. Values may leave [0, 1]: nothing is clipped.
    """

    level: ClassVar[str] = "loudness"
    clipped: ClassVar[bool] = False

    name: Literal["background"] = "background"
    loudness: float = Field(
        default=1.0, ge=0, le=10, description="of the noise, relative to speech; 0.1 is 20 dB less"
    )
    quieter: float = Field(default=20.0, ge=0, le=60, description="dB that it may have less")
    rate: int = Field(default=8000, ge=1000, le=192_000, description="samples a second, for hum")

    @property
    def sample_rate(self) -> int:
        """Samples a second of the recordings."""
        return self.rate

    def describe(self) -> str:
        """Return the name and the ratios, such as `"background at 0 to 20 dB"`."""
        if not self.loudness:
            return f"{self.name} 0"
        least = -20 * np.log10(self.loudness)
        most = f" to {least + self.quieter:.3g}" * (self.quieter > 0)
        return f"{self.name} at {least + 0:.3g}{most} dB"

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of recordings; see `Degradation.apply`. Values may leave [0, 1]."""
        noisy = np.array(clean)
        for place, own in enumerate(generator.spawn(len(clean))):
            quieter = own.uniform(0, self.quieter)
            kind = KINDS[own.integers(len(KINDS))]
            speech = clean[place].mean(axis=(0, 2), dtype=np.float64) - 0.5
            noise = self._sound(kind, speech, own)
            noise *= max(_loudness(speech), SILENCE) / max(_loudness(noise), 1e-12)
            factor = self.loudness * 10 ** (-quieter / 20)
            noisy[place] += (factor * noise).astype(np.float32)[:, np.newaxis]
        return noisy

    def _sound(self, kind: str, speech: _Samples, draws: np.random.Generator) -> _Samples:
        if kind == "white":
            return draws.standard_normal(len(speech))
        if kind == "pink":
            return _pink(len(speech), draws)
        if kind == "hum":
            return _hum(len(speech), self.rate, draws)
        return _babble(speech, draws)


def _loudness(samples: _Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


def _pink(count: int, draws: np.random.Generator) -> _Samples:
    """Return noise whose power is that of white noise, divided by the frequency."""
    spectrum = np.fft.rfft(draws.standard_normal(count))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    spectrum[0] = 0
    return np.fft.irfft(spectrum, count)


def _hum(count: int, rate: int, draws: np.random.Generator) -> _Samples:
    """Return harmonics that become weaker by a half with each three, and a little hiss."""
    frequency = MAINS[draws.integers(len(MAINS))] * draws.uniform(0.998, 1.002)
    time = 2 * np.pi * frequency / rate * np.arange(count)
    strengths = draws.uniform(0.1, 1, HARMONICS) * 0.5 ** (np.arange(HARMONICS) / 3)
    phases = draws.uniform(0, 2 * np.pi, HARMONICS)
    waves = [
        strength * np.sin(number * time + phase)
        for number, (strength, phase) in enumerate(zip(strengths, phases, strict=True), start=1)
        if number * frequency < rate / 2
    ]
    summed: _Samples = np.sum(waves, axis=0)
    return summed + 0.02 * draws.standard_normal(count)


def _babble(speech: _Samples, draws: np.random.Generator) -> _Samples:
    """Return the sum of reversed copies, at other places and speeds, around a circle."""
    count = len(speech)
    summed = np.zeros(count)
    for _ in range(VOICES):
        start, speed = draws.uniform(0, count), draws.uniform(0.8, 1.25)
        places = (start - speed * np.arange(count)) % count
        summed += np.interp(places, np.arange(count + 1), np.append(speech, speech[:1]))
    return summed + SILENCE / 100 * draws.standard_normal(count)
