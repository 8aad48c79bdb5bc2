"""Results of a batch, made up but for their pictures."""

from functools import cache
from pathlib import Path

import numpy as np
from skimage import data
from skimage.filters import gaussian

from denoising_pipeline.batch.results import FileResult, Thumbnails
from denoising_pipeline.batch.thumbnails import make_thumbnails

EVIL = "<script>alert('&\"')</script>\nnew \u202eline.png"


@cache
def thumbnails(height: int = 400, width: int = 512, sigma: float = 0.1) -> Thumbnails:
    """A photograph with noise, and smoothed."""
    noise = np.random.default_rng(0).normal(0, sigma, (height, width, 3))
    clean = data.astronaut()[:height, :width] / 255
    before = np.clip(clean + noise, 0, 1).astype(np.float32)
    return make_thumbnails(before, gaussian(before, 1, channel_axis=2).astype(np.float32))


def done(name: str = "a.png", pictures: Thumbnails | None = None) -> FileResult:
    return FileResult(
        source=Path("photos") / name,
        target=Path("out") / name,
        status="done",
        format="PNG",
        mode="RGB",
        depth="8 bit",
        width=512,
        height=400,
        pages=1,
        megapixels=0.2048,
        seconds=0.5,
        sigma=0.1,
        psnr=31.24,
        psnr_low=29.8,
        psnr_high=33.0,
        warnings=("The noise is correlated.",),
        thumbnails=pictures,
    )


def failed(name: str = "text.png", reason: str = "is no image that is read") -> FileResult:
    return FileResult(Path("photos") / name, None, "failed", reason)


def skipped(name: str = "b.png", reason: str = "is done and unchanged") -> FileResult:
    return FileResult(Path("photos") / name, None, "skipped", reason)


def folder() -> list[FileResult]:
    """Two done, one failed, one skipped."""
    tiny = done("tiny.png", thumbnails(30, 40))
    return [done("a.png", thumbnails()), failed(), skipped(), tiny]
