"""What a run says on the way and at its end."""

import logging
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.io.core import DatasetError
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table

from denoising_pipeline.core.terminal import speak_any_encoding
from denoising_pipeline.hooks.outcome import TABLES, tables
from denoising_pipeline.hooks.outcome import Table as Outcome
from denoising_pipeline.report import losses

LAYERS = ("04_feature", "07_model_output", "08_reporting")
"""Of files that a person may want to open."""

PAGES = ("report", "denoised_files_page")
"""Reports."""

SUMMED_UP = frozenset(
    {
        *("summary", "image_metrics", "digit_metrics", "noise_sweep", "test_denoised"),
        *("noisy_examples", "training_curves", "psnr_figure", "digit_figure"),
        *("best_and_worst_examples", "denoising_examples"),
        *PAGES,
    }
)
"""What the default pipeline writes and the report shows, and what has a line of its own."""

RUNNERS = [f"kedro.runner.{kind}_runner" for kind in ("sequential", "thread", "parallel")]
"""Loggers of those who advise how to go on after a failure."""

FROM_NODES = re.compile(r'--from-nodes "(.+)"')
"""Their advice."""

logger = logging.getLogger(__name__)


class ConsoleHooks:
    """Say which node runs, and print what came of the run and where it is."""

    def __init__(self, address: Callable[[], Any] = lambda: None) -> None:
        """Start without a run.

        Args:
            address: Says where the tracked run is seen; None: nowhere.
        """
        self._address = address
        self._started = time.monotonic()
        self._nodes = self._begun = 0
        self._checks: frozenset[str] = frozenset()
        self._process = os.getpid()

    @hook_impl(trylast=True)
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Count the nodes, and take the time."""
        self._started = time.monotonic()
        self._nodes, self._begun = len(pipeline.nodes), 0
        self._checks = frozenset(node.name for node in pipeline.nodes if not node.outputs)
        self._process = os.getpid()
        for name in RUNNERS:
            logging.getLogger(name).addFilter(self._helps)

    def _helps(self, record: logging.LogRecord) -> bool:
        """Whether what a runner says helps: its advice to repeat what fails again does not.

        A node fails for a reason that the error at the end says what to do about; and one that only
        checks would check the same again.
        """
        words = record.getMessage()
        advice = FROM_NODES.search(words)
        vain = advice is not None and self._checks.issuperset(advice[1].split(","))
        return not (vain or words.startswith("No nodes ran."))

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Name the node, one short line for each."""
        self._begun += 1
        # Processes of their own have hooks of their own, which know only some of the nodes.
        counts = self._nodes and self._process == os.getpid()
        place = f"Node {self._begun} of {self._nodes}: " if counts else ""
        logger.info("%s%s", place, node.name)

    @hook_impl
    def on_node_error(self, node: Node) -> None:
        """Name the data that a node failed on; the error itself is shown at the end."""
        data = [name for name in node.inputs if not name.startswith("params:")]
        logger.error("%s failed; its inputs were %s", node.name, ", ".join(data))

    @hook_impl(trylast=True)
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Print what a run found, how long it took, where its files are, and links."""
        speak_any_encoding()
        console, outputs = Console(), pipeline.all_outputs()
        for name in (name for name in TABLES if name in outputs):
            console.print(Markdown(catalog.load(name)))
        for table in tables(outputs, catalog):
            console.print(_drawn(table))
        for warning in losses(catalog.load("summary")) if "summary" in outputs else ():
            console.print(warning, style="bold red", soft_wrap=True, markup=False, highlight=False)
        took = [f"Done in {_duration(time.monotonic() - self._started)}."] if self._nodes else []
        _print([*took, *self._places(outputs, catalog)])

    @hook_impl(trylast=True)
    def on_pipeline_error(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Print where files are, if a page is among them, which tells of what failed."""
        written: set[str] = set()
        with suppress(DatasetError):  # of a storage that is away: the run's error is what counts
            written = {name for name in pipeline.all_outputs() if catalog.exists(name)}
        if written.intersection(PAGES):
            _print(self._places(written, catalog))

    def _places(self, outputs: set[str], catalog: DataCatalog) -> list[str]:
        """Return lines that say where what it wrote is."""
        lines = []
        files = [name for name in sorted(outputs - SUMMED_UP) if _layer(catalog, name) in LAYERS]
        if files:
            lines += ["Files:", *(f"  {_path(catalog.get(name))}" for name in files)]
        if "study_recipe" in outputs:
            copy = f"cp {_path(catalog.get('study_recipe'))} conf/<name>/parameters.yml"
            lines += [catalog.load("study_recipe"), "The best as a recipe of the name <name>:"]
            lines += ["  mkdir -p conf/<name>", f"  {copy}", "  kedro run --env <name>"]
        if {"summary", "denoising_examples"} <= outputs:
            examples: Any = catalog.get("denoising_examples")
            lines.append(f"Pictures: {examples._get_load_path().parents[2]}")
        if "denoiser" in outputs:
            lines.append(f"Denoiser: {_path(catalog.get('denoiser'))}")
        if (address := self._address()) is not None:
            lines.append(str(address))
        lines += [f"Report: {_link(catalog.get(name))}" for name in PAGES if name in outputs]
        return lines


def _print(lines: list[str]) -> None:
    """Print lines that stay whole, so that they can be copied."""
    speak_any_encoding()
    console = Console()
    for line in lines:
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def _layer(catalog: DataCatalog, name: str) -> str | None:
    metadata: Any = getattr(catalog.get(name), "metadata", None) or {}
    layer: str | None = metadata.get("kedro-viz", {}).get("layer")
    return layer


def _path(dataset: Any) -> Path:
    """Return where a dataset lies, from the current folder if it is in it."""
    path = Path(dataset._get_load_path())
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _link(dataset: Any) -> str:
    """Return the address of the file that a dataset loads."""
    path = str(dataset._get_load_path())
    return (
        Path(path).resolve().as_uri()
        if dataset._protocol == "file"
        else f"{dataset._protocol}://{path}"
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _drawn(outcome: Outcome) -> Table:
    table = Table(*map(escape, outcome.header), title=escape(outcome.title))
    table.caption = escape(outcome.caption)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in outcome.rows:
        table.add_row(*map(escape, row))
    return table
