"""The section of what was run, on what, with what, and how to run it again."""

import json
from collections.abc import Mapping
from typing import Any

from denoising_pipeline.report.blocks import Code, Section, Table, Text, words
from denoising_pipeline.report.results import Results, RunFacts

TELLING = (
    "seed",
    "preprocessing.validation_images",
    "training.loss",
    "training.batch_size",
    "training.learning_rate",
    "training.schedule",
    "training.fresh_noise",
)
"""Parameters that are shown without being asked for."""


def what_was_run(results: Results) -> Section:
    """Command, network, source, parameters and versions."""
    facts, files = results.facts, results.source_manifest["files"]
    options = [f"{k} {_plain(v)}" for k, v in results.architecture.items() if k != "name"]
    run = {
        "run": facts.version,
        "MLflow run": facts.mlflow_run or "not tracked",
        "git commit": _commit(facts),
        "source": results.source_manifest["source"],
        "noise": results.noise,
        "network": ", ".join([results.architecture["name"], *options]),
        "weights": f"{results.weight_count:,}",
        "epochs": len(results.history),
    }
    run |= {key: facts.parameters[key] for key in TELLING if key in facts.parameters}
    source = Table(
        "Files of the source, uncompressed",
        [
            words("file", files),
            words("shape", [", ".join(map(str, file["shape"])) for file in files.values()]),
            words("sha256", [file["sha256"] for file in files.values()]),
        ],
    )
    return Section(
        "run",
        "What was run",
        [
            Text("To run it again, in the folder of the project:"),
            Code(again(facts)),
            _pairs("The run", "what", run),
            source,
            _pairs("Every parameter", "parameter", facts.parameters, folded=True),
            _pairs("Libraries", "library", facts.libraries, folded=True),
        ],
    )


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


def _pairs(title: str, name: str, pairs: Mapping[str, Any], *, folded: bool = False) -> Table:
    columns = [words(name, pairs), words("value", map(_plain, pairs.values()))]
    return Table(title, columns, folded)


def _plain(value: Any) -> str:
    """Return a value as the configuration files have it."""
    return value if isinstance(value, str) else json.dumps(value)
