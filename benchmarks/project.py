"""What benchmarks take from the project: its images and its recipes."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from denoising_pipeline.config import Parameters, merge_layers, parse_params, validate_parameters
from denoising_pipeline.degradations import Degradation, draw_noisy
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.idx import read_idx

ROOT = Path(__file__).resolve().parents[1]

HELD_OUT = 5000
"""Last images of the training file, which validate; the others are there to train on."""

# Read when Kedro's framework is imported: without it, libraries report all they do.
os.environ.setdefault("KEDRO_LOGGING_CONFIG", str(ROOT / "conf/logging.yml"))


def mnist_images(split: str) -> Images:
    """Read all images of MNIST, float32 (N, 28, 28, 1) in [0, 1].

    Args:
        split: `"train"` (60,000) or `"test"` (10,000): the two files as they were published.
    """
    start = {"train": "train", "test": "t10k"}[split]
    path = ROOT / "data/01_raw/mnist" / f"{start}-images-idx3-ubyte.gz"
    with path.open("rb") as file:
        pixels = read_idx(file)[..., np.newaxis]
    return np.divide(pixels, 255, dtype=np.float32)


def recipe_parameters(env: str, changes: Sequence[str] = ()) -> Parameters:
    """Return the parameters of a recipe, as `kedro run --env <env> --params <changes>` has them.

    Args:
        env: A folder of `conf/`.
        changes: Such as `["training.epochs=1"]`.
    """
    from denoising_pipeline.hooks.config_loader import ComponentConfigLoader
    from denoising_pipeline.settings import CONFIG_LOADER_ARGS

    changed = merge_layers(*map(parse_params, changes))
    options: dict[str, Any] = {"env": env, "runtime_params": changed, **CONFIG_LOADER_ARGS}
    loader = ComponentConfigLoader(str(ROOT / "conf"), **options)
    return validate_parameters(loader["parameters"])


def training_images() -> Images:
    """Return the 55,000 images of the training file that are not held out."""
    return mnist_images("train")[:-HELD_OUT]


def validation_images(noise: Degradation) -> tuple[Images, Images]:
    """Return the held-out images, clean and noisy."""
    clean = mnist_images("train")[-HELD_OUT:]
    return clean, draw_noisy(clean, noise, seed=0, split="val", epoch=0)


def in_its_own_process(*arguments: str) -> Any:
    """Run this script again with more arguments, and return the JSON of its last line.

    Every training starts in a fresh process, so that none pays for what another left behind. What
    the process prints is passed on to stderr.
    """
    command = [sys.executable, *sys.argv, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        line = ""
        for line in child.stdout or ():
            print(f"{' '.join(arguments)}: {line}", end="", file=sys.stderr, flush=True)
    if child.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed: its message is above.")
    return json.loads(line)
