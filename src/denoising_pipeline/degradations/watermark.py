"""Semi-transparent text over an image."""

from typing import ClassVar, Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydantic import Field

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Images

WORDS = ("SAMPLE", "PROOF", "DRAFT", "COPY", "PREVIEW", "DEMO", "NOT FOR SALE", "© 2026", "ABC")

AREA = 128 * 128
"""Pixels to a text: larger images have several."""


class Watermark(Degradation):
    """Texts of random words, places, angles, sizes and opacities, white or black.

    Under a text of opacity a a value x becomes (1 - a) x + a t, t being 1 or 0. The font is the one
    that Pillow brings.
    """

    level: ClassVar[str] = "opacity"
    partial: ClassVar[bool] = True

    name: Literal["watermark"] = "watermark"
    opacity: float = Field(default=0.6, ge=0, le=1, description="at most; at least a half of it")
    size: int = Field(default=24, ge=4, le=512, description="of letters in pixels, at most")

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        height, width = clean.shape[1:3]
        degraded = np.array(clean)
        for image in degraded:
            for _ in range(max(1, height * width // AREA)):
                cover, tone = self._text(height, width, generator)
                image[...] = image + cover[..., np.newaxis] * (tone - image)
        return np.clip(degraded, 0, 1, out=degraded)

    def _text(self, height: int, width: int, draws: np.random.Generator) -> tuple[Images, float]:
        """Return the opacity at every pixel, (H, W), and whether the text is white or black."""
        size = draws.uniform(self.size / 2, self.size)
        font = ImageFont.load_default(size)
        word = WORDS[draws.integers(len(WORDS))]
        left, top, right, bottom = font.getbbox(word)
        text = Image.new("L", (round(right - left) + 2, round(bottom - top) + 2))
        ImageDraw.Draw(text).text((1 - left, 1 - top), word, 255, font)
        turned = text.rotate(draws.uniform(0, 360), Image.Resampling.BICUBIC, expand=True)
        page = Image.new("L", (width, height))
        middle = draws.random(2) * (width, height) - np.divide(turned.size, 2)
        page.paste(turned, tuple(np.rint(middle).astype(int).tolist()))
        opacity = np.float32(self.opacity * draws.uniform(0.5, 1) / 255)
        return opacity * np.asarray(page, np.float32), float(draws.integers(2))
