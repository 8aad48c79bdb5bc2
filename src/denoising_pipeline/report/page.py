"""Sections to one page of HTML that needs nothing but itself."""

from collections.abc import Callable, Sequence

from denoising_pipeline.core.pages import environment
from denoising_pipeline.report.blocks import Section
from denoising_pipeline.report.results import Results
from denoising_pipeline.report.sections import SECTIONS
from denoising_pipeline.report.words import Glossary, anchor


def render(
    results: Results, sections: Sequence[Callable[[Results], Section | None]] = SECTIONS
) -> str:
    """Write the report of a run.

    Style, scripts, pictures and data are inside the page, and its content security policy lets it
    fetch nothing. Words are escaped, wherever they come from.

    Args:
        results: What the run found.
        sections: Functions that each make one section or none, in their order on the page.

    Returns:
        An HTML document.
    """
    template = environment(__package__).get_template("page.html.jinja")
    return template.render(
        title=f"{results.card.noise.describe()}\N{NO-BREAK SPACE}· {results.architecture['name']}",
        version=results.facts.version,
        source=results.card.images.source,
        explained=Glossary(),
        anchor=anchor,
        sections=[section for section in (make(results) for make in sections) if section],
    )
