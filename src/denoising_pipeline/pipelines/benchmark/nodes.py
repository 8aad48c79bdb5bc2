"""Scores of the trained denoiser and of all baselines on the same test images."""

import logging
import math
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from denoising_pipeline import figures
from denoising_pipeline.baselines import BASELINES, Calibrated, Known, NotApplicableError, calibrate
from denoising_pipeline.baselines.options import BenchmarkParameters
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.metrics import METRICS, mean_intervals, pooled_psnr
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.models.convolutional import Convolutional
from denoising_pipeline.training import CleanExamples, train
from denoising_pipeline.training.options import TrainingParameters

logger = logging.getLogger(__name__)

ARTICLE = TrainingParameters(
    model=Convolutional(),
    loss="binary_crossentropy",
    batch_size=128,
    optimizer="adam",
    learning_rate=0.001,
    beta_2=0.999,
    weight_decay=0.0,
    schedule="constant",
    warmup=0.0,
    gradient_clip=None,
    precision="float32",
    fresh_noise=False,
    keep="last",
)
"""The article's training, its number of epochs aside: that of the recipe `article`."""

COLUMNS = (
    ("PSNR [dB]", "psnr", 2, max),
    ("pooled [dB]", "psnr_pooled", 2, max),
    ("SSIM", "ssim", 4, max),
    ("MSE", "mse", 5, min),
    ("MAE", "mae", 5, min),
)
"""Label, column, decimals, and which of two values is better."""

Validation = tuple[Images, Images]


def score_denoisers(
    train_clean: Images,
    val_clean: Images,
    val_noisy: Images,
    test_clean: Images,
    test_noisy: Images,
    denoiser: Denoiser,
    noise_injection: NoiseInjectionParameters,
    evaluation: EvaluationParameters,
    benchmark: BenchmarkParameters,
    seed: int,
) -> tuple[pd.DataFrame, Images]:
    """Calibrate every baseline on validation images, and score it on test images.

    Args:
        train_clean: float32 (N, H, W, C) in [0, 1]: what baselines learn from.
        val_clean: float32 (M, H, W, C) in [0, 1].
        val_noisy: The same images, noisy: what strengths are chosen on.
        test_clean: float32 (K, H, W, C) in [0, 1].
        test_noisy: The same images, noisy.
        denoiser: The trained denoiser.
        noise_injection: The noise model.
        evaluation: `confidence` is read.
        benchmark: Which baselines, on how many images.
        seed: Root seed.

    Returns:
        The table, best mean PSNR first, a row for each: `denoiser` (its name), `strength`, each
        metric with its interval and `psnr_pooled` as in `summary`, `fit_seconds` (of baselines),
        `seconds_per_1000` images, `n_images`, `confidence`, and `note`: why it was left out, in a
        row without scores, or empty. And the first denoised test images of each row with scores,
        float32 (rows, examples, H, W, C).
    """
    known = Known(train_clean, noise_injection.root, seed)
    few = slice(benchmark.calibration_images)
    clean, noisy = test_clean[: benchmark.test_images], test_noisy[: benchmark.test_images]
    trained = Calibrated(f"denoiser ({denoiser.architecture.name})", {}, False, denoiser)
    scores, denoised = _score(trained, clean, noisy, evaluation.confidence)
    rows = [{"denoiser": trained.name, **scores, "note": ""}]
    shown = {trained.name: denoised[: benchmark.examples]}
    for name, fit in _baselines(known, (val_noisy[few], val_clean[few]), benchmark):
        try:
            started = time.perf_counter()
            fitted = fit()
            fit_seconds = time.perf_counter() - started
        except NotApplicableError as error:
            logger.warning("%s is left out: %s", name, error)
            rows.append({"denoiser": name, "strength": "", "n_images": 0, "note": str(error)})
            continue
        scores, denoised = _score(fitted, clean, noisy, evaluation.confidence)
        rows.append({"denoiser": name, **scores, "fit_seconds": fit_seconds, "note": ""})
        shown[name] = denoised[: benchmark.examples]
        logger.info("%s: %.2f dB (fit in %.1f s)", name, scores["psnr"], fit_seconds)
    table = pd.DataFrame(rows).sort_values("psnr", ascending=False, kind="stable")
    in_order = [shown[name] for name in table["denoiser"] if name in shown]
    return table.reset_index(drop=True), np.stack(in_order)


