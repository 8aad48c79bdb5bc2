"""What became of each file."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

Status = Literal["done", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Small pictures of the first page, before and after, as people see it (turned upright).

    Attributes:
        whole_before: JPEG, at most 480 pixels a side.
        whole_after: Likewise.
        crop_before: PNG of 8 bits, grey or RGB: a part of it, pixel by pixel.
        crop_after: Likewise, of the same part.
        crop_place: Left, top, width and height of the crop, as shares of the whole.
        brightness: Factor by which all four are shown brighter than they are.
    """

    whole_before: bytes
    whole_after: bytes
    crop_before: bytes
    crop_after: bytes
    crop_place: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    brightness: float = 1.0


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file.

    Attributes:
        source: The file that was given; `-` is the standard input.
        target: The file that was to be written; None: there is none.
        status: "done": written, or would have been; "skipped": left alone; "failed": not written.
        reason: Why it was skipped or failed, a sentence for people; else empty.
        format: Such as "PNG"; empty where the file could not be read.
        mode: Such as "grey", "RGB", "RGBA", "palette", "CMYK".
        depth: Such as "8 bit", "16 bit", "float32".
        width: Of the first page, in pixels as they are stored; of a recording, in samples.
        height: Likewise.
        pages: Images in the file, or channels of the recording.
        megapixels: Of all pages, millions of pixels.
        seconds: From opening it to the renamed output.
        sigma: Estimated standard deviation of the noise on the scale of [0, 1], root mean square
            over the pages; None: unknown.
        gain: How the variance of the noise grows with the signal, variance = gain * value + offset
            on the scale of [0, 1], mean over the pages; None: it does not, as far as can be told.
        told: What the network was told instead, on the same scale; None: the estimate.
        psnr: Predicted PSNR of the output in decibels, mean over the pages; None: not predicted.
        psnr_low: Lower end of the interval that holds it nine times of ten.
        psnr_high: Upper end.
        psnr_before: Measured PSNR of the file that was given against its clean partner, in
            decibels, mean over the pages; None: there is no partner.
        psnr_after: The same of the file that was written.
        ssim_before: SSIM likewise; None as well for what is smaller than its window.
        ssim_after: Likewise.
        warnings: Sentences for people.
        thumbnails: Kept where a report is asked for.
    """

    source: PurePath
    target: PurePath | None
    status: Status
    reason: str = ""
    format: str = ""
    mode: str = ""
    depth: str = ""
    width: int = 0
    height: int = 0
    pages: int = 0
    megapixels: float = 0.0
    seconds: float = 0.0
    sigma: float | None = None
    gain: float | None = None
    told: float | None = None
    psnr: float | None = None
    psnr_low: float | None = None
    psnr_high: float | None = None
    psnr_before: float | None = None
    psnr_after: float | None = None
    ssim_before: float | None = None
    ssim_after: float | None = None
    warnings: tuple[str, ...] = ()
    thumbnails: Thumbnails | None = None

    @property
    def extent(self) -> str:
        """Such as "640x480" or "8000 samples"; empty where the file could not be read."""
        if self.format == "WAV":
            return f"{self.width} samples"
        return f"{self.width}x{self.height}" if self.width else ""

    @property
    def speed(self) -> float | None:
        """Megapixels per second; None where nothing was done."""
        return self.megapixels / self.seconds if self.seconds and self.megapixels else None


def shown(name: str | PurePath) -> str:
    """Return a name as it can be printed on one line: what cannot is escaped, as in Python."""
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "surrogatepass").decode()
        for character in str(name)
    )
