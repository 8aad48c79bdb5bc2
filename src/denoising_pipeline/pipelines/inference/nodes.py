"""Denoising somebody's own images: an array, or files as the command `denoise` does."""

import logging
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from denoising_pipeline.batch.collection.spill import Spill
from denoising_pipeline.batch.one import Options
from denoising_pipeline.batch.options import InferenceParameters
from denoising_pipeline.batch.partners import paired
from denoising_pipeline.batch.places import place_of
from denoising_pipeline.batch.plan import make_plan
from denoising_pipeline.batch.report import render
from denoising_pipeline.batch.results import FileResult
from denoising_pipeline.batch.run import Batch, fitting_denoiser
from denoising_pipeline.batch.scores import lines_of, means
from denoising_pipeline.batch.tables import COLUMNS, row_of
from denoising_pipeline.batch.thumbnails import pictured
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.picture import Settings
from denoising_pipeline.denoiser.shipped import denoiser_file
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet

_log = logging.getLogger(__name__)

TELL = 10.0
"""Seconds between two lines that say how far it is."""

BLOCK = 1000
"""Files whose rows are made at once: a row as Python's objects takes ten times its place."""

_NUMBERS: dict[Any, str] = {int: "int64", float: "float64", float | None: "float64"}
DTYPES = {
    field.name: _NUMBERS.get(field.type, "str")
    for field in fields(FileResult)
    if field.name in COLUMNS
}
"""Types of the columns; a text that is not known, such as a target, is missing."""


def denoise_images(denoiser: Denoiser, noisy: Images | ImageSet) -> Images | ImageSet:
    """Denoise images with the trained denoiser.

    Args:
        denoiser: The trained denoiser.
        noisy: The images, as an array or as a set.

    Returns:
        Denoised images of the same sizes, an array or a set as `noisy` is.
    """
    return denoiser(noisy)


def denoise_files(
    inference: InferenceParameters, model_files: Callable[[str], Path] = denoiser_file
) -> tuple[pd.DataFrame, str]:
    """Denoise files and folders. Unlike other nodes it reads and writes what no entry holds.

    Args:
        inference: Which, where to, and how.
        model_files: Returns the file of the denoiser that a name means.

    Returns:
        A row per file, with the columns of `FileResult`; and the page of `denoise --report`.

    Raises:
        ValueError: Input and output do not go together, or there is no such denoiser.
    """
    if inference.input is None:
        raise ValueError("inference.input is null: name a file or a folder that is denoised.")
    sigma = None if inference.sigma is None else inference.sigma / 255
    options = Options(
        model_files(inference.model),
        Settings(inference.strength, sigma, inference.max_memory, inference.fast, inference.best),
        overwrite=inference.overwrite,
        resume=inference.resume,
        max_pixels=inference.max_pixels,
    )
    started = time.monotonic()
    results = _denoised(inference, inference.input, options)
    page = render(results, inference.model_dump(), time.monotonic() - started)
    for line in lines_of(means(results)):
        _log.info(line)
    rows = iter(results)
    blocks = [_table([])]
    while block := list(islice(rows, BLOCK)):
        blocks.append(_table(block))
    return pd.concat(blocks, ignore_index=True), page


def _table(results: Iterable[FileResult]) -> pd.DataFrame:
    """Return a row per file, in columns of plain types."""
    table = pd.DataFrame(map(row_of, results), columns=COLUMNS)
    table["warnings"] = table["warnings"].map(" | ".join)
    return table.astype(DTYPES)


def _denoised(inference: InferenceParameters, given: str, options: Options) -> Spill:
    """Return what became of each file and of what was left out; nothing is kept in memory."""
    results = Spill()
    if inference.cluster is None:
        output = None if inference.output is None else Path(inference.output)
        into_folder = (inference.output or "").endswith(("/", os.sep))
        plan = make_plan(
            [Path(given)], output, inference.suffix, inference.format, into_folder=into_folder
        )
        if inference.against is not None:
            plan = paired(plan, Path(inference.against))
        for left_out in plan.left_out:
            results.append(left_out)
        with Batch(plan, options, inference.workers, pictured(len(plan.works))) as batch:
            _take(batch.results(), len(plan.works), results)
        return results
    from denoising_pipeline.batch.collection.cluster import Cluster
    from denoising_pipeline.batch.collection.shards import collect

    if inference.output is None:
        raise ValueError("inference.output is null: a cluster needs a folder for the outputs.")
    fitting_denoiser(options)
    target = place_of(inference.output)
    clean = None if inference.against is None else place_of(inference.against)
    suffix, form = inference.suffix, inference.format
    collected = collect([place_of(given)], target, suffix, form, results.append, clean)
    shown = frozenset(pictured(len(collected.names)))
    with Cluster(inference.cluster) as cluster:
        _take(cluster.results(collected, options, shown), len(collected.names), results)
    return results


def _take(found: Iterable[FileResult], files: int, results: Spill) -> None:
    """Keep results as they come, and tell every few seconds how far it is."""
    failed, told = 0, time.monotonic()
    for number, result in enumerate(found, start=1):
        results.append(result)
        failed += result.status == "failed"
        if time.monotonic() - told >= TELL or number == files:
            told = time.monotonic()
            _log.info("%s of %s files, %s failed", f"{number:,}", f"{files:,}", f"{failed:,}")


def check_files(denoised_files: pd.DataFrame) -> None:
    """End the run with an error if files failed; the others are written, and the table tells.

    Raises:
        ValueError: Some failed: the first ones and their reasons.
    """
    failed = denoised_files[denoised_files["status"] == "failed"]
    if len(failed):
        lines = "\n  ".join(f"{row.source} {row.reason}" for row in failed.head(10).itertuples())
        raise ValueError(
            f"{len(failed)} of {len(denoised_files)} files failed; the others are written, and "
            f"the table denoised_files has all reasons:\n  {lines}"
        )
