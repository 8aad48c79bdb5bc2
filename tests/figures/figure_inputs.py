"""Small arrays and tables of the kinds that the figures draw."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet


def images(count: int, channels: int = 1, height: int = 8, width: int = 8) -> Images:
    shape = (count, height, width, channels)
    return np.random.default_rng(count).random(shape, dtype=np.float32)


def stages(count: int, **shape: int) -> dict[str, Images]:
    clean = images(count, **shape)
    return {"clean": clean, "noisy": clean * 0.5, "denoised": clean * 0.9}


def ragged(count: int, channels: int = 3) -> dict[str, ImageSet]:
    """Stages of images of different sizes, some larger than a figure shows."""
    draws = np.random.default_rng(count)
    sizes = draws.integers(60, 200, (count, 2)).tolist()
    shapes = [(height, width, channels) for height, width in sizes]
    clean = [draws.random(shape, dtype=np.float32) for shape in shapes]
    shares = {"clean": 1.0, "noisy": 0.5, "denoised": 0.9}
    return {
        name: ImageSet.collect((image * np.float32(s) for image in clean), shapes, np.float32)
        for name, s in shares.items()
    }


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


def with_intervals(table: dict[str, Any], share: npt.NDArray[Any], *keys: str) -> pd.DataFrame:
    for key in keys:
        table |= {key: share, f"{key}_ci_low": share - 0.02, f"{key}_ci_high": share + 0.02}
    return pd.DataFrame(table)


def downstream(labels: int) -> pd.DataFrame:
    views = [f"accuracy_{view}" for view in ("clean", "noisy", "denoised", "direct")]
    rates = ["hallucination_rate", "misled_rate_noisy", "misled_rate_direct"]
    share = 0.5 + np.arange(labels) / 100
    return with_intervals({"label": np.arange(labels)}, share, *views, *rates)


def confusions(labels: int) -> pd.DataFrame:
    """Every label is predicted correctly ten times, and once as the one before it."""
    label = np.arange(labels)
    tables = [
        pd.DataFrame({"view": v, "label": label, "prediction": (label - d) % labels, "n_images": n})
        for v in ("denoised", "direct", "noisy")
        for d, n in ((0, 10), (1, 1))
    ]
    return pd.concat(tables[: 6 if labels > 1 else 1], ignore_index=True)


def trust() -> dict[str, pd.DataFrame]:
    sd = np.array([1.0, 2.0, 3.0] * 2)
    table = {"pixels": ["all"] * 3 + ["not black"] * 3, "sd": sd, "nominal": 1 - 0.3 / sd**2}
    rmse = np.geomspace(1e-3, 0.3, 10)
    reliability = pd.DataFrame({"predicted_rmse": rmse, "observed_rmse": rmse * 1.1})
    return {
        "coverage": with_intervals(table, 1 - 0.2 / sd, "observed"),
        "reliability": reliability,
    }


def examples(count: int, **shape: int) -> dict[str, Any]:
    psnr = {"noisy_psnr": np.full(count, 9.38), "psnr": np.full(count, 20.0)}
    return stages(count, **shape) | {"names": [f"label {i}" for i in range(count)]} | psnr


def pair(count: int, **shape: int) -> dict[str, Any]:
    batches = stages(count, **shape)
    return {"clean": batches["clean"], "noisy": batches["noisy"]}


def extremes(count: int, **shape: int) -> dict[str, Any]:
    return stages(count, **shape) | {"image_metrics": image_metrics(count)}


def sweeps(models: int) -> dict[str, Any]:
    rows = [
        {"noise": f"model {model}", "level": level, "trained": model == 0 and level == 0.5}
        | {"denoiser": denoiser, "psnr": psnr, "psnr_ci_low": psnr - 1, "psnr_ci_high": psnr + 1}
        for model in range(models)
        for level in (0.0, 0.5, 1.0)
        for denoiser, start in (("trained", 20), ("classical", 22), ("nothing", 100))
        for psnr in [start / (1 + level) + model]
    ]
    levels = {f"model {model}": f"sigma: {'a long meaning ' * 4}" for model in range(models)}
    return {"noise_sweeps": pd.DataFrame(rows), "levels": levels, "classical": "median filter"}


def areas(names: int) -> dict[str, Any]:
    kinds = ("degradation", "degradation and noise")
    rows = [
        {"kind": kind, "name": f"shift_{name}", "level": level, "trained": False, "auc": 0.8}
        for name in range(names)
        for kind in kinds
        for level in (0.25, 0.5, 1.0)
    ]
    own = {"kind": "noise", "name": "shift_0", "level": 0.5, "trained": True, "auc": 0.5}
    table = pd.DataFrame([*rows, own]).assign(auc_ci_low=0.5, auc_ci_high=0.9)
    return {"ood_roc": table, "levels": {"shift_0": "severity: of all"}}


def degradations(count: int, **shape: int) -> dict[str, Any]:
    psnr = {f"degradation_{i}": (9.0 + i, 20.0 + i) for i in range(count)}
    return {"stages": stages(count, **shape), "psnr": psnr, "title": "Degradations"}


def curves(panels: int, each: int = 2) -> dict[str, Any]:
    rise = np.linspace(0, 1, 11)
    panel = {f"shift {i}": (rise, rise ** (1 / (i + 1))) for i in range(each)}
    return {"curves": {f"kind {i}": panel for i in range(panels)}, "title": "One from another"}


def comparison_table(runs: int) -> pd.DataFrame:
    """The second run is the reference, if there is one; the third is not paired."""
    number = np.arange(1, runs + 1)
    reference = number == min(2, runs)
    pairing = np.where(reference, "reference", "paired").astype(object)
    pairing[2:3] = "not paired: other noisy images"
    table: dict[str, Any] = {"run": number, "reference": reference, "pairing": pairing}
    table["name"] = [f"learning_rate 0.00{i} · gaussian 0.5 · residual_unet · base" for i in number]
    for key, value in (("psnr", 20 + number / 9), ("ssim", 0.8 + number / 99)):
        ends = {f"{key}_ci_low": value - 0.02, f"{key}_ci_high": value + 0.03}
        table |= {f"metrics.{name}": numbers for name, numbers in ({key: value} | ends).items()}
    return pd.DataFrame(table)


def comparison_history(runs: int, epochs: int) -> pd.DataFrame:
    """The later a run, the fewer epochs it has, but at least one."""
    parts = []
    for run, name, reference in comparison_table(runs)[["run", "name", "reference"]].to_numpy():
        curve = history(max(1, epochs - run))[["epoch", "val_psnr"]]
        parts.append(curve.assign(run=run, name=name, reference=reference))
    return pd.concat(parts, ignore_index=True)


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


def feature_scores(counts: int, kinds: int = 3) -> pd.DataFrame:
    rows = [
        {"features": name, "values": values, "probe": probe, "labels": 10**n, "images": f"kind {k}"}
        for name, values in (("code", 32), ("PCA", 32), ("pixels", 784))
        for probe in ("linear", "k-NN")[:kinds]
        for n in range(counts)
        for k in range(kinds)
    ]
    table = pd.DataFrame(rows)
    share = np.linspace(0.5, 0.9, len(table))
    columns: dict[str, Any] = {str(key): table[key] for key in table}
    return with_intervals(columns, share, "accuracy")


def projection_rows() -> dict[str, Any]:
    draws = np.random.default_rng(0)
    rows = {"method": np.repeat(["PCA", "t-SNE"], 40), "latent_dim": 2}
    table = pd.DataFrame(rows).assign(label=[float(i % 10) for i in range(80)])
    return {"projection_rows": table.assign(x=draws.random(80), y=draws.random(80))}


def projection_scores(dims: int) -> pd.DataFrame:
    """Only two dimensions of the last method, of which there is no error."""
    rows = [
        (method, 2**n)
        for method in ("PCA", "linear autoencoder", "autoencoder")
        for n in range(1, dims + 1)
    ]
    table = pd.DataFrame([*rows, ("t-SNE", 2)], columns=["method", "latent_dim"])
    share = np.linspace(0.5, 0.9, len(table))
    columns: dict[str, Any] = {str(key): table[key] for key in table}
    whole = with_intervals(columns, share, "mse", "trustworthiness", "continuity", "accuracy")
    whole.loc[whole["method"] == "t-SNE", ["mse", "mse_ci_low", "mse_ci_high"]] = np.nan
    return whole


def study_trials(count: int) -> pd.DataFrame:
    """Two architectures by turns, options of which the other one lacks; the last is pruned."""
    number = np.arange(count)
    dense = number % 2 == 0
    psnr = 15 + number / 7
    table: dict[str, Any] = {"trial": number, "psnr": psnr, "state": "complete", "reason": ""}
    table |= {"psnr_ci_low": psnr - 0.1, "psnr_ci_high": psnr + 0.1, "epochs": 3, "seconds": 1.0}
    table["training.model.name"] = np.where(dense, "dense", "convolutional")
    table["training.loss"] = np.where(number % 3 == 0, "mse", "binary_crossentropy")
    table["training.model.latent_dim"] = np.where(dense, 2.0 ** (1 + number % 5), np.nan)
    table["training.learning_rate"] = 1e-4 * 1.3**number
    made = pd.DataFrame(table)
    if count > 2:
        made.loc[count - 1, "state"] = "pruned"
    return made


def study_importance(parameters: int) -> pd.DataFrame:
    names = [f"training.model.option_{i}" for i in range(parameters)]
    shares = np.ones(parameters) / max(parameters, 1)
    table = pd.DataFrame({"group": "dense", "parameter": names, "importance": shares})
    return table.assign(n_trials=9)
