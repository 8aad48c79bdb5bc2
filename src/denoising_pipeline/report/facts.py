"""The section of what was run, on what, with what, and how to run it again."""

from collections.abc import Mapping
from typing import Any

from denoising_pipeline.report.blocks import Block, Code, Links, Section, Text
from denoising_pipeline.report.results import Results, RunFacts
from denoising_pipeline.report.tables import Table, pairs, words

MANY = 10
"""Files that a table shows without being asked."""


def what_was_run(results: Results) -> Section:
    """Command, source, parameters and versions."""
    facts = results.facts
    run = {
        "run": facts.version,
        "MLflow run": facts.mlflow_run or "not tracked",
        "git commit": _commit(facts),
        "source": results.source_manifest["source"],
    }
    return Section(
        "run",
        "What was run",
        [
            Text("To run it again, in the folder of the project:"),
            Code(again(facts)),
            pairs("The run", "what", run),
            *_tracked(facts),
            *_files(results.source_manifest),
            pairs("Every parameter of the command", "parameter", facts.parameters, folded=True),
            pairs("Libraries", "library", facts.libraries, folded=True),
        ],
    )


def _tracked(facts: RunFacts) -> list[Block]:
    """Return the way to the run in MLflow, if there is one."""
    if not facts.mlflow_address:
        return []
    need = f"answers while {facts.mlflow_serves} runs" if facts.mlflow_serves else ""
    return [Links("", [(facts.mlflow_address, "This run in MLflow", need)])]


def _files(manifest: Mapping[str, Any]) -> list[Table]:
    """Return the files that were read, and those that could not be."""
    files, left_out = manifest["files"], manifest.get("left_out", {})
    shapes = [_shape(file) for file in files.values()]
    columns = [
        words("file", files),
        words("shape", shapes),
        words("sha256", [file["sha256"] for file in files.values()]),
    ]
    how = ", uncompressed" if manifest.get("kind") == "idx" else ""
    tables = [Table(f"Files of the source{how}", columns, folded=len(files) > MANY)]
    if left_out:
        tables.append(pairs("Files that were left out", "file", left_out))
    return tables


def _shape(file: Mapping[str, Any]) -> str:
    """Return the shape of the image of a file, or how many pages it has of which shapes."""
    pages = file.get("pages", [file])
    shapes = dict.fromkeys(", ".join(map(str, page.get("shape", ()))) for page in pages)
    count = f"{len(pages)} pages: " if "pages" in file else ""
    return count + "; ".join(shapes)


def again(facts: RunFacts) -> str:
    """Return the shell commands that repeat a run, one a line."""
    if not facts.commit:
        return facts.command
    changed = "   # and the changes that were not committed" if facts.dirty else ""
    return f"git checkout {facts.commit}{changed}\n{facts.command}"


def _commit(facts: RunFacts) -> str:
    if not facts.commit:
        return "not a git checkout"
    return f"{facts.commit}{', with changes that were not committed' if facts.dirty else ''}"
