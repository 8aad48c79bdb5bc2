"""Small arrays and tables of the kinds that the figures draw."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from denoising_pipeline.arrays import Images


def images(count: int, channels: int = 1, height: int = 8, width: int = 8) -> Images:
    shape = (count, height, width, channels)
    return np.random.default_rng(count).random(shape, dtype=np.float32)


def stages(count: int, **shape: int) -> dict[str, Images]:
    clean = images(count, **shape)
    return {"clean": clean, "noisy": clean * 0.5, "denoised": clean * 0.9}


def history(epochs: int) -> pd.DataFrame:
    epoch = np.arange(1, epochs + 1)
    val_loss = 0.1 + 0.01 * (epoch - 3.0) ** 2
    table = {"epoch": epoch, "loss": 0.3 / epoch, "val_loss": val_loss}
    return pd.DataFrame(table | {"psnr": 18.0 + epoch, "val_psnr": 17.0 + epoch, "lr": 1e-3})


def image_metrics(count: int) -> pd.DataFrame:
    values = np.random.default_rng(0).permutation(count) / 7
    table = {"index": np.arange(count) + 100, "label": np.arange(count) % 10}
    return pd.DataFrame(table | {"psnr": 15 + values, "noisy_psnr": 9 + values / 10})


def digit_metrics(labels: int) -> pd.DataFrame:
    ramp = np.arange(labels) / 50
    table: dict[str, npt.NDArray[Any]]
    table = {"label": np.arange(labels), "n_images": 1000 + np.arange(labels)}
    for key, value in (("psnr", 20 + ramp), ("ssim", 0.8 + ramp / 10)):
        low, high = value - 0.05, value + 0.05
        table |= {key: value, f"{key}_ci_low": low, f"{key}_ci_high": high, f"noisy_{key}": ramp}
    return pd.DataFrame(table)


def examples(count: int, **shape: int) -> dict[str, Any]:
    psnr = {"noisy_psnr": np.full(count, 9.38), "psnr": np.full(count, 20.0)}
    return stages(count, **shape) | {"labels": np.arange(count)} | psnr


def pair(count: int, **shape: int) -> dict[str, Any]:
    batches = stages(count, **shape)
    return {"clean": batches["clean"], "noisy": batches["noisy"]}


def extremes(count: int, **shape: int) -> dict[str, Any]:
    return stages(count, **shape) | {"image_metrics": image_metrics(count)}


def benchmark_table(rows: int) -> pd.DataFrame:
    """The last row was left out: it has no scores."""
    psnr = np.append(20 - np.arange(rows - 1) / 2, np.nan)
    table = {"denoiser": [f"a denoiser with a long name {i}" for i in range(rows)], "psnr": psnr}
    bounds = {"psnr_ci_low": psnr - 0.1, "psnr_ci_high": psnr + 0.1}
    return pd.DataFrame(table | bounds | {"n_images": 1000})


def benchmark(count: int, rows: int, **shape: int) -> dict[str, Any]:
    clean = images(count, **shape)
    denoised = {f"a denoiser with a name {i}\n9.99 dB": clean * 0.5 for i in range(rows)}
    return {"clean": clean, "denoised": denoised}
