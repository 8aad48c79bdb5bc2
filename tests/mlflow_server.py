"""An `mlflow server` with a database and a folder of its own, which may be away for a while."""

import os
import resource
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import psutil
from limits import PATIENCE
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from project_folder import environment, wait_until


class Server:
    """A server as people start it.

    Attributes:
        address: Where it answers.
        process: The first of its processes.
        database: Where it keeps what it is told.
        artifacts: Where it keeps files.
    """

    def __init__(self, folder: Path) -> None:
        """Choose an address, and start."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}"
        self._folder = folder
        self.database, self.artifacts = folder / "mlflow.db", folder / "artifacts"
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        options: tuple[str, ...] = ("--host", "127.0.0.1", "--port", str(self._port))
        options += ("--backend-store-uri", f"sqlite:///{self.database}", "--workers", "1")
        options += ("--artifacts-destination", str(self.artifacts))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *options],
            cwd=self._folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        wait_until(self._healthy, self.process)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all of its processes."""
        os.killpg(self.process.pid, number)

    def let_write(self, size: int = resource.RLIM_INFINITY) -> None:
        """Let no file of it grow beyond some bytes (setrlimit(2)); 0: nothing is written to any."""
        first = psutil.Process(self.process.pid)
        for each in (first, *first.children(recursive=True)):
            hardest = resource.prlimit(each.pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(each.pid, resource.RLIMIT_FSIZE, (size, hardest))

    def stop(self) -> None:
        """End it, whatever it does."""
        with suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def runs(self) -> list[Run]:
        """Return the runs of the project's experiment, in the order in which they started."""
        client = MlflowClient(self.address)
        experiment = client.get_experiment_by_name("denoising_pipeline")
        found = client.search_runs([experiment.experiment_id]) if experiment else []
        return sorted(found, key=lambda run: run.info.start_time)

    def _healthy(self) -> bool:
        try:
            with urlopen(f"{self.address}/health") as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
