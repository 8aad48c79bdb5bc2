"""What a run says at its end."""

import logging
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table

from denoising_pipeline.core.terminal import speak_any_encoding
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.evaluation.scoring import RISK, SCORE_FORMATS
from denoising_pipeline.report import worse_than_noisy

logger = logging.getLogger(__name__)


class ConsoleHooks:
    """Say which node runs, and print the summary of a run that evaluated."""

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Name the node, one short line for each."""
        logger.info(node.name)

    @hook_impl
    def on_node_error(self, node: Node) -> None:
        """Name the data that a node failed on; the error itself is shown at the end."""
        data = [name for name in node.inputs if not name.startswith("params:")]
        logger.error("%s failed; its inputs were %s", node.name, ", ".join(data))

    @hook_impl(trylast=True)
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Print what a run found, where the pictures are, and a link to the report."""
        speak_any_encoding()
        console, outputs = Console(), pipeline.all_outputs()
        if "comparison_markdown" in outputs:
            console.print(Markdown(catalog.load("comparison_markdown")))
            _print_folder(console, catalog.get("comparison_markdown"))
        if "summary" in outputs:
            _print_summary(console, catalog.load("summary"))
        if "benchmark_table" in outputs:
            console.print(_benchmark(catalog.load("benchmark_table")))
        if "study_recipe" in outputs:
            recipe: Any = catalog.get("study_recipe")
            text = f"{catalog.load('study_recipe')}\nThe best as a recipe of the name <name>:"
            copy = f"cp {recipe._get_load_path()} conf/<name>/parameters.yml"
            lines = f"{text}\n  mkdir -p conf/<name>\n  {copy}\n  kedro run --env <name>"
            console.print(lines, soft_wrap=True, markup=False, highlight=False)
        if {"summary", "denoising_examples"} <= outputs:
            _print_folder(console, catalog.get("denoising_examples"))
        if "report" in outputs:
            link = f"Report: {_link(catalog.get('report'))}"
            console.print(link, soft_wrap=True, markup=False, highlight=False)


def _print_summary(console: Console, summary: dict[str, Any]) -> None:
    """Print the scores, and loudly if they are worse than those of the noisy images."""
    console.print(_table(summary))
    warning = worse_than_noisy(summary)
    if warning:
        console.print(warning, style="bold red", soft_wrap=True, markup=False, highlight=False)


def _print_folder(console: Console, dataset: Any) -> None:
    console.print(f"Pictures: {dataset._get_load_path().parents[2]}", soft_wrap=True)


def _link(dataset: Any) -> str:
    """Return the address of the file that a dataset loads."""
    path = str(dataset._get_load_path())
    return (
        Path(path).resolve().as_uri()
        if dataset._protocol == "file"
        else f"{dataset._protocol}://{path}"
    )


def _table(summary: dict[str, Any]) -> Table:
    confidence = f"{summary['confidence']:.0%} interval"
    degradation = NoiseInjectionParameters.model_validate(summary["degradation"]).root
    title = f"{summary['n_images']:,} test images"
    of = f"{summary['denoiser']}, trained on {summary['source']} with {degradation.describe()}"
    table = Table("", "noisy", "denoised", confidence, title=title, caption=of)
    for column in table.columns[1:]:
        column.justify = "right"
    for score in SCORE_FORMATS:
        if score.key not in summary:
            continue
        bounds = [
            summary[key] for end in ("low", "high") if (key := f"{score.key}_ci_{end}") in summary
        ]
        table.add_row(
            escape(score.label),
            score.text(summary[f"noisy_{score.key}"]),
            score.text(summary[score.key]),
            " to ".join(map(score.text, bounds)),
        )
    if "start_risk_gain" in summary:
        ends = [RISK.text(summary[f"start_risk_gain_ci_{end}"]) for end in ("low", "high")]
        table.add_row(
            escape(f"Risk below that of {Path(summary['start']).name}"),
            "",
            RISK.text(summary["start_risk_gain"]),
            " to ".join(ends),
        )
    if "start_gain" in summary:
        low, high = (f"{summary[f'start_gain_ci_{end}']:+.2f}" for end in ("low", "high"))
        table.add_row(
            escape(f"Gain over {Path(summary['start']).name} [dB]"),
            "",
            f"{summary['start_gain']:+.2f}",
            f"{low} to {high}",
        )
    if "limit_psnr" in summary:
        distance = f"{summary['limit_distance']:.2f}"
        limit = f"limit about {summary['limit_psnr']:.1f}"
        table.add_row(r"Distance to the limit \[dB]", "", distance, limit)
    return table


def _benchmark(scores: Any) -> Table:
    """Return the most telling columns of the benchmark; its Markdown has all of them."""
    scored = scores[scores["note"] == ""].to_dict("records")
    interval = f"{scored[0]['confidence']:.0%} interval"
    title = f"{scored[0]['n_images']:,} test images"
    table = Table("", r"PSNR \[dB]", interval, "SSIM", "s / 1,000", title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in scored:
        table.add_row(
            row["denoiser"],
            f"{row['psnr']:.2f}",
            f"{row['psnr_ci_low']:.2f} to {row['psnr_ci_high']:.2f}",
            f"{row['ssim']:.4f}" if "ssim" in row else "",
            f"{row['seconds_per_1000']:.2f}",
        )
    return table
