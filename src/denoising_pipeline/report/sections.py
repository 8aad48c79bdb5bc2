"""The report, from top to bottom."""

from collections.abc import Callable

from denoising_pipeline.report.blocks import Section
from denoising_pipeline.report.facts import what_was_run
from denoising_pipeline.report.identity import the_denoiser
from denoising_pipeline.report.others import not_measured, side
from denoising_pipeline.report.outcome import extremes, headline, picture
from denoising_pipeline.report.results import Results
from denoising_pipeline.report.scores import distribution, labels, learning, robustness

SECTIONS: tuple[Callable[[Results], Section | None], ...] = (
    headline,
    picture,
    side("benchmark"),
    learning,
    distribution,
    labels,
    extremes,
    robustness,
    side("robustness"),
    side("downstream"),
    side("uncertainty"),
    side("anomaly"),
    side("features"),
    side("projections"),
    side("study"),
    not_measured,
    the_denoiser,
    what_was_run,
)
"""Each makes one section of what the run found, or none where there is nothing to say."""
