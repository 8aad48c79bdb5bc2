"""What a report is made of: real digits, noise and a blur in the place of a denoiser."""

from dataclasses import replace
from functools import cache
from typing import Any, cast

import numpy as np
import pandas as pd
from bs4 import BeautifulSoup, Tag
from cards import card
from project_folder import ROOT
from scipy.ndimage import gaussian_filter

from denoising_pipeline.config import Parameters, flatten
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser.card import Card, Origin
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.evaluation.without_clean import summary_without_clean
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.idx import read_idx
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.pipelines.evaluation.nodes import (
    score_test_images,
    summarize,
    summarize_digits,
    sweep_noise,
)
from denoising_pipeline.report import Results, RunFacts, render

COUNT = 60
COMMIT = "0123456789abcdef0123456789abcdef01234567"


CARD = Card(
    images=Origin(source="mnist", licence="CC BY-SA 3.0", train_images=55_000, digest="cd" * 16),
    degradation=card().degradation,
    seed=0,
    training={"loss": "mse", "batch_size": 128, "model": {"name": "dense"}},
    validation={"val_psnr": 18.1119, "val_loss": 0.1},
    code="0.1.0 0123456",
)


class Blur:
    """In the place of a denoiser: a filter, with the card of a network."""

    architecture = Dense()
    card = CARD

    def __call__(self, noisy: Images) -> Images:
        """Denoise images."""
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
    evaluation, blur = EvaluationParameters(sweep_images=20, limit=None), cast("Any", Blur())
    noisy = draw_noisy(clean, Gaussian(), seed=0, split="test", epoch=0)
    splits = pd.DataFrame({"split": "test", "index": range(COUNT), "label": labels})
    table = score_test_images(clean, noisy, blur(noisy), splits, evaluation)
    return Results(
        clean=clean,
        noisy=noisy,
        denoised=blur(noisy),
        image_metrics=table,
        digit_metrics=summarize_digits(table, evaluation),
        summary=summarize(table, blur, evaluation),
        history=history(12),
        noise_sweep=sweep_noise(clean, blur, evaluation),
        source_manifest={
            "source": "mnist",
            "kind": "idx",
            "channels": 1,
            "files": {
                name: {"shape": [COUNT, 28, 28], "sha256": "ab" * 32}
                for name in ("train_images", "test_images")
            },
        },
        card=CARD,
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


def photographs() -> Results:
    """Return what a run on colour images of different sizes, from files, would have found."""
    draws = np.random.default_rng(0)
    shapes = [(200 + 10 * i, 300 - 20 * i, 3) for i in range(6)]
    clean = ImageSet.collect(
        (draws.random(shape, dtype=np.float32) for shape in shapes), shapes, np.float32
    )
    psnr, ssim = np.arange(6) + 20.0, np.arange(6) / 10
    names = [f"boats/{i}.png" for i in range(6)]
    table = pd.DataFrame({"index": range(6), "label": [None] * 6, "name": names})
    scores = {"psnr": psnr, "noisy_psnr": psnr - 9, "ssim": ssim, "noisy_ssim": ssim / 2}
    return changed(
        clean=clean,
        noisy=clean,
        denoised=clean,
        image_metrics=table.assign(**scores),
        digit_metrics=results().digit_metrics.head(0),
        source_manifest={
            "source": "boats",
            "kind": "folder",
            "channels": 3,
            "files": {
                f"boats/{i}.png": {"shape": shape, "sha256": "ef" * 32}
                for i, shape in enumerate(shapes)
            },
            "left_out": {"boats/bad.png": "is damaged"},
        },
    )


def recordings() -> Results:
    """Return what a run on recordings of different lengths would have found."""
    draws = np.random.default_rng(0)
    shapes = [(1, 9000 + 500 * i, 1) for i in range(6)]
    clean = ImageSet.collect(
        (draws.random(shape, dtype=np.float32) for shape in shapes), shapes, np.float32
    )
    names = [f"somebody/{i}.wav" for i in range(6)]
    table = pd.DataFrame({"index": range(6), "label": [None] * 6, "name": names})
    scores = {"psnr": np.arange(6) + 40.0, "si_sdr": np.arange(6) + 10.0}
    noisy = {f"noisy_{name}": values - 5 for name, values in scores.items()}
    return changed(
        clean=clean,
        noisy=clean,
        denoised=clean,
        image_metrics=table.assign(**scores, **noisy),
        digit_metrics=results().digit_metrics.head(0),
        summary={**results().summary, "si_sdr": 12.5, "noisy_si_sdr": 7.5},
        source_manifest={
            "source": "speech",
            "kind": "folder",
            "channels": 1,
            "rate": 8000,
            "files": {
                f"somebody/{i}.wav": {"shape": shape, "sha256": "ef" * 32}
                for i, shape in enumerate(shapes)
            },
            "left_out": {},
        },
    )


def without_clean() -> Results:
    """Return what a run on noisy images alone would have found, learnt on from `photos`."""
    found = photographs()
    count = len(found.image_metrics)
    risk = np.arange(count) / 1000 + 0.01
    table = found.image_metrics[["index", "label", "name"]].assign(
        risk=risk,
        noisy_risk=2 * risk,
        start_risk=1.1 * risk + np.arange(count) % 2 / 1000,
        non_local_means_risk=1.2 * risk,
        wavelet_risk=1.3 * risk,
        total_variation_risk=0.9 * risk,
        residual_mean=0.0,
        residual_level=0.1,
        residual_correlation=0.05,
        start_predicted=[30.0] * 5 + [np.nan],
        start_predicted_low=[28.0] * 5 + [np.nan],
        start_predicted_high=[31.0] * 5 + [np.nan],
        start_not_predicted=[""] * 5 + ["hardly any noise"],
    )
    summary = {key: found.summary[key] for key in ("source", "degradation", "denoiser")}
    known = {"n_images": count, "confidence": 0.95}
    return replace(
        found,
        clean=ImageSet.collect((), (), np.float32),
        image_metrics=table,
        summary={**summary, **known, **summary_without_clean(table, "photos", 0.95)},
        history=history(3).rename(columns={"psnr": "risk", "val_psnr": "val_risk"}),
        noise_sweep=found.noise_sweep.head(0),
        card=CARD.model_copy(
            update={
                "objective": "neighbor2neighbor",
                "assumption": "neighbor2neighbor assumes independent noise (T. Huang, 2021).",
                "caveats": ("The noise of 3 of 9 images is cut off at black or white.",),
            }
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
