"""One blind denoiser against specialists of the same size and training, on validation images.

The blind one is trained on every noise model and level (`--env blind`), each specialist on Gaussian
noise of one sigma, with the base recipe, the blind one's optimizer and as many epochs. All are
scored on the same noisy validation images; test images are not read.
With `--levels`, nothing is trained but a regression of sigma on the histogram of a noisy image: how
much a network that is not told sigma can know of it.
"""

import argparse
import json

import numpy as np
from machine import print_table
from project import (
    HELD_OUT,
    in_its_own_process,
    mnist_images,
    recipe_parameters,
    training_images,
    validation_images,
)
from sklearn.ensemble import HistGradientBoostingRegressor

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.metrics import psnr
from denoising_pipeline.noise.gaussian import Gaussian
from denoising_pipeline.training import train

SIGMAS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)


def main() -> None:
    """Train the blind denoiser and the specialists, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=55_000, help="training images")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--sigmas", type=float, nargs="*", default=SIGMAS[1:], help="specialists")
    parser.add_argument("--levels", action="store_true", help="tell sigma from noisy images")
    parser.add_argument("--only", help="train one, in this process: `blind` or a sigma")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(scores(options.only, options.images, options.epochs)))
        return
    if options.levels:
        tell_levels()
        return
    blind = in_its_own_process("--only=blind")
    rows = []
    for sigma in SIGMAS:
        special = in_its_own_process(f"--only={sigma}") if sigma in options.sigmas else {}
        both = blind[str(sigma)], special.get(str(sigma))
        change = f"{both[0] - both[1]:+.2f}" if both[1] else ""
        noisy = f"{noisy_psnr(sigma):.2f}"
        rows.append((f"{sigma:g}", noisy, *(f"{x:.2f}" if x else "" for x in both), change))
    print_table(["sigma", "noisy [dB]", "blind [dB]", "specialist [dB]", "blind's gain"], rows)


def scores(name: str, images: int, epochs: int) -> dict[str, float]:
    """Train one denoiser and return its mean PSNR on validation by sigma."""
    changes = [f"training.epochs={epochs}", "training.keep=last"]
    parameters = recipe_parameters("blind", changes)
    if name != "blind":
        optimizer = f"training.optimizer={parameters.training.optimizer}"
        parameters = recipe_parameters("base", [*changes, optimizer])
    noise = parameters.noise_injection.root if name == "blind" else Gaussian(sigma=float(name))
    val_clean, val_noisy = validation_images(noise)
    few = (val_noisy[:200], val_clean[:200])
    clean = training_images()[:images]
    denoiser, _ = train(clean, noise, few, parameters.training, 0, lambda epoch, metrics: None)
    sigmas = SIGMAS if name == "blind" else (float(name),)
    return {str(sigma): _score(denoiser, sigma) for sigma in sigmas}


def tell_levels() -> None:
    """Print how far a regression on 64 counts of grey values is from the true sigma."""
    draws = np.random.default_rng(0)
    clean = mnist_images("train")
    sigmas = draws.uniform(0, 1, len(clean)).round(6)
    noisy = np.concatenate(
        [
            Gaussian(sigma=sigma).apply(image, draws)
            for sigma, image in zip(sigmas.tolist(), clean[:, np.newaxis], strict=True)
        ]
    )
    edges = np.linspace(0, 1, 63)
    counts = np.array(
        [np.bincount(np.digitize(image.ravel(), edges), minlength=64) for image in noisy]
    )
    model = HistGradientBoostingRegressor(max_iter=500, random_state=0)
    model.fit(counts[:-HELD_OUT], sigmas[:-HELD_OUT])
    error = np.abs(model.predict(counts[-HELD_OUT:]) - sigmas[-HELD_OUT:])
    print(f"Sigma, uniform from 0 to 1, is told with a mean error of {error.mean():.4f}.")


def noisy_psnr(sigma: float) -> float:
    """Return the mean PSNR of doing nothing."""
    return float(psnr(*validation_images(Gaussian(sigma=sigma))).mean())


def _score(denoiser: Denoiser, sigma: float) -> float:
    clean, noisy = validation_images(Gaussian(sigma=sigma))
    return float(psnr(clean, denoiser(noisy)).mean())


if __name__ == "__main__":
    main()
