"""One blind denoiser against specialists of the same size and training, on validation images.

The blind one is trained on every noise model and level (`--env blind`), each specialist on Gaussian
noise of one sigma. All are scored on the same noisy validation images; test images are not read.
"""

import argparse
import json
import subprocess
import sys

from machine import print_table
from project import mnist_images, recipe_parameters

from denoising_pipeline.arrays import Images
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.metrics import psnr
from denoising_pipeline.noise import draw_noisy
from denoising_pipeline.noise.gaussian import Gaussian
from denoising_pipeline.training import train

HELD_OUT = 5000
"""Last images of the training file: what everything is scored on."""

SIGMAS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)


def main() -> None:
    """Train the blind denoiser and the specialists, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=55_000, help="training images")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--sigmas", type=float, nargs="*", default=SIGMAS[1:], help="specialists")
    parser.add_argument("--only", help="train one, in this process: `blind` or a sigma")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(scores(options.only, options.images, options.epochs)))
        return
    blind = _in_its_own_process("blind")
    rows = []
    for sigma in SIGMAS:
        special = _in_its_own_process(str(sigma)) if sigma in options.sigmas else {}
        both = blind[str(sigma)], special.get(str(sigma))
        change = f"{both[0] - both[1]:+.2f}" if both[1] else ""
        noisy = f"{noisy_psnr(sigma):.2f}"
        rows.append((f"{sigma:g}", noisy, *(f"{x:.2f}" if x else "" for x in both), change))
    print_table(["sigma", "noisy [dB]", "blind [dB]", "specialist [dB]", "blind's gain"], rows)


def _in_its_own_process(name: str) -> dict[str, float]:
    command = [sys.executable, __file__, *sys.argv[1:], f"--only={name}"]
    child = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    found: dict[str, float] = json.loads(child.stdout.splitlines()[-1])
    print(name, found, file=sys.stderr)
    return found


def scores(name: str, images: int, epochs: int) -> dict[str, float]:
    """Train one denoiser and return its mean PSNR on validation by sigma."""
    changes = [f"training.epochs={epochs}", "training.keep=last"]
    parameters = recipe_parameters("blind", changes)
    noise = parameters.noise_injection.root if name == "blind" else Gaussian(sigma=float(name))
    held_out = validation()
    few = (draw_noisy(held_out[:200], noise, seed=0, split="val", epoch=0), held_out[:200])
    clean = mnist_images("train")[:images]
    denoiser, _ = train(clean, noise, few, parameters.training, 0, lambda epoch, metrics: None)
    sigmas = SIGMAS if name == "blind" else (float(name),)
    return {str(sigma): _score(denoiser, held_out, sigma) for sigma in sigmas}


def validation() -> Images:
    """Return the clean validation images."""
    return mnist_images("train")[-HELD_OUT:]


def noisy_psnr(sigma: float) -> float:
    """Return the mean PSNR of doing nothing."""
    return float(psnr(validation(), _noisy(validation(), sigma)).mean())


def _noisy(clean: Images, sigma: float) -> Images:
    return draw_noisy(clean, Gaussian(sigma=sigma), seed=0, split="val", epoch=0)


def _score(denoiser: Denoiser, clean: Images, sigma: float) -> float:
    return float(psnr(clean, denoiser(_noisy(clean, sigma))).mean())


if __name__ == "__main__":
    main()
