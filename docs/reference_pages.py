"""The reference of the site: commands, parameters, components, pipelines, catalog and Python names.

All of it is read from the code and the configuration as the site is built; nothing is committed.
"""

import importlib
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_origin

import click
import yaml
from kedro.config import OmegaConfigLoader
from kedro.io.catalog_config_resolver import CatalogConfigResolver
from kedro.pipeline import Pipeline
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import denoising_pipeline
from denoising_pipeline.baselines import BASELINES
from denoising_pipeline.cli.denoise import COMMANDS, denoise
from denoising_pipeline.cli.project import cli
from denoising_pipeline.config import Parameters
from denoising_pipeline.config.fields import inside
from denoising_pipeline.core.components import Component
from denoising_pipeline.core.markdown import markdown_table
from denoising_pipeline.degradations import DEGRADATIONS
from denoising_pipeline.evaluation.metrics import METRICS
from denoising_pipeline.models import ARCHITECTURES
from denoising_pipeline.pipeline_registry import register_pipelines
from denoising_pipeline.settings import CONFIG_LOADER_ARGS
from denoising_pipeline.training.objectives import OBJECTIVES

Row = Sequence[str]


def reference_pages(conf: str = "conf") -> dict[str, str]:
    """Return the text of each page by its file name.

    Args:
        conf: Folder of the configuration.
    """
    loader = OmegaConfigLoader(conf, **dict[str, Any](CONFIG_LOADER_ARGS))
    return {
        "commands.md": _commands(),
        "parameters.md": _parameters(loader["parameters"], _comments(Path(conf))),
        "components.md": _components(),
        "pipelines.md": _pipelines(),
        "catalog.md": _catalog(dict(loader["catalog"])),
        "python.md": _python(),
    }


def table(head: Row, rows: Iterable[Row]) -> str:
    """Return a Markdown table; bars and new lines in it are kept from breaking it."""
    return markdown_table(head, ([" ".join(cell.split()) for cell in row] for row in rows))


def first_paragraph(thing: Any) -> str:
    """Return the first paragraph of a docstring."""
    return (inspect.getdoc(thing) or "").split("\n\n")[0]


def _commands() -> str:
    parts = [
        "# Commands",
        "`denoise` is for people's own images and needs no project; `kedro` is for the project. "
        "Where there is no checkout, `denoising-pipeline` has the project's commands below.",
        _command("denoise", denoise),
    ]
    for name in COMMANDS:
        module = importlib.import_module(f"denoising_pipeline.cli.{name}")
        parts.append(_command(f"denoise {name}", getattr(module, name)))
    parts += [_command(f"kedro {name}", command) for name, command in cli.commands.items()]
    return "\n\n".join(parts) + "\n"


