"""What the help of commands names: every pipeline and every recipe, with a line each."""

import ast
import pkgutil
from pathlib import Path

import click
from kedro.utils import find_kedro_project

from denoising_pipeline import pipelines

RECIPE = "parameters.yml"


def pipelines_listed() -> list[tuple[str, str]]:
    """Return every pipeline and what its package says it is; none of them is imported."""
    (home,) = pipelines.__path__
    found = []
    for module in pkgutil.iter_modules([home]):
        text = Path(home, module.name, "__init__.py").read_text("utf-8")
        found.append((module.name, ast.get_docstring(ast.parse(text)) or ""))
    return found


def recipes_listed(project: Path | None) -> list[tuple[str, str]]:
    """Return every recipe of a project and the comment in the first line of its parameters.

    Args:
        project: Its folder; None: there is no recipe.
    """
    files = sorted(project.glob(f"conf/*/{RECIPE}")) if project else []
    return [
        (file.parent.name, _comment(file))
        for file in files
        if file.parent.name not in {"base", "local"}
    ]


def write_lists(formatter: click.HelpFormatter) -> None:
    """Write pipelines and recipes at the end of a help."""
    with formatter.section("Pipelines (run --pipelines NAME; else ingestion to reporting)"):
        formatter.write_dl(pipelines_listed())
    if recipes := recipes_listed(find_kedro_project(Path.cwd())):
        with formatter.section("Recipes (run --env NAME)"):
            formatter.write_dl(recipes)


def _comment(file: Path) -> str:
    """Return the comment that a file begins with; of a file without one nothing."""
    with file.open(encoding="utf-8") as lines:
        first = lines.readline()
    return first.removeprefix("#").strip() if first.startswith("#") else ""
