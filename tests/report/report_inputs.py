"""What a report is made of: real digits, noise and a blur in the place of a denoiser."""

from dataclasses import replace
from functools import cache
from typing import Any, cast

import numpy as np
import pandas as pd
from bs4 import BeautifulSoup, Tag
from project_folder import ROOT
from scipy.ndimage import gaussian_filter

from denoising_pipeline.config import Parameters, flatten
from denoising_pipeline.degradations import NoiseInjectionParameters, draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.idx import read_idx
from denoising_pipeline.pipelines.evaluation.nodes import (
    score_test_images,
    summarize,
    summarize_digits,
    sweep_noise,
)
from denoising_pipeline.report import Results, RunFacts, render

COUNT = 60
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def blur(noisy: Images) -> Images:
    """A classical denoiser: takes images to images, as the trained one does."""
    return gaussian_filter(noisy, (0, 1, 1, 0))


@cache
def digits() -> tuple[Images, Any]:
    """Return the first test images of MNIST and their labels."""
    folder = ROOT / "data/01_raw/mnist"
    with (
        (folder / "t10k-images-idx3-ubyte.gz").open("rb") as images,
        (folder / "t10k-labels-idx1-ubyte.gz").open("rb") as labels,
    ):
        clean = read_idx(images)[:COUNT, :, :, np.newaxis].astype(np.float32) / np.float32(255)
        return clean, read_idx(labels)[:COUNT]


def history(epochs: int) -> pd.DataFrame:
    """Curves that fall and rise, the best epoch the last but two."""
    epoch = np.arange(1, epochs + 1)
    val_loss = 0.1 + 0.001 * (epoch - epochs + 2.0) ** 2
    table = {"epoch": epoch, "loss": 0.3 / epoch, "val_loss": val_loss, "seconds": 61.5}
    return pd.DataFrame(table | {"psnr": 18 + epoch / 7, "val_psnr": 17 + epoch / 9})


@cache
def results() -> Results:
    """Return what a run would have found with the blur as its denoiser."""
    clean, labels = digits()
    noise, evaluation = Gaussian(), EvaluationParameters(sweep_images=20, limit=None)
    noisy = draw_noisy(clean, noise, seed=0, split="test", epoch=0)
    splits = pd.DataFrame({"split": "test", "index": range(COUNT), "label": labels})
    chosen = NoiseInjectionParameters(noise)
    table = score_test_images(clean, noisy, blur(noisy), splits)
    return Results(
        clean=clean,
        noisy=noisy,
        denoised=blur(noisy),
        image_metrics=table,
        digit_metrics=summarize_digits(table, evaluation),
        summary=summarize(table, evaluation, "mnist", chosen),
        history=history(12),
        noise_sweep=sweep_noise(clean, cast("Any", blur), chosen, evaluation, seed=0),
        source_manifest={
            "source": "mnist",
            "files": {"test_images": {"shape": [COUNT, 28, 28], "sha256": "ab" * 32}},
        },
        noise="gaussian 0.5",
        level="sigma",
        architecture={"name": "dense", "latent_dim": 32, "nodes": [128, 64]},
        weight_count=123456,
        facts=RunFacts(
            command="kedro run --env=smoke",
            version="2026-01-02T03.04.05.678Z",
            commit=COMMIT,
            mlflow_run="c0ffee",
            parameters=flatten(Parameters().model_dump(mode="json")),
            libraries={"keras": "3.15.1"},
        ),
    )


def changed(**given: Any) -> Results:
    """Return the results with something else in them."""
    return replace(results(), **given)


def parsed(found: Results | None = None) -> BeautifulSoup:
    return BeautifulSoup(render(found or results()), "html.parser")


def part(page: BeautifulSoup, key: str) -> Tag:
    section = page.find(id=key)
    assert isinstance(section, Tag)
    return section