def _command(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    usage = " ".join((name, *command.collect_usage_pieces(context)))
    records = (option.get_help_record(context) for option in command.params)
    # Arguments have no help of their own: they stand in the usage, and the text says what they are.
    rows = [(f"`{record[0]}`", record[1]) for record in records if record and record[1]]
    helped = inspect.cleandoc((command.help or "").replace("\b", ""))
    listing = table(("option", "what"), rows)
    return f"## {name}\n\n```text\n{usage}\n```\n\n{_as_text(helped)}\n\n{listing}"


def _as_text(helped: str) -> str:
    """Return the help of a command in Markdown: indented lines are shown as they are."""
    blocks = []
    for block in helped.split("\n\n"):
        lines = block.strip("\n").splitlines()
        shown = any(line.startswith("  ") for line in lines)
        blocks.append(f"```text\n{block}\n```" if shown else " ".join(lines))
    return "\n\n".join(blocks)


_COMMENT = re.compile(r"^  (\w+): [^#\n]*# (.+)$", re.MULTILINE)


def _comments(conf: Path) -> dict[str, str]:
    """Return what stands beside a parameter in the files of the base, by its key."""
    return {
        f"{path.stem.removeprefix('parameters_')}.{name}": comment
        for path in (conf / "base").glob("parameters_*.yml")
        for name, comment in _COMMENT.findall(path.read_text("utf-8"))
    }


def _parameters(base: Mapping[str, Any], comments: Mapping[str, str]) -> str:
    text = [
        "# Parameters",
        "Any of them can be given by `--params`, in a recipe's `parameters.yml`, or in "
        "`conf/local`. The value is that of `conf/base`.",
    ]
    own = [(name, field) for name, field in Parameters.model_fields.items()]
    single = [(name, field) for name, field in own if inside(field.annotation).model is None]
    plain = [(name, field) for name, field in single if not inside(field.annotation).components]
    text.append(table(_HEAD, [_row(name, field, base) for name, field in plain]))
    for name, field in own:
        if (name, field) in plain:
            continue
        found = inside(field.annotation)
        text.append(f"## {name}")
        if found.model is None:
            text.append(first_paragraph(field.annotation))
            text.append("Its names and options: [components](components.md#degradations).")
            continue
        text.append(first_paragraph(found.model))
        rows = [
            (*row[:3], row[3] or comments.get(row[0].strip("`"), ""))
            for row in _rows(found.model, name, base.get(name, {}))
        ]
        text.append(table(_HEAD, rows))
    return "\n\n".join(text) + "\n"


_HEAD = ("parameter", "value", "allowed", "what")


def _rows(model: type[BaseModel], prefix: str, base: Any) -> Iterator[Row]:
    given = base if isinstance(base, Mapping) else {}
    for name, field in model.model_fields.items():
        found = inside(field.annotation)
        if found.model is not None and not issubclass(found.model, Component):
            yield from _rows(found.model, f"{prefix}.{name}", given.get(name, {}))
        else:
            yield _row(f"{prefix}.{name}", field, given)


def _row(key: str, field: FieldInfo, given: Mapping[str, Any]) -> Row:
    name = key.rsplit(".", maxsplit=1)[-1]
    value = given.get(name, field.get_default(call_default_factory=True))
    return f"`{key}`", _written(value), _allowed(field), field.description or ""


def _written(value: Any) -> str:
    if value is PydanticUndefined:
        return "must be given"
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    text = yaml.safe_dump(
        list(value) if isinstance(value, tuple) else value, default_flow_style=True, width=10**6
    )
    return f"`{text.removesuffix(chr(10)).removesuffix('...').strip()}`"


def _allowed(field: FieldInfo) -> str:
    found = inside(field.annotation)
    if found.components:
        return ", ".join(f"`{name}`" for name in found.components)
    if found.choices:
        choices = ("null" if choice == "None" else choice for choice in found.choices)
        return ", ".join(f"`{choice}`" for choice in choices)
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    bounds = [
        f"{sign} {getattr(rule, key)}"
        for rule in field.metadata
        for key, sign in signs.items()
        if getattr(rule, key, None) is not None
    ]
    return ", ".join((_kind(field.annotation), *bounds))


def _kind(annotation: Any) -> str:
    names = {bool: "true or false", int: "whole number", float: "number", str: "text"}
    if annotation in names:
        return names[annotation]
    origin = get_origin(annotation)
    if origin in {list, tuple}:
        return f"list of {_kind(annotation.__args__[0])}s"
    parts = [_kind(part) for part in getattr(annotation, "__args__", ()) if part is not type(None)]
    optional = type(None) in getattr(annotation, "__args__", ())
    return " or ".join([*parts, *(["null"] if optional else [])]) or str(annotation)


def _components() -> str:
    groups = {
        "Degradations": ("`noise_injection.name`, alone or in a list", DEGRADATIONS),
        "Architectures": ("`training.model.name`", ARCHITECTURES),
        "Objectives": ("`training.objective.name`", OBJECTIVES),
    }
    text = ["# Components", "What parameters choose by name, with its options."]
    for title, (where, registry) in groups.items():
        text += [f"## {title}", f"Chosen by {where}."]
        for name, component in registry.items():
            text += [f"### {name} {{: #{title.lower()}-{name} }}", first_paragraph(component)]
            options = {key: f for key, f in component.model_fields.items() if key != "name"}
            if options:
                text.append(table(_HEAD, [_row(key, f, {}) for key, f in options.items()]))
    text += ["## Baselines", "Named by `benchmark.baselines`."]
    rows = [(f"`{name}`", _grid(baseline.grid)) for name, baseline in BASELINES.items()]
    text.append(table(("baseline", "hyperparameters to choose from"), rows))
    text += ["## Metrics", "Named by `evaluation.metrics`."]
    metrics = [(f"`{name}`", first_paragraph(metric)) for name, metric in METRICS.items()]
    text.append(table(("metric", "what"), metrics))
    return "\n\n".join(text) + "\n"


def _grid(grid: Sequence[Mapping[str, Any]]) -> str:
    names = {name for point in grid for name in point}
    return "; ".join(
        f"{name} {', '.join(f'{value:g}' for value in sorted({p[name] for p in grid}))}"
        for name in sorted(names)
    )


def _pipelines() -> str:
    text = ["# Pipelines", "The default pipeline is the first six, in this order."]
    for name, pipeline in register_pipelines().items():
        if name == "__default__":
            continue
        module = importlib.import_module(f"denoising_pipeline.pipelines.{name}")
        text += [f"## {name}", first_paragraph(module)]
        rows = [
            (
                f"`{node.name}`",
                first_paragraph(node.func),
                ", ".join(f"`{entry}`" for entry in node.inputs),
                ", ".join(f"`{entry}`" for entry in node.outputs),
            )
            for node in pipeline.nodes
        ]
        text.append(table(("node", "what", "from", "to"), rows))
    return "\n\n".join(text) + "\n"


def _catalog(config: dict[str, Any]) -> str:
    every = register_pipelines()
    everything = sum(every.values(), Pipeline([]))
    resolver = CatalogConfigResolver(config)
    writers = {entry: node.name for node in everything.nodes for entry in node.outputs}
    names = sorted(name for name in everything.datasets() if not name.startswith("params:"))
    rows: dict[str, list[Row]] = {}
    for name in names:
        entry: Mapping[str, Any] = resolver.resolve_pattern(name)
        about = entry.get("metadata", {})
        layer = about.get("kedro-viz", {}).get("layer", "")
        kept = entry.get("filepath") or entry.get("path") or ""
        what = about.get("description", "")
        written = f"`{writers[name]}`" if name in writers else ""
        tracked = ", ".join(sorted(about.get("mlflow", {})))
        file = kept.removeprefix(f"data/{layer}/")
        row = (f"`{name}`", what, f"`{file}`" if file else "", written, tracked)
        rows.setdefault(layer, []).append(row)
    text = [
        "# Catalog",
        "Every file that runs read and write, in `data/` and the folder of the heading. What a run "
        "writes is a version: `<file>/<time of the run>/<file>`. The last column says what becomes "
        "of it in MLflow (see `conf/base/catalog.yml`).",
    ]
    head = ("entry", "what", "file", "written by", "in MLflow")
    for layer, found in sorted(rows.items()):
        text += [f"## {layer}", _without_empty_columns(head, found)]
    return "\n\n".join(text) + "\n"


def _without_empty_columns(head: Row, rows: Sequence[Row]) -> str:
    kept = [place for place in range(len(head)) if any(row[place] for row in rows)]
    return table([head[place] for place in kept], [[row[place] for place in kept] for row in rows])


def _python() -> str:
    names = [name for name in denoising_pipeline.__all__ if not name.startswith("_")]
    return "\n\n".join(
        [
            "# Python",
            first_paragraph(denoising_pipeline) + " `from denoising_pipeline import ...`:",
            *(f"::: denoising_pipeline.{name}" for name in names),
        ]
    )
