"""The denoiser beside every baseline."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from denoising_pipeline.evaluation.scoring import SAID_BY_PSNR, SCORE_FORMATS
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.shown import middle
from denoising_pipeline.report.blocks import Block, Section, Sheet, Text
from denoising_pipeline.report.side._shared import listed, strip
from denoising_pipeline.report.tables import Table, intervals, numbers, pairs, words

OWN = "denoiser ("
"""What the name of the trained denoiser begins with."""

MOST = 10
"""Denoisers whose images are shown."""

Row = Mapping[Hashable, Any]


def benchmark(
    benchmark_table: pd.DataFrame, test_clean: Images | ImageSet, benchmark_denoised: Images
) -> Section:
    """Return the section of the benchmark.

    Args:
        benchmark_table: Of `pipelines.benchmark.score_denoisers`.
        test_clean: Clean test images.
        benchmark_denoised: The first of them, or their middles, denoised: float32 (rows with
            scores, n, H, W, C).
    """
    count, height, width = benchmark_denoised.shape[1:4]
    images = ImageSet.of(test_clean)
    clean = np.stack([middle(images, place, height, width) for place in range(count)])
    table = benchmark_table
    scored = table[table["note"] == ""].reset_index(drop=True)
    rows = scored.to_dict("records")
    own = next(row for row in rows if str(row["denoiser"]).startswith(OWN))
    name = str(own["denoiser"])
    verdict = _verdict(own, rows)
    shown = [
        (str(row["denoiser"]), [f"{row['psnr']:.2f} dB"], strip(images))
        for place, (row, images) in enumerate(zip(rows, benchmark_denoised, strict=True))
        if place < MOST or row["denoiser"] in {name, "noisy"}
    ]
    title = f"The first test images, by the best of them{', and noisy' * (len(rows) > MOST)}"
    sheet = Sheet(title, [("clean", [], strip(clean)), *shown], name)
    text = (
        f"All of them denoised the same {own['n_images']:,} test images. Options of the classical "
        "ones were chosen on validation images."
    )
    blocks: list[Block] = [Text(f"{verdict} {text}"), _table(scored, name), sheet]
    left_out = table[table["note"] != ""]
    if len(left_out):
        why = dict(zip(left_out["denoiser"], left_out["note"], strict=True))
        blocks.append(pairs("Left out, and why", "denoiser", why))
    return Section("benchmark", "Beside other denoisers", blocks, verdict)


def _verdict(own: Row, rows: list[dict[Hashable, Any]]) -> str:
    others = [row for row in rows if row is not own]
    if not others:
        return "No other denoiser was scored."
    better = [row for row in others if row["psnr"] > own["psnr"]]
    if not better:
        best = others[0]
        return (
            f"Of {len(rows)} denoisers this one is the best by PSNR: {own['psnr']:.2f} dB, "
            f"{own['psnr'] - best['psnr']:.2f} dB more than {best['denoiser']}."
        )
    shown = [f"{row['denoiser']} (by {row['psnr'] - own['psnr']:.2f} dB)" for row in better]
    near = sum(row["psnr_ci_low"] <= own["psnr_ci_high"] for row in better)
    has = "has" if len(better) == 1 else "have"
    note = f"; {near} of them within the intervals" if near else ""
    return (
        f"It loses: of {len(rows)} denoisers {len(better)} {has} a higher PSNR than its "
        f"{own['psnr']:.2f} dB: {listed(shown)}{note}."
    )


def _table(scored: pd.DataFrame, own: str) -> Table:
    first = scored.iloc[0]
    columns = [words("denoiser", scored["denoiser"])]
    interval = f"{first['confidence']:.0%} interval"
    for score in SCORE_FORMATS:
        # For what PSNR says already there is the table that the pipeline writes.
        if score.key in scored and score.key not in SAID_BY_PSNR:
            form = f".{score.digits}f"
            columns.append(numbers(score.label, scored[score.key], form))
            columns.append(intervals(interval, scored, score.key, form))
    spent = [value if math.isfinite(value) else math.nan for value in scored["fit_seconds"]]
    columns += [
        numbers("seconds per 1,000 images", scored["seconds_per_1000"], ".2f"),
        numbers("seconds to fit", spent, ".1f"),
        words("options", scored["hyperparameters"]),
    ]
    return Table("Scores of the same test images, by each denoiser", columns, chosen=own)
