"""Sections of what other pipelines found: tables in, one `Section` out, kept until a report has it.

Each names what it is compared with, and says in a sentence where the autoencoder loses.
"""

from denoising_pipeline.report.side.anomaly import anomaly
from denoising_pipeline.report.side.benchmark import benchmark
from denoising_pipeline.report.side.downstream import downstream
from denoising_pipeline.report.side.features import features
from denoising_pipeline.report.side.projections import projections
from denoising_pipeline.report.side.robustness import robustness
from denoising_pipeline.report.side.study import study
from denoising_pipeline.report.side.uncertainty import uncertainty

__all__ = [
    "anomaly",
    "benchmark",
    "downstream",
    "features",
    "projections",
    "robustness",
    "study",
    "uncertainty",
]
