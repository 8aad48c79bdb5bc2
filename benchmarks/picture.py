"""The picture of a photograph in README: a part of it clean, noisy, and denoised by the package.

The photograph is "European Honey Bee" by John Severns (public domain), one of those that the recipe
`photos` holds out for the test, so that the denoiser never saw it; at half its height and width.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from photos import eight_bits, psnr

from denoising_pipeline import Denoiser
from denoising_pipeline.pictures.formats import open_picture

PHOTOGRAPH = "data/01_raw/photos/european_honey_bee.jpg"
SIGMA = 35
PLACE = slice(120, 400), slice(60, 380)


def main() -> None:
    """Draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=Path("docs/photograph.png"))
    file = parser.parse_args().file
    whole = open_picture(Path(PHOTOGRAPH)).read(0)
    height, width = (side // 2 * 2 for side in whole.shape[:2])
    halves = whole[:height, :width].reshape(height // 2, 2, width // 2, 2, 3)
    clean = halves.mean((1, 3), dtype=np.float32)[PLACE]
    noise = np.random.default_rng(0).standard_normal(clean.shape, np.float32)
    noisy = eight_bits(clean + np.float32(SIGMA / 255) * noise)
    denoised = eight_bits(Denoiser.load()(noisy[np.newaxis])[0])
    figure = Figure(figsize=(9.2, 3.1), dpi=120, layout="constrained")
    shown = (
        ("clean", clean),
        (f"noise of {SIGMA}/255: {psnr(clean, noisy):.1f} dB", noisy),
        (f"denoised: {psnr(clean, denoised):.1f} dB", denoised),
    )
    for axes, (title, image) in zip(figure.subplots(1, 3), shown, strict=True):
        axes.imshow(image, interpolation="nearest")
        axes.set_title(title, fontsize=10)
        axes.axis("off")
    figure.savefig(file)


if __name__ == "__main__":
    main()