def _baselines(
    known: Known, validation: Validation, benchmark: BenchmarkParameters
) -> Iterator[tuple[str, Callable[[], Calibrated]]]:
    """Yield the name of each baseline, and the function that fits it."""
    for name in BASELINES if benchmark.baselines is None else benchmark.baselines:
        yield name, partial(calibrate, name, known, *validation)
    if benchmark.article_epochs:
        network = partial(_article_network, known, validation, benchmark.article_epochs)
        yield "article's network", network


def _article_network(known: Known, validation: Validation, epochs: int) -> Calibrated:
    options = ARTICLE.model_copy(update={"epochs": epochs})
    height, width, channels = known.train_clean.shape[1:]
    try:
        options.model.build((height, width, channels), known.seed)
    except ValueError as error:
        raise NotApplicableError(str(error)) from error
    examples = CleanExamples.of(known.train_clean, known.noise, options, known.seed)
    trained, _ = train(examples, validation, options, known.seed, lambda epoch, metrics: None)
    return Calibrated("article's network", {"epochs": epochs}, False, trained)


def _score(
    fitted: Calibrated, clean: Images, noisy: Images, confidence: float
) -> tuple[dict[str, Any], Images]:
    """Return what the table says of one denoiser, and the denoised images.

    The time does not count what networks do at first: they are compiled for the size of their
    first batch, and at a second size for any.
    """
    for count in (1, 2):
        fitted.denoise(noisy[:count])
    started = time.perf_counter()
    denoised = fitted.denoise(noisy)
    seconds = time.perf_counter() - started
    values = {name: metric(clean, denoised) for name, metric in METRICS.items()}
    scores = {
        "strength": ", ".join(f"{option} {value:g}" for option, value in fitted.strength.items()),
        **mean_intervals(values, confidence),
        "psnr_pooled": pooled_psnr(values["mse"]),
        "seconds_per_1000": seconds / len(clean) * 1000,
        "n_images": len(clean),
        "confidence": confidence,
    }
    return scores, denoised


def write_markdown(benchmark_table: pd.DataFrame) -> str:
    """Write the table in Markdown: the best of each column in bold, what is left out beneath.

    Args:
        benchmark_table: The table of `score_denoisers`.

    Returns:
        The text, for people to read.
    """
    table = benchmark_table[benchmark_table["note"] == ""]
    first = table.iloc[0]
    cells = {"denoiser": table["denoiser"].tolist(), "strength": table["strength"].tolist()}
    for label, column, digits, better in COLUMNS:
        texts = [f"{value:.{digits}f}" for value in table[column]]
        best = f"{better(table[column]):.{digits}f}"
        cells[label] = [f"**{text}**" if text == best else text for text in texts]
        if column == "psnr":
            bounds = zip(table["psnr_ci_low"], table["psnr_ci_high"], strict=True)
            cells[f"{first['confidence']:.0%} interval"] = [
                f"{a:.2f} to {b:.2f}" for a, b in bounds
            ]
    cells["s per 1,000"] = [f"{seconds:.2f}" for seconds in table["seconds_per_1000"]]
    fit_seconds = table["fit_seconds"]
    cells["fit [s]"] = [f"{s:.1f}" if math.isfinite(s) else "" for s in fit_seconds]
    lines = [list(cells), ["---", "---", *["---:"] * (len(cells) - 2)]]
    lines += [list(row) for row in zip(*cells.values(), strict=True)]
    left_out = benchmark_table[benchmark_table["note"] != ""]
    reasons = zip(left_out["denoiser"], left_out["note"], strict=True)
    return "\n".join(
        [
            f"Mean over {first['n_images']:,} test images; strengths chosen on validation images.",
            "",
            *(f"| {' | '.join(line)} |" for line in lines),
            "",
            *(f"Left out: {name}: {note}.\n" for name, note in reasons),
        ]
    )


def draw_benchmark_examples(
    test_clean: Images, benchmark_denoised: Images, benchmark_table: pd.DataFrame
) -> Figure:
    """Draw what each denoiser makes of the first test images.

    Args:
        test_clean: float32 (N, H, W, C) in [0, 1].
        benchmark_denoised: float32 (rows, examples, H, W, C), of the rows with scores.
        benchmark_table: The table of `score_denoisers`.

    Returns:
        A row of images for each.
    """
    scored = benchmark_table[benchmark_table["note"] == ""]
    labels = [
        f"{name}\n{psnr:.2f} dB"
        for name, psnr in zip(scored["denoiser"], scored["psnr"], strict=True)
    ]
    clean = test_clean[: benchmark_denoised.shape[1]]
    return figures.benchmark_examples(clean, dict(zip(labels, benchmark_denoised, strict=True)))
