"""Recordings: WAV files as images of one row, and back without a change of anything else."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.arrays import Images

SUFFIXES = (".wav", ".wave")
"""How the files that are read end."""

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_BITS = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64)}
_FORMAT = struct.Struct("<HHIIHH")
_SUBFORMAT = 24
"""Where in an extensible format the number stands that says what the samples are."""


class WavError(ValueError):
    """A file is no WAV file that can be read; the sentence goes on from its name."""


@dataclass(frozen=True)
class Recording:
    """A WAV file in memory (IBM and Microsoft, "Multimedia Programming Interface", 1991).

    Attributes:
        content: The whole file.
        rate: Samples a second.
        channels: Such as 2 of a stereo recording.
        bits: Of a sample: 8, 16, 24 or 32 of integers, 32 or 64 of floats.
        is_float: Whether samples are floating point.
        start: Where in the file the first sample begins.
        length: Samples of each channel.
    """

    content: bytes
    rate: int
    channels: int
    bits: int
    is_float: bool
    start: int
    length: int

    @cached_property
    def values(self) -> Images:
        """The samples as an image of one row: float32 (1, length, channels) in [0, 1].

        An amplitude x in [-1, 1] is the value (x + 1) / 2, so that 0.5 is silence. Up to 24 bits it
        is exact.

        Raises:
            WavError: There are floating point samples beyond [-1, 1], or none that are finite.
        """
        amplitude = self._samples / self._scale - (1.0 if self.bits == 8 else 0.0)  # noqa: PLR2004
        most = float(np.abs(amplitude).max(initial=0))
        if not most <= 1:
            raise WavError(
                f"has amplitudes up to {most:g}, and 1 is the largest: make it quieter, or save it "
                "as integers"
            )
        values: Images = ((amplitude + 1) / 2).astype(np.float32)
        return values[np.newaxis]

    def with_values(self, values: Images) -> bytes:
        """Return the file with other samples; those whose value is unchanged stay bit by bit.

        Args:
            values: float32 (1, length, channels), clipped to [0, 1].

        Raises:
            ValueError: They have another shape, or are not finite.
        """
        if values.shape != self.values.shape or not np.isfinite(values).all():
            raise ValueError(f"Samples {values.shape} instead of finite {self.values.shape}.")
        amplitude = 2 * np.clip(values[0].astype(np.float64), 0, 1) - 1
        samples = self._samples
        if self.is_float:
            changed = amplitude.astype(samples.dtype)
        else:
            low, high = (0, 255) if self.bits == 8 else (-self._scale, self._scale - 1)  # noqa: PLR2004
            shift = 1.0 if self.bits == 8 else 0.0  # noqa: PLR2004
            changed = np.clip(np.rint((amplitude + shift) * self._scale), low, high)
            changed = changed.astype(samples.dtype)
        kept = np.where(values[0] == self.values[0], samples, changed)
        end = self.start + self.length * self.channels * self.bits // 8
        return self.content[: self.start] + _packed(kept, self.bits) + self.content[end:]

    @property
    def _scale(self) -> float:
        return 1.0 if self.is_float else 2.0 ** (self.bits - 1)

    @cached_property
    def _samples(self) -> npt.NDArray[Any]:
        """Samples as the file has them, (length, channels)."""
        width = self.bits // 8
        count = self.length * self.channels
        raw = np.frombuffer(self.content, np.uint8, count * width, self.start)
        if self.bits == 24:  # noqa: PLR2004
            wide = np.zeros((count, 4), np.uint8)
            wide[:, 1:] = raw.reshape(count, 3)
            samples: npt.NDArray[Any] = wide.view("<i4")[:, 0] >> 8
        else:
            kind = "f" if self.is_float else "u" if width == 1 else "i"
            samples = raw.view(f"<{kind}{width}")
        return samples.reshape(self.length, self.channels)


def is_wav(start: bytes) -> bool:
    """Return whether a file is WAV by its first 12 bytes."""
    return start[:4] in {b"RIFF", b"RF64"} and start[8:12] == b"WAVE"


def read_wav(content: bytes) -> Recording:
    """Read a WAV file: PCM of 8, 16, 24 or 32 bits or floats of 32 or 64, any number of channels.

    Args:
        content: The whole file.

    Returns:
        The recording.

    Raises:
        WavError: It is none, or damaged, or empty, or of another kind.
    """
    if not is_wav(content):
        raise WavError("is no WAV file")
    if content.startswith(b"RF64"):
        raise WavError("is an RF64 file, for more than 4 GB: save it in parts, as WAV")
    chunks = {name: (start, size) for name, start, size in _chunks(content)}
    if b"fmt " not in chunks or b"data" not in chunks:
        raise WavError("is damaged or truncated: it has no samples")
    start, size = chunks[b"fmt "]
    if size < _FORMAT.size or start + size > len(content):
        raise WavError("is damaged or truncated: it does not say what its samples are")
    kind, channels, rate, _, block, bits = _FORMAT.unpack_from(content, start)
    if kind == _EXTENSIBLE and size >= _SUBFORMAT + 2:
        (kind,) = struct.unpack_from("<H", content, start + _SUBFORMAT)
    if bits not in _BITS.get(kind, ()) or not channels or block != channels * bits // 8:
        raise WavError(
            f"has samples of a kind that is not read (format {kind}, {bits} bits): save it as PCM "
            "of 16 or 24 bits"
        )
    first, size = chunks[b"data"]
    if first + size > len(content):
        raise WavError("is truncated: it announces more samples than it has")
    if size < block:
        raise WavError("has no samples")
    return Recording(content, rate, channels, bits, kind == _FLOAT, first, size // block)


def write_wav(values: Images, rate: int) -> bytes:
    """Return a WAV file of 16 bits.

    Args:
        values: float32 (1, length, channels), clipped to [0, 1]; 0.5 is silence.
        rate: Samples a second.
    """
    _, length, channels = values.shape
    samples = np.clip(np.rint((values[0].astype(np.float64) - 0.5) * 2**16), -(2**15), 2**15 - 1)
    data = bytes(samples.astype("<i2").tobytes())
    block = 2 * channels
    described = _FORMAT.pack(_PCM, channels, rate, rate * block, block, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(described)) + described
    body += b"data" + struct.pack("<I", length * block) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and size of each chunk; an odd size is followed by a byte."""
    position = 12
    while position + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, position)
        yield name, position + 8, size
        position += 8 + size + size % 2


def _packed(samples: npt.NDArray[Any], bits: int) -> bytes:
    if bits == 24:  # noqa: PLR2004
        wide = np.ascontiguousarray(samples.astype("<i4")).reshape(-1, 1).view(np.uint8)
        return bytes(wide[:, :3].tobytes())
    return bytes(samples.tobytes())
