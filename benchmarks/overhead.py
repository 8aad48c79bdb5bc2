"""Where the time and memory of a whole `kedro run` go: seconds of each node, and what is around.

The run is a process of its own in a temporary copy of the project. Its log, with the time of each
line, says when nodes begin and end; loading and saving of what a node reads and writes is part of
the node.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from machine import print_table
from project import ROOT

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"timed": {"format": "%(created)f %(name)s %(message)s"}},
    "handlers": {"timed": {"class": "logging.StreamHandler", "formatter": "timed"}},
    "loggers": {"kedro.runner": {"level": "INFO"}},
    "root": {"level": "WARNING", "handlers": ["timed"]},
}
TRAINING = "training.train_denoiser"
START, END = "start-up, opening the tracked run", "publishing to MLflow, summary, exit"


def main() -> None:
    """Run the pipeline and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="base", help="recipe to run")
    parser.add_argument("--params", help="as of `kedro run`")
    options = parser.parse_args()
    arguments = [f"--env={options.env}"]
    arguments += [f"--params={options.params}"] if options.params else []
    with tempfile.TemporaryDirectory() as folder:
        copy_project(Path(folder))
        started = time.time()
        log = run_kedro(Path(folder), arguments)
        ended = time.time()
    stages = [*completions(log), (END, ended)]
    befores = [started, *(at for _, at in stages)]
    seconds = {name: after - before for (name, after), before in zip(stages, befores, strict=False)}
    total = ended - started
    print_table(
        [f"`kedro run {' '.join(arguments)}`", "seconds"],
        [
            *((name, f"{value:.1f}") for name, value in seconds.items()),
            ("all", f"{total:.1f}"),
            ("all but training", f"{total - seconds[TRAINING]:.1f}"),
        ],
    )
    print(f"\nPeak resident memory: {peak_bytes() / 1e9:.2f} GB.")


def copy_project(folder: Path) -> None:
    """Copy the configuration into a folder and link code and raw data."""
    shutil.copytree(ROOT / "conf", folder / "conf")
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("src/denoising_pipeline", "data/01_raw"):
        (folder / name).parent.mkdir()
        (folder / name).symlink_to(ROOT / name)
    (folder / "logging.yml").write_text(yaml.safe_dump(LOGGING))


def run_kedro(folder: Path, arguments: list[str]) -> str:
    """Run the pipeline in a folder and return its log."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    variables |= {"DO_NOT_TRACK": "1", "KEDRO_LOGGING_CONFIG": str(folder / "logging.yml")}
    command = [sys.executable, "-m", "kedro", "run", *arguments]
    process = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    if process.returncode:
        raise SystemExit(f"{process.stderr}\nThe run failed: its log is above.")
    return process.stderr


def completions(log: str) -> list[tuple[str, float]]:
    """Return what was completed when: the start of the runner, and each node.

    Args:
        log: Lines of `LOGGING`; the runner's first line says that it has started.
    """
    lines = re.findall(r"^(\d+\.\d+) kedro\.runner\S* (.*)$", log, re.MULTILINE)
    done = "Completed node: "
    nodes = [(text.removeprefix(done), float(at)) for at, text in lines if text.startswith(done)]
    return [(START, float(lines[0][0])), *nodes]


def peak_bytes() -> int:
    """Return the largest resident memory of any process that this one has waited for."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
