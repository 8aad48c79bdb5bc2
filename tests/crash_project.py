"""A project whose runs are processes that begin with everything imported: seconds, not ten.

What is tried again and again (see `crash_points`) costs little so.
"""

import importlib
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from crash_points import Moment, run
from project_folder import TO_SCORES, Project
from unfinished import is_unfinished

from denoising_pipeline.core.backend import load_keras

WHOLE = ("run", "--env", "tiny", "--pipelines", TO_SCORES)
BRIEF = ("run", "--env", "tiny", "--pipelines", "ingestion")


class WarmProject:
    """A project in which one run has ended.

    Attributes:
        folder: Of the project, and of copies of it.
        live: The project.
        project: The same.
        text: What the last run printed.
    """

    def __init__(self, folder: Path, command: tuple[str, ...] = WHOLE) -> None:
        """Let the first run come to its end, and import what it imported."""
        self.folder, self.live, self.text = folder, folder / "live", ""
        self.live.mkdir()
        self.project = Project.create(self.live)
        self.project.recipe("tiny")
        assert self.run(command, remember=True) == 0, self.text
        load_keras()
        for name in (folder / "modules").read_text().split():
            with suppress(Exception):
                importlib.import_module(name)
        copy(self.live, folder / "start")

    def restore(self, folder: Path | None = None) -> None:
        """Have the project as it was after its first run, or as in a copy."""
        shutil.rmtree(self.live)
        copy(folder or self.folder / "start", self.live)

    def run(
        self,
        command: tuple[str, ...],
        look: Callable[[Moment], None] = lambda moment: None,
        prepare: Callable[[], object] = lambda: None,
        *,
        remember: bool = False,
    ) -> int | None:
        """Run `kedro <command>`, and return its exit code as `crash_points.run` does.

        Args:
            command: What follows `kedro`.
            look: What looks at its calls.
            prepare: What the process does first.
            remember: Write down what it has imported.
        """
        said = self.folder / "said"

        def body() -> None:
            with said.open("w") as file:
                for standard in (1, 2):
                    os.dup2(file.fileno(), standard)
            os.environ["MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING"] = "false"  # else as many as seconds
            prepare()
            try:
                self.project.main(*command)
            finally:
                if remember:
                    (self.folder / "modules").write_text("\n".join(sys.modules))

        code = run(body, self.live, look)
        self.text = said.read_text()
        return code


def copy(folder: Path, to: Path) -> None:
    """Copy a project; what nothing changes in its place is shared."""

    def share(source: str, target: str) -> None:
        path = Path(source)
        shared = stays(path) and not is_unfinished(path)
        if shared and not {".to_mlflow", ".running", "artifacts"} & set(path.parts):
            os.link(source, target)
        else:
            shutil.copy2(source, target)

    shutil.copytree(folder, to, symlinks=True, copy_function=share)


def stays(path: Path) -> bool:
    """Tell whether a file is one that no later run changes."""
    return not path.name.startswith((".lock", "mlflow.db"))
