"""Sections of scores: over the epochs, the images, the labels and the noise levels."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from denoising_pipeline.evaluation.metrics import PSNR_CAP
from denoising_pipeline.report.blocks import Chart, Section, Series, Text
from denoising_pipeline.report.results import Results
from denoising_pipeline.report.tables import Column, Table, intervals, numbers

BINS = 50

MANY = 10
"""Epochs that a table shows without being asked."""

SHARES = {
    "lowest": 0.0,
    "5 %": 0.05,
    "25 %": 0.25,
    "median": 0.5,
    "75 %": 0.75,
    "95 %": 0.95,
    "highest": 1.0,
}


def learning(results: Results) -> Section:
    """Loss and PSNR over the epochs; of training without clean images, its risk."""
    history = results.history
    best = history.iloc[int(history["val_loss"].to_numpy().argmin())]
    marks = [(int(best["epoch"]), f"best: epoch {best['epoch']:g}")]
    score = _score(history)
    charts = [
        Chart(
            f"{name} over the epochs",
            "line",
            "epoch",
            unit,
            history["epoch"].tolist(),
            [
                Series("training", history[key].tolist(), strong=False),
                Series("validation", history[f"val_{key}"].tolist()),
            ],
            digits,
            marks=marks,
        )
        for name, key, unit, digits in (score, ("Loss", "loss", "loss", 4))
    ]
    reached = f"{best[f'val_{score.key}']:.{score.digits}f}"
    text = (
        f"The lowest validation loss came with epoch {best['epoch']:g} of {len(history)}, at "
        f"{f'{reached} dB' if score == PSNR else f'a risk of {reached}'}. Training scores are "
        "means over the epoch while the weights "
        f"change; it took {history['seconds'].sum() / 60:.1f} minutes in all."
    )
    if score == RISK:
        text += (
            " No clean image was looked at: the risk is the mean squared difference from images "
            "that are noisy themselves, held out from training. Of two denoisers the better one "
            "has the lower risk, but it does not say how good that is."
        )
    if history[["loss", "val_loss"]].to_numpy().min() < 0:
        text += " A loss below 0 is nothing wrong: it has the logarithm of the error in it."
    drawn = charts if len(history) > 1 else []
    return Section("learning", "Learning", [Text(text), *drawn, _epochs(history)])


class _Score(NamedTuple):
    name: str
    key: str
    unit: str
    digits: int


PSNR = _Score("PSNR", "psnr", "dB", 2)
RISK = _Score("Risk", "risk", "MSE of noisy targets", 6)


def _score(history: pd.DataFrame) -> _Score:
    """Return what stands beside the loss in a history."""
    return RISK if "risk" in history else PSNR


def _epochs(history: pd.DataFrame) -> Table:
    score = _score(history)
    name = "PSNR [dB]" if score == PSNR else "risk"
    return Table(
        "Every epoch",
        [
            numbers("epoch", history["epoch"], "d"),
            numbers(f"training {name}", history[score.key], f".{score.digits}f"),
            numbers(f"validation {name}", history[f"val_{score.key}"], f".{score.digits}f"),
            numbers("training loss", history["loss"], ".4f"),
            numbers("validation loss", history["val_loss"], ".4f"),
            numbers("seconds", history["seconds"], ".1f"),
        ],
        folded=len(history) > MANY,
    )


def distribution(results: Results) -> Section | None:
    """How the scores of the images are spread; without clean images there are none."""
    if not results.has_clean:
        return None
    both = results.image_metrics[["noisy_psnr", "psnr"]].to_numpy()
    edges = np.histogram_bin_edges(both, BINS)
    noisy, denoised = (np.histogram(column, edges)[0].tolist() for column in both.T)
    better = float(np.mean(both[:, 1] > both[:, 0]))
    middles = (edges[:-1] + edges[1:]) / 2
    chart = Chart(
        "PSNR of every test image",
        "bars",
        "PSNR [dB]",
        "images",
        middles.tolist(),
        [Series("noisy", noisy, strong=False), Series("denoised", denoised)],
        digits=0,
        marks=[(mean, f"mean {mean:.2f}") for mean in both.mean(axis=0).tolist()],
    )
    at = list(SHARES.values())
    quantiles = Table(
        "PSNR [dB] that this share of the images stays below",
        [
            Column("share", at, list(SHARES)),
            numbers("noisy", np.quantile(both[:, 0], at), ".2f"),
            numbers("denoised", np.quantile(both[:, 1], at), ".2f"),
        ],
    )
    bins = Table(
        "Number of images by PSNR",
        [
            numbers("from [dB]", edges[:-1], ".2f"),
            numbers("to [dB]", edges[1:], ".2f"),
            numbers("noisy", noisy, "d"),
            numbers("denoised", denoised, "d"),
        ],
        folded=True,
    )
    text = f"{100 * better:.4g}% of the images have a higher PSNR after denoising than before."
    return Section("distribution", "Distribution", [Text(text), chart, quantiles, bins])


def labels(results: Results) -> Section | None:
    """The scores of each label, if there are any."""
    table = results.digit_metrics
    if table.empty:
        return None
    names = [str(label) for label in table["label"]]
    psnr = table["psnr"].to_numpy()
    easiest, hardest = table.iloc[int(psnr.argmax())], table.iloc[int(psnr.argmin())]
    text = (
        f"Hardest is label {hardest['label']:g} with {hardest['psnr']:.2f} dB, easiest is label "
        f"{easiest['label']:g} with {easiest['psnr']:.2f} dB. {_interval_note(results)}"
    )
    chart = Chart(
        "PSNR by label",
        "points",
        "label",
        "dB",
        list(range(len(table))),
        [_denoised(table)],
        names=names,
    )
    columns = [numbers("label", table["label"], "d"), numbers("images", table["n_images"], "d")]
    rows = Table("Scores by label", columns + _score_columns(table))
    return Section("labels", "Scores by label", [Text(text), chart, rows])


def robustness(results: Results) -> Section | None:
    """What the denoiser does at other levels of its noise, if it has any, than the trained one."""
    noise, sweep = results.card.noise, results.noise_sweep
    name = noise.level
    if sweep.empty:
        return None
    levels = sweep["level"].tolist()
    trained = sweep.loc[sweep["trained"]].iloc[0]
    noisy = [value if value < PSNR_CAP else None for value in sweep["noisy_psnr"]]
    chart = Chart(
        "PSNR by noise level",
        "line",
        name,
        "dB",
        levels,
        [Series("noisy", noisy, strong=False), _denoised(sweep)],
        marks=[(trained["level"], "trained for")],
    )
    shown = [f"{row.level:.3g}{' (trained)' if row.trained else ''}" for row in sweep.itertuples()]
    table = Table(
        f"Scores by noise level; {PSNR_CAP:.0f} dB stands for identical images",
        [Column(name, levels, shown), *_score_columns(sweep)],
    )
    last = sweep.iloc[-1]
    text = (
        f"Trained for {noise.describe()}, the denoiser reaches "
        f"{trained['psnr']:.2f} dB there on the first {trained['n_images']:,} test images; it "
        f"reaches {sweep['psnr'].iloc[0]:.2f} dB without noise, and {last['psnr']:.2f} dB at "
        f"{noise.at(last['level']).describe()}, the highest level tried. {_interval_note(results)}"
    )
    drawn = [chart] if len(sweep) > 1 else []
    return Section("robustness", "Robustness", [Text(text), *drawn, table])


def _denoised(table: pd.DataFrame) -> Series:
    """Return PSNR with its interval."""
    mean, low, high = (table[f"psnr{end}"].tolist() for end in ("", "_ci_low", "_ci_high"))
    return Series("denoised", mean, low=low, high=high)


def _score_columns(table: pd.DataFrame) -> list[Column]:
    """Return PSNR and, if it was measured, SSIM: before, after, and the interval of that."""
    return [
        column
        for key, name, form in (("psnr", "PSNR", ".2f"), ("ssim", "SSIM", ".4f"))
        if key in table
        for column in (
            numbers(f"noisy {name}", table[f"noisy_{key}"], form),
            numbers(name, table[key], form),
            intervals(f"{name}, interval", table, key, form),
        )
    ]


def _interval_note(results: Results) -> str:
    return f"Intervals are of {results.summary['confidence']:.0%}, over images."
