"""Kedro's session, whose id no other run of the project has, and which knows files from arrays."""

import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.pipeline import Pipeline
from kedro.utils import find_kedro_project

from denoising_pipeline.core.options import allowed
from denoising_pipeline.core.workers import Workers
from denoising_pipeline.datasets.writers import DEFAULT
from denoising_pipeline.hooks.shared_run import shared_run
from denoising_pipeline.hooks.signals import minds_signals
from denoising_pipeline.pipelines.inference.pipeline import ARRAY, FILES

logger = logging.getLogger(__name__)

ID_STEP = 0.001
"""Seconds between two ids: Kedro's are timestamps of milliseconds."""


def _names(pipeline: Pipeline) -> set[str]:
    return {node.name for node in pipeline.nodes}


def _tags(pipeline: Pipeline) -> set[str]:
    return {tag for node in pipeline.nodes for tag in node.tags}


def _namespaces(pipeline: Pipeline) -> set[str]:
    return {node.namespace for node in pipeline.nodes if node.namespace}


NODE_OPTIONS: dict[str, tuple[str, str, Callable[[Pipeline], set[str]]]] = {
    "tags": ("--tags", "tag", _tags),
    "node_names": ("--nodes", "node", _names),
    "from_nodes": ("--from-nodes", "node", _names),
    "to_nodes": ("--to-nodes", "node", _names),
    "from_inputs": ("--from-inputs", "input", Pipeline.all_inputs),
    "to_outputs": ("--to-outputs", "output", Pipeline.all_outputs),
    "namespaces": ("--namespaces", "namespace", _namespaces),
}
"""Options that choose nodes, by Kedro's names: as they are written, their kind, what there is."""

_FILTERS = {"namespaces": "node_namespaces"}
"""What `Pipeline.filter` calls an option, where it is something else."""


class UniqueSession(KedroSession):
    """A session that starts in a millisecond of its own.

    Its id is the version of all that a run writes. Of two runs that started in the same millisecond
    one would find its files there already, and fail. Tasks of an orchestrator share the id of the
    run that they are parts of: see `shared_run`.
    """

    @classmethod
    def create(cls, project_path: Path | str | None = None, *args: Any, **options: Any) -> Any:
        """Create the session; see `kedro.framework.session.KedroSession.create`.

        Args:
            project_path: Path of the project, else that around the current folder. The lock,
                `.session.lock`, lies in it.
            args: Further arguments of Kedro's.
            options: The same by name.

        Returns:
            The `UniqueSession`.
        """
        recipe = os.environ.get("KEDRO_ENV")
        if recipe and not options.get("env"):
            logger.info("The recipe is %r, by the variable KEDRO_ENV.", recipe)
        folder = project_path or find_kedro_project(Path.cwd())
        lock = FileLock(Path(folder, ".session.lock")) if folder else nullcontext()
        with lock:
            session = super().create(project_path, *args, **options)
            time.sleep(ID_STEP)
        if shared := shared_run():
            session.session_id = shared
            session._store["session_id"] = shared
        return session

    @minds_signals
    def run(self, *args: Any, **options: Any) -> Any:
        """Run pipelines; see `kedro.framework.session.KedroSession.run`.

        The pipeline `inference` denoises files if `--params` has an `inference.input`, and else an
        array, unless the command chooses the nodes itself.

        Several workers run the pipeline `training` and no other; one that follows only trains.

        Args:
            args: Kedro's.
            options: The same by name; Kedro itself gives all of them so.

        Raises:
            ValueError: This is one of several workers, and something else is to be run; or an
                option names what the pipelines do not have: the nearest name is given.
        """
        workers, names = Workers.here(), list(options.get("pipeline_names") or [])
        if workers.world > 1 and names != ["training"]:
            raise ValueError(
                "Several workers share a training, and nothing else: add --pipelines=training. "
                "What comes before and after it is run by one process, without the variables of "
                "workers."
            )
        if not workers.leads:
            options["node_names"] = ["training.train_denoiser"]
        if names == ["inference"]:
            chosen = any(options.get(name) for name in NODE_OPTIONS)
            given = (self.store.get("runtime_params") or {}).get("inference") or {}
            if not chosen:
                options["tags"] = [FILES if given.get("input") else ARRAY]
        _check_chosen(names, options)
        return super().run(*args, **options)


def _check_chosen(asked: list[str], options: Mapping[str, Any]) -> None:
    """Check that there are nodes, inputs and outputs of the names that options choose nodes by."""
    chosen = {key: options[key] for key in NODE_OPTIONS if options.get(key)}
    versions = options.get("load_versions") or {}
    if not chosen and not versions:
        return
    run = sum((pipelines[name] for name in asked or [DEFAULT]), Pipeline([]))
    here = ", ".join(asked) if asked else "the default pipeline"
    for key, names in chosen.items():
        option, kind, known = NODE_OPTIONS[key]
        for name in (name for name in names if name not in known(run)):
            found = (other for other, each in pipelines.items() if name in known(each))
            if other := next((other for other in found if other != DEFAULT), None):
                raise ValueError(
                    f"{option}: the {kind} {name!r} is not in {here}; add --pipelines={other}"
                )
            nearest = allowed(name, sorted(known(run)))
            raise ValueError(f"{option}: there is no {kind} {name!r} in {here}{nearest}")
    for name in versions.keys() - set().union(*(each.datasets() for each in pipelines.values())):
        known_here = sorted(each for each in run.inputs() if not each.startswith("params:"))
        nearest = allowed(name, known_here)
        raise ValueError(f"--load-versions: there is no entry {name!r}{nearest}")
    try:
        run.filter(**{_FILTERS.get(key, key): names for key, names in chosen.items()})
    except ValueError:
        given = " and ".join(NODE_OPTIONS[key][0] for key in chosen)
        raise ValueError(f"No node is chosen by {given} together: leave one out.") from None
