"""What MLflow's pages say of an experiment, a run and a model, in Markdown."""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from kedro.io import DataCatalog

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.scoring import RISK, SCORE_FORMATS
from denoising_pipeline.hooks.outcome import TABLES, tables
from denoising_pipeline.report import losses

EXPERIMENT = """\
Denoisers, trained, measured and compared: a run for each `kedro run`.

- `test/` are the scores of the denoised test images, `test_error/` their errors, `test_noisy/` \
those of the same images before; `train/` and `val/` have a value per epoch; `within_ci/` are the \
bounds of intervals over images; `with_benchmark_psnr/` and so on are what other pipelines find.
- Compare runs by `test/psnr` and `test/ssim`; `kedro run --pipelines comparison` compares them \
image by image.
- The tag `kedro_command` repeats a run. Its report is the artifact `report/report.html`.
- The `champion` of a registered model, such as `models:/denoiser@champion`, is the best denoiser \
of that name so far, better than the one before by more than chance.
"""

PREVIEWS, PREVIEW_WIDTH = "previews", 660
"""Folder of small copies of pictures, since MLflow shows them as large as they are."""

PICTURE = "denoising_examples"
PICTURES = (
    PICTURE,
    "benchmark_examples",
    "noise_sweeps_figure",
    "downstream_figure",
    "uncertainty_examples",
    "feature_figure",
    "projection_figure",
    "anomaly_curves",
    "study_quality_figure",
)
"""What says most of each pipeline."""


def describe(outputs: Collection[str], catalog: DataCatalog, run_id: str) -> str:
    """Return the description of a run; nothing, if there is nothing to be told.

    Args:
        outputs: Names of the entries that it wrote.
        catalog: Has them.
        run_id: The run, whose artifacts are shown.
    """
    parts = []
    if "summary" in outputs:
        summary = catalog.load("summary")
        parts += [f"**{warning}**" for warning in losses(summary)]
        parts.append(measured(summary, summary["n_images"]))
    parts += [picture(run_id, name) for name in PICTURES if name in outputs]
    parts += [table.markdown() for table in tables(outputs, catalog)]
    parts += [catalog.load(name) for name in TABLES if name in outputs]
    if "report" in outputs:
        parts.append("The report is the artifact `report/report.html`.")
    return "\n\n".join(parts)


def describe_denoiser(denoiser: Denoiser, score: str, run_id: str) -> str:
    """Return what the card says, for people, with the picture of the run.

    Args:
        denoiser: The denoiser.
        score: A sentence on what was measured; may be empty.
        run_id: The run that trained it.
    """
    card = denoiser.card
    height, width, channels = denoiser.image_shape
    size = f"{height}x{width}" if height else "any size"
    licence = f", {card.images.licence}" if card.images.licence else ""
    lines = [
        f"- Trained on {card.images.train_images:,} images of {card.images.source}{licence}.",
        f"- Undoes {card.noise.describe()}.",
        *([f"- Learnt without clean images: {card.assumption}"] if card.assumption else []),
        *(f"- **Careful:** {caveat}" for caveat in card.caveats),
        *([f"- {score}"] if score else []),
    ]
    shown = [picture(run_id, PICTURE)] if score else []
    return "\n\n".join(
        [
            f"{denoiser.architecture.name} with {denoiser.weight_count:,} weights, for images "
            f"of {size} with {channels} channel{'s' if channels > 1 else ''}, float32 in [0, 1].",
            "\n".join(lines),
            *shown,
            card.not_for,
        ]
    )


def measured(scores: Mapping[str, Any], n_images: int) -> str:
    """Return the score on test images and that of the noisy ones, in sentences.

    Of a denoiser that was trained on from another one, what it gained over that is said, too.

    Args:
        scores: A summary, or the metrics of a run under the same names.
        n_images: How many there were.
    """
    score = next(score for score in SCORE_FORMATS if score.key in scores)
    text, noisy = score.text(scores[score.key]), score.text(scores[f"noisy_{score.key}"])
    keys = (f"{score.key}_ci_low", f"{score.key}_ci_high")
    ends = [score.text(scores[key]) for key in keys if key in scores]
    interval = f" ({' to '.join(ends)})" if ends else ""
    on = f"on {n_images:,} test images"
    if score == RISK:
        return f"Risk {text}{interval} {on}, {noisy} noisy: there are no clean images."
    said = f"{text} dB{interval} {on}, which have {noisy} dB noisy."
    if "start_gain" not in scores:
        return said
    gain, low, high = (f"{scores[f'start_gain{end}']:+.2f}" for end in ("", "_ci_low", "_ci_high"))
    return f"{said} Over the denoiser it started from: {gain} dB ({low} to {high})."


def picture(run_id: str, name: str) -> str:
    """Return the small copy of a picture of a run, by its address from MLflow's pages."""
    path = quote(f"{PREVIEWS}/{name}.png", safe="")
    return f"![{name.replace('_', ' ')}](get-artifact?path={path}&run_uuid={run_id})"
