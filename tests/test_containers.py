"""The files for containers, without an engine for them: what they name is there, and runs."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from limits import PATIENCE

from denoising_pipeline.cli.serve import serve

ROOT = Path(__file__).parents[1]
BESIDE = str(Path(sys.executable).parent)


def instructions() -> list[tuple[str, str]]:
    """Name and text of each line of the Dockerfile, continued ones joined."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def of(kind: str) -> list[str]:
    return [rest.strip() for name, rest in instructions() if name == kind]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return services


def test_what_the_image_copies_is_there_and_reaches_the_engine() -> None:
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    sources = [
        word.removeprefix("./")
        for line in of("COPY")
        if "--from" not in line
        for word in shlex.split(line)[:-1]
        if not word.startswith("--")
    ]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source in allowed


HADOLINT = shutil.which("hadolint", path=os.pathsep.join((BESIDE, os.environ["PATH"])))


@pytest.mark.skipif(HADOLINT is None, reason="hadolint has no package for this system")
def test_the_dockerfile_is_without_reproach() -> None:
    done = subprocess.run(
        [str(HADOLINT), str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_nobody_is_root_there_and_the_service_is_what_starts() -> None:
    assert of("USER") == ["10001"]
    program, command, *options = json.loads(of("CMD")[-1])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert program in project["scripts"]
    assert command == "serve"
    known = CliRunner().invoke(serve, ["--help"]).output
    assert all(option in known for option in options if option.startswith("--"))
    extras = re.search(r"'\.\[(.*?)\]'", " ".join(of("RUN")))
    assert extras
    assert set(extras[1].split(",")) <= project["optional-dependencies"].keys()


def test_the_versions_of_the_image_are_those_of_the_lock() -> None:
    run = next(line for line in of("RUN") if "grep" in line)
    command = run.partition(" > constraints.txt")[0]
    found = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    locked = re.findall(r"^[\w.-]+(?:\[[^]]*\])?==", (ROOT / "requirements.lock").read_text(), re.M)
    assert len(found) == len(locked) > 100
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!-]+", line) for line in found)


@pytest.mark.slow
def test_the_health_of_the_image_is_asked_as_the_service_answers() -> None:
    """The very command, at another port; and it fails where nobody answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    check = json.loads(of("HEALTHCHECK")[0].partition("CMD ")[2])
    check = [sys.executable, *(word.replace("8000", str(port)) for word in check[1:])]
    assert subprocess.run(check, stderr=subprocess.DEVNULL, check=False).returncode != 0
    start = "from denoising_pipeline.cli.denoise import main; main()"
    service = subprocess.Popen(
        [  # as in the image
            sys.executable,
            "-c",
            start,
            "serve",
            "--host",
            "0.0.0.0",
            "--port",
            str(port),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while subprocess.run(check, stderr=subprocess.DEVNULL, check=False).returncode:
            assert service.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.2)
    finally:
        service.terminate()
        service.wait()


def test_services_know_each_other_and_only_this_machine_reaches_them(
    services: dict[str, Any],
) -> None:
    assert {"service", "mlflow", "database"} <= services.keys()
    for name, each in services.items():
        assert set(each.get("depends_on", {})) <= services.keys(), name
        assert all(port.startswith("127.0.0.1:") for port in each.get("ports", ())), name
    store = services["mlflow"]["command"]
    address = store[store.index("--backend-store-uri") + 1]
    assert address.endswith(f"@database/{services['database']['environment']['POSTGRES_DB']}")
    assert services["train"]["environment"]["MLFLOW_TRACKING_URI"] == "http://mlflow:5000"
    assert "mlflow:5000" in store[store.index("--allowed-hosts") + 1]
    assert "POSTGRES_PASSWORD:?" in services["database"]["environment"]["POSTGRES_PASSWORD"]
