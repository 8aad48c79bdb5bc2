"""What a run says at its end."""

import logging
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from rich.console import Console
from rich.table import Table

ROWS = (
    (r"PSNR \[dB]", "psnr", 2),
    ("SSIM", "ssim", 4),
    ("MSE", "mse", 5),
    ("MAE", "mae", 5),
)
"""Label, metric, decimals."""


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
        """Print scores before and after, the place of the pictures, and the benchmark."""
        console, outputs = Console(), pipeline.all_outputs()
        if "summary" in outputs:
            console.print(_table(catalog.load("summary")))
            if "denoising_examples" in outputs:
                picture: Any = catalog.get("denoising_examples")
                console.print(f"Pictures: {picture._get_load_path().parents[2]}", soft_wrap=True)
        if "benchmark_table" in outputs:
            console.print(_benchmark(catalog.load("benchmark_table")))


def _table(summary: dict[str, Any]) -> Table:
    confidence = f"{summary['confidence']:.0%} interval"
    title = f"{summary['n_images']:,} test images"
    table = Table("", "noisy", "denoised", confidence, title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    for label, key, digits in ROWS:
        mean, low, high = (summary[f"{key}{end}"] for end in ("", "_ci_low", "_ci_high"))
        table.add_row(
            label,
            f"{summary[f'noisy_{key}']:.{digits}f}",
            f"{mean:.{digits}f}",
            f"{low:.{digits}f} to {high:.{digits}f}",
        )
    pooled = (summary["noisy_psnr_pooled"], summary["psnr_pooled"])
    table.add_row(r"PSNR, pooled \[dB]", *(f"{value:.2f}" for value in pooled), "")
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
            f"{row['ssim']:.4f}",
            f"{row['seconds_per_1000']:.2f}",
        )
    return table
