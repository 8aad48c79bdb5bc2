"""The report of a run: images, tables and facts in, one self-contained page of HTML out.

A page is a list of sections, a section a list of blocks (text, numbers, pictures, tables, charts).
To add a section, write a function from `Results` to `Section` (or None) and name it in `SECTIONS`.
"""

from denoising_pipeline.report.outcome import losses
from denoising_pipeline.report.page import render
from denoising_pipeline.report.results import Results, RunFacts
from denoising_pipeline.report.sections import SECTIONS

__all__ = ["SECTIONS", "Results", "RunFacts", "losses", "render"]
