"""What benchmarks take from the project: its images and its recipes."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from kedro.config import OmegaConfigLoader
from omegaconf import OmegaConf

from denoising_pipeline.arrays import Images
from denoising_pipeline.config import Parameters, validate_parameters
from denoising_pipeline.datasets.idx_format import read_idx

ROOT = Path(__file__).resolve().parents[1]

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
        images: Images = read_idx(file)[..., np.newaxis].astype(np.float32) / 255
    return images


def recipe_parameters(env: str, changes: Sequence[str] = ()) -> Parameters:
    """Return the parameters of a recipe, as `kedro run --env <env> --params <changes>` has them.

    Args:
        env: A folder of `conf/`.
        changes: Such as `["training.epochs=1"]`.
    """
    from denoising_pipeline.settings import CONFIG_LOADER_ARGS

    changed = cast("dict[str, Any]", OmegaConf.to_container(OmegaConf.from_dotlist(list(changes))))
    loader = OmegaConfigLoader(
        str(ROOT / "conf"), env=env, runtime_params=changed, **CONFIG_LOADER_ARGS
    )
    return validate_parameters(loader["parameters"])
