"""Kedro's session, whose id no other run of the project has, and which knows files from arrays."""

import logging
import os
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock
from kedro.framework.session import KedroSession
from kedro.utils import find_kedro_project

from denoising_pipeline.core.workers import Workers
from denoising_pipeline.hooks.shared_run import shared_run
from denoising_pipeline.hooks.signals import minds_signals
from denoising_pipeline.pipelines.inference.pipeline import ARRAY, FILES

logger = logging.getLogger(__name__)

ID_STEP = 0.001
"""Seconds between two ids: Kedro's are timestamps of milliseconds."""

NODE_OPTIONS = ("tags", "node_names", "from_nodes", "to_nodes", "from_inputs", "to_outputs")
"""Options of a run that choose nodes."""


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
            ValueError: This is one of several workers, and something else is to be run.
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
        return super().run(*args, **options)
