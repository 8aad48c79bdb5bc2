"""Images of a batch as pictures that a page carries within itself."""

import base64
import io
import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.report.blocks import Picture
from denoising_pipeline.report.results import Results

MOST_VALUES = 2_000_000
"""Values of all images of a page: as PNG in base64 they stay under 3 MB, noise and all."""


def shown_side(results: Results) -> int:
    """Return how many pixels of an image's sides the page has room for."""
    images = 3 * (results.examples + 2 * results.extremes)
    return math.isqrt(MOST_VALUES // (images * results.clean.shape[-1]))


def pictures(results: Results, rows: pd.DataFrame) -> list[Picture]:
    """Return images of the test split, each clean, noisy and denoised, with their scores.

    Larger images than the page has room for are cut to their middle: making them smaller would
    average the noise away.

    Args:
        results: What the run found.
        rows: Rows of `image_metrics`, under their positions in the split.
    """
    side = shown_side(results)
    stages = {"clean": results.clean, "noisy": results.noisy, "denoised": results.denoised}
    return [
        Picture(
            title=f"#{row['index']}, label {row['label']}",
            states=[
                (stage, _scores(row, stage), png(middle(images[position], side)))
                for stage, images in stages.items()
            ],
        )
        for position, row in zip(rows.index, rows.to_dict("records"), strict=True)
    ]


def _scores(row: Mapping[Hashable, Any], stage: str) -> list[str]:
    if stage == "clean":
        return []
    prefix = "noisy_" if stage == "noisy" else ""
    return [f"{row[f'{prefix}psnr']:.2f} dB", f"SSIM {row[f'{prefix}ssim']:.3f}"]


def middle(image: Images, side: int) -> Images:
    """Return the middle of an image (H, W, C), at most `side` pixels high and wide."""
    height, width = image.shape[:2]
    top, left = max(0, height - side) // 2, max(0, width - side) // 2
    return image[top : top + side, left : left + side]


def png(image: Images) -> str:
    """Return an image as the data URI of a PNG file.

    Args:
        image: Floats (H, W, C) in [0, 1], C in {1, 3}.
    """
    levels = np.rint(np.asarray(image) * 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
