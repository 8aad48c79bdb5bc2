"""Many runs at once on a server with PostgreSQL, an object store and passwords; it is killed."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from databases import PAGE, PASSWORD, documented, programs
from limits import PATIENCE
from mlflow.tracking import MlflowClient
from pages import block, filled, shell
from project_folder import environment, wait_until
from tracking_store import tracking_at

from denoising_pipeline.hooks.epoch_logger import metrics_step
from denoising_pipeline.hooks.outbox import Outbox, deliver_left
from denoising_pipeline.hooks.publishing import carry_out, end_step

MISSING = [
    name for name in ("boto3", "flask_wtf", "moto", "psycopg") if not importlib.util.find_spec(name)
]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(programs() is None, reason="needs PostgreSQL: apt-get install postgresql"),
    pytest.mark.skipif(bool(MISSING), reason=f"needs `tracking-server` and moto: {MISSING}"),
]

PROCESSES, RUNS_EACH, EPOCHS = 4, 5, 12
BUCKET, USER = "runs", "admin"
STORE = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing"}
REGION = {"AWS_DEFAULT_REGION": "us-east-1"}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def answers(address: str) -> bool:
    try:
        with urlopen(address) as answer:
            return bool(answer.status == 200)
    except HTTPError:
        return True
    except URLError:
        return False


class Service:
    """A process of its own that answers at an address; it may be killed and started again."""

    def __init__(self, address: str, path: str, script: str, folder: Path, **given: str) -> None:
        """Start it by a script of the shell in a folder, and wait until it answers."""
        self.address, self._path = address, path
        self._script, self._folder, self._variables = script, folder, shell(**given)
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._process = subprocess.Popen(
            ["bash", "-c", self._script],
            cwd=self._folder,
            env=self._variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        wait_until(lambda: answers(self.address + self._path), self._process)

    def kill(self) -> None:
        """End all of its processes at once."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Service]:
    """MLflow with runs and users in PostgreSQL and artifacts in S3, by the lines of the page."""
    with ExitStack() as stack:
        there = stack.enter_context(documented("mlflow"))
        ports = free_port(), free_port()
        objects, address = (f"http://127.0.0.1:{port}" for port in ports)
        moto = f"exec python -m moto.server --host 127.0.0.1 --port {ports[0]}"
        stack.callback(Service(objects, "/", moto, tmp_path).kill)
        users = block(PAGE, "[mlflow]").replace("db.example.org", "127.0.0.1")
        (tmp_path / "users.ini").write_text(users)
        install, _, script = block(PAGE, "pip install -e '.[tracking-server]'").partition("\n")
        assert install.startswith("pip install")
        script = filled(
            script,
            **STORE,
            PGPASSWORD=PASSWORD,
            MLFLOW_AUTH_ADMIN_PASSWORD=PASSWORD,
            MLFLOW_FLASK_SERVER_SECRET_KEY=PASSWORD,
        )
        script = script.replace("https://objects.example.org", objects)
        script = script.replace("db.example.org", "127.0.0.1").replace("5000", str(ports[1]))
        script = f"{script.rstrip()} --workers 1"
        served = Service(address, "/health", script, tmp_path, **there, **REGION)
        stack.callback(served.kill)
        served.objects = objects  # type: ignore[attr-defined]
        yield served


def bucket(address: str) -> Any:
    import boto3

    keys = {"aws_access_key_id": "nobody", "aws_secret_access_key": "nothing"}
    store = boto3.resource("s3", endpoint_url=address, region_name="us-east-1", **keys)
    return store.Bucket(BUCKET)


def test_twenty_runs_at_once_lose_nothing_when_the_server_is_killed_in_the_middle(
    server: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = urlsplit(server.address).port
    for host, code in (("tracking.example.org", "401"), ("elsewhere.example.org", "403")):
        asked = f"{server.address}/api/2.0/mlflow/experiments/get?experiment_id=0"
        with pytest.raises(HTTPError, match=code):
            urlopen(Request(asked, headers={"Host": f"{host}:{port}"}))
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", USER)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    client = MlflowClient(server.address)
    experiment = client.create_experiment("many")
    names = [f"{process}.{run}" for process in range(PROCESSES) for run in range(RUNS_EACH)]
    runs = {name: client.create_run(experiment, run_name=name).info.run_id for name in names}
    (tmp_path / "runs.json").write_text(json.dumps(runs))
    command = [sys.executable, __file__, server.address, str(tmp_path)]
    paths = (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", ""))
    variables = environment(
        PYTHONPATH=os.pathsep.join(paths),
        MLFLOW_TRACKING_USERNAME=USER,
        MLFLOW_TRACKING_PASSWORD=PASSWORD,
        MLFLOW_TRACKING_URI=server.address,
    )
    processes = [
        subprocess.Popen([*command, str(number)], env=variables, text=True)
        for number in range(PROCESSES)
    ]
    wait_until(lambda: "loss" in client.get_run(runs["0.0"]).data.metrics, processes[0])
    server.kill()
    time.sleep(2)
    server.start()
    assert [process.wait(PATIENCE) for process in processes] == [0] * PROCESSES
    left = list((tmp_path / "kept").glob("*.jsonl"))
    assert left

    def next_runs_tell() -> bool:
        deliver_left(tmp_path / "kept", server.address, carry_out)
        return not list((tmp_path / "kept").glob("*.jsonl"))

    with tracking_at(
        server.address
    ):  # One that waits too long for an answer leaves it to the next.
        wait_until(next_runs_tell)

    for name, run_id in runs.items():
        assert client.get_run(run_id).info.status == "FINISHED"
        history = client.get_metric_history(run_id, "loss")
        told = sorted((metric.step, metric.value) for metric in history)
        assert told == [(epoch, loss(name, epoch)) for epoch in range(1, EPOCHS + 1)]
        artifact = client.download_artifacts(run_id, f"tables/{name}.json", str(tmp_path))
        assert json.loads(Path(artifact).read_text()) == {"name": name}
    kept = [item.key for item in bucket(server.objects).objects.all()]  # type: ignore[attr-defined]
    assert sorted(Path(key).stem for key in kept) == sorted(names)


def loss(name: str, epoch: int) -> float:
    """Return a number that no other run has."""
    return float(name) + epoch / 64


def follow(outbox: Outbox, name: str, folder: Path) -> None:
    """Tell of a run what a training would tell."""
    for epoch in range(1, EPOCHS + 1):
        outbox.put(metrics_step({"loss": loss(name, epoch)}, epoch))
        time.sleep(0.5)
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"name": name}))
    entry = {"type": "json.JSONDataset", "filepath": str(file)}
    artifact = {"name": name, "config": entry, "version": None}
    step = {"do": "artifact", "entry": artifact, "folder": "tables"}
    outbox.put(step, end_step("FINISHED"), urgent=True)


def main(address: str, folder: Path, number: str) -> None:
    """Be one of the processes: its runs go on at the same time."""
    runs = json.loads((folder / "runs.json").read_text())
    threads = []
    for name in (name for name in runs if name.startswith(f"{number}.")):
        outbox = Outbox(folder / "kept", address, runs[name], carry_out)
        threads.append(threading.Thread(target=follow, args=(outbox, name, folder)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
