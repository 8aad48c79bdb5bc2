"""Images as pictures that a page carries within itself."""

import io
import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from denoising_pipeline.core.pages import data_uri
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.shown import as_seen, image_titles, middle
from denoising_pipeline.images.wav import write_wav
from denoising_pipeline.report.blocks import Picture
from denoising_pipeline.report.results import Results

MOST_VALUES = 2_000_000
"""Values of all images of a page: as PNG in base64 they stay under 3 MB, noise and all."""

HEARD = 3
"""Recordings that can be listened to."""

HEARD_SECONDS = 5


def shown_side(results: Results) -> int:
    """Return how many pixels of an image's sides the page has room for."""
    count = len(results.image_metrics)
    images = 3 * (min(results.examples, count) + 2 * min(results.extremes, count))
    return math.isqrt(MOST_VALUES // (images * ImageSet.of(results.noisy).channels))


def pictures(results: Results, rows: pd.DataFrame, *, heard: int = 0) -> list[Picture]:
    """Return images of the test split, each clean if it is known, noisy and denoised, with scores.

    Larger images than the page has room for are cut to their middle: making them smaller would
    average the noise away. Nothing else of them is read. Recordings are shown as spectrograms.

    Args:
        results: What the run found.
        rows: Rows of `image_metrics`, under their positions in the split.
        heard: How many of them, if they are recordings, can be listened to.
    """
    rate = results.source_manifest.get("rate")
    side = shown_side(results)
    stages = {"clean": results.clean, "noisy": results.noisy, "denoised": results.denoised}
    sets = {stage: ImageSet.of(images) for stage, images in stages.items() if len(images)}
    return [
        Picture(
            title=title,
            states=[
                (stage, _scores(row, stage), png(as_seen(images, position, side, side)))
                for stage, images in sets.items()
            ],
            sounds={
                stage: wav(middle(images, position, 1, HEARD_SECONDS * rate), rate)
                for stage, images in sets.items()
                if rate and number < heard
            },
        )
        for number, (title, position, row) in enumerate(
            zip(image_titles(rows, numbered=True), rows.index, rows.to_dict("records"), strict=True)
        )
    ]


def _scores(row: Mapping[Hashable, Any], stage: str) -> list[str]:
    if stage == "clean":
        return []
    prefix = "noisy_" if stage == "noisy" else ""
    if "risk" in row:
        return []
    if "si_sdr" in row:
        return [f"SI-SDR {row[f'{prefix}si_sdr']:.2f} dB"]
    lines = [f"{row[f'{prefix}psnr']:.2f} dB"]
    return lines + ([f"SSIM {row[f'{prefix}ssim']:.3f}"] if "ssim" in row else [])


def wav(recording: Images, rate: int) -> str:
    """Return a recording as the data URI of a WAV file of 16 bits.

    Args:
        recording: float32 (1, samples, C), 0.5 being silence.
        rate: Samples a second.
    """
    return data_uri(write_wav(recording, rate), "audio/wav")


def png(image: Images) -> str:
    """Return an image as the data URI of a PNG file.

    Args:
        image: Floats (H, W, C) in [0, 1], C in {1, 3}.
    """
    levels = np.rint(np.asarray(image) * 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels).save(file, "PNG")
    return data_uri(file.getvalue(), "image/png")
