"""Names of pipelines and recipes: with a line each in the help of commands, and checked."""

import ast
import pkgutil
from collections.abc import Collection
from pathlib import Path

import click
from kedro.utils import find_kedro_project

from denoising_pipeline import pipelines
from denoising_pipeline.core.options import allowed

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


def check_names(env: str | None, asked: Collection[str], conf: str | None = None) -> None:
    """Check that there are a recipe and pipelines of these names.

    Args:
        env: The recipe; None: the default one.
        asked: Pipelines.
        conf: Folder of the configuration, if it is not that of the project.

    Raises:
        ValueError: There is no such one, or no configuration.
    """
    project = find_kedro_project(Path.cwd()) or Path.cwd()
    folder = Path(conf) if conf else project / "conf"
    if not conf and not folder.is_dir():
        raise ValueError(
            f"'{project}' has no folder conf: it is no project. Go to the folder of one; or, of "
            "the package, name the configuration: run --conf-source=CONF."
        )
    if env and folder.is_dir() and not (folder / env).is_dir():
        known = sorted(path.name for path in folder.iterdir() if path.is_dir())
        raise ValueError(f"'{folder}' has no recipe {env!r}{allowed(env, known)}")
    known = [name for name, _ in pipelines_listed()]
    for name in asked:
        if name not in (*known, "__default__"):
            raise ValueError(f"There is no pipeline {name!r}{allowed(name, known)}")


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
