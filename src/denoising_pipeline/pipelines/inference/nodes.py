"""Denoising somebody's own images: an array, or files as the command `denoise` does."""

import logging
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from denoising_pipeline.batch.one import Options
from denoising_pipeline.batch.options import InferenceParameters
from denoising_pipeline.batch.partners import paired
from denoising_pipeline.batch.plan import make_plan
from denoising_pipeline.batch.results import FileResult
from denoising_pipeline.batch.run import run_batch
from denoising_pipeline.batch.scores import lines_of, means
from denoising_pipeline.batch.tables import COLUMNS, row_of
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.picture import Settings
from denoising_pipeline.denoiser.shipped import denoiser_file
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet

_log = logging.getLogger(__name__)


def denoise_images(denoiser: Denoiser, noisy: Images | ImageSet) -> Images | ImageSet:
    """Denoise images with the trained denoiser.

    Args:
        denoiser: The trained denoiser.
        noisy: The images, as an array or as a set.

    Returns:
        Denoised images of the same sizes, an array or a set as `noisy` is.
    """
    return denoiser(noisy)


def denoise_files(inference: InferenceParameters) -> pd.DataFrame:
    """Denoise files and folders. Unlike other nodes it reads and writes what no entry holds.

    Args:
        inference: Which, where to, and how.

    Returns:
        A row per file, with the columns of `FileResult`.

    Raises:
        ValueError: Input and output do not go together, or there is no such denoiser.
    """
    if inference.input is None:
        raise ValueError("inference.input is null: name a file or a folder that is denoised.")
    sigma = None if inference.sigma is None else inference.sigma / 255
    options = Options(
        denoiser_file(inference.model),
        Settings(inference.strength, sigma),
        overwrite=inference.overwrite,
        resume=inference.resume,
        max_pixels=inference.max_pixels,
    )
    results = list(_results(inference, inference.input, options))
    for line in lines_of(means(results)):
        _log.info(line)
    rows = map(row_of, results)
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("source", ignore_index=True)


def _results(inference: InferenceParameters, given: str, options: Options) -> Iterable[FileResult]:
    if inference.cluster is not None:
        from denoising_pipeline.batch.collection.cluster import denoise_collection

        if inference.output is None:
            raise ValueError("inference.output is null: a cluster needs a folder for the outputs.")
        return denoise_collection(
            inference.cluster,
            given,
            inference.output,
            options,
            inference.format,
            inference.against,
        )
    output = None if inference.output is None else Path(inference.output)
    plan = make_plan([Path(given)], output, format=inference.format)
    if inference.against is not None:
        plan = paired(plan, Path(inference.against))
    return run_batch(plan, options, inference.workers)


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
