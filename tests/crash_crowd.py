"""Eight first runs at once in one project, each on a source of its own; others work beside them.

`python tests/crash_crowd.py` lets them begin as processes that have everything imported.
"""

import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import httpx
import numpy as np
import pandas as pd
import yaml
from crash_points import leave
from crash_project import WHOLE, WarmProject
from PIL import Image
from project_folder import raw_source
from serving import client, decoded, encoded, photograph, served
from skimage import data
from small_denoiser import write_denoiser
from unfinished import is_unfinished

from denoising_pipeline.cli.denoise import main as denoise
from denoising_pipeline.images.idx import read_idx

SOURCES = [f"source{'s' * number}" for number in range(1, 9)]
"""Their random images are drawn by the lengths of these names."""

RIGHTLY_REFUSED = f"source: {SOURCES[-1]} here"
"""What `export` says as long as there is no denoiser of the images that the recipe names."""

IN_PROCESSES = 2
"""How many of the runs have nodes in processes of their own."""


class Crowd:
    """A project in which nothing has run, and processes that all begin at once."""

    def __init__(self, folder: Path) -> None:
        """Prepare sources, pictures, and what has to be imported."""
        self._warm = WarmProject(folder)
        self._live = self._warm.live
        shutil.rmtree(self._live / "data/smoke")
        for name in SOURCES:
            raw_source(self._warm.project, name, shape=(28, 28))
        of_recipe = yaml.safe_dump({"data": "data/tiny", "source": SOURCES[-1]})
        (self._live / "conf/tiny/globals.yml").write_text(of_recipe)
        self._model = write_denoiser(folder / "small.zip")
        (self._live / "in").mkdir()
        for number in range(6):
            picture = Image.fromarray(np.roll(data.astronaut()[:64, :64], number, axis=0))
            picture.save(self._live / f"in/{number}.png")

    def wrong(self) -> Iterator[str]:
        """Let all begin, wait for them, and yield what was wrong."""
        kedro = self._warm.project.main
        begun: dict[str, int] = {}
        for place, name in enumerate(SOURCES):
            runner = "ParallelRunner" if place < IN_PROCESSES else "SequentialRunner"
            options = (*WHOLE, "--runner", runner, "--params", f"source={name}")
            begun[name] = self._begin(name, partial(kedro, *options))
        for number in range(2):
            begun[f"denoise {number}"] = self._begin(f"denoise {number}", self._denoise)
        beside = [
            ("prune", "--env", "tiny", "--keep", str(len(SOURCES)), "--yes"),
            ("export", "--env", "tiny", "--overwrite"),
        ]
        answered = 0
        with served(self._warm.folder, self._model) as (_, address), client(address) as asking:
            while any(os.waitid(os.P_PID, pid, _LOOK) is None for pid in begun.values()):
                for command in beside:
                    pid = self._begin(command[0], partial(kedro, *command))
                    yield from self._wrong_answer(asking)
                    answered += 1
                    yield from self._wrong_end(command[0], pid, RIGHTLY_REFUSED)
        if answered < len(beside):
            yield f"{answered} answers of the service"
        for name, pid in begun.items():
            yield from self._wrong_end(name, pid)
        for command in beside:
            pid = self._begin(command[0], partial(kedro, *command))
            yield from self._wrong_end(command[0], pid)
        yield from self._wrong_runs()
        yield from self._wrong_pictures()

    def _wrong_end(self, name: str, pid: int, *refused: str) -> Iterator[str]:
        """Wait for a process that ends well, or says what it is to say."""
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        said = self._said(name)
        rightly = code == 1 and any(words in said for words in refused)
        if (code != 0 and not rightly) or "Traceback" in said:
            yield f"{name} ends with {code}: {said[-999:]}"

    def _wrong_runs(self) -> Iterator[str]:
        query = (
            "SELECT t.value, r.value, runs.status FROM runs JOIN tags t USING (run_uuid) "
            "JOIN tags r USING (run_uuid) WHERE t.key = 'source' AND r.key = 'run_id'"
        )
        with closing(sqlite3.connect(self._live / "data/smoke/mlflow.db")) as database:
            found = database.execute(query).fetchall()
            versions = database.execute("SELECT count(*) FROM model_versions").fetchone()[0]
        if sorted((source, status) for source, _, status in found) != [
            (source, "FINISHED") for source in SOURCES
        ]:
            yield f"runs: {found}"
        if versions != len(SOURCES):
            yield f"{versions} versions are registered"
        for source, version, _ in found:
            yield from self._wrong_scores(source, version)
        for path in self._live.glob("data/**/*"):
            if is_unfinished(path) or path.suffix == ".jsonl":
                yield f"{path} is left"

    def _wrong_scores(self, source: str, version: str) -> Iterator[str]:
        """Compare what a run saved with its source; prune has removed what is older alone."""

        def saved(name: str) -> Path:
            (path,) = self._live.glob(f"data/tiny/0*/{name}/{version}/{name}")
            return path

        with (self._live / f"data/01_raw/{source}/t10k-images-idx3-ubyte").open("rb") as file:
            own = read_idx(file)
        clean = np.load(saved("test_clean.npy"))
        scores = pd.read_parquet(saved("image_metrics.parquet"))
        error = ((clean - np.load(saved("test_denoised.npy"))) ** 2).mean(axis=(1, 2, 3))
        psnr = float(json.loads(saved("summary.json").read_text())["psnr"])
        if not np.array_equal(np.round(clean[..., 0] * 255), own):
            yield f"{source} was scored on the images of another one"
        if not np.allclose(-10 * np.log10(error), scores["psnr"], atol=1e-3):
            yield f"{source}: scores are not those of its images"
        if not np.isclose(scores["psnr"].mean(), psnr, atol=1e-3):
            yield f"{source}: the summary is not that of its scores"

    def _wrong_answer(self, asking: httpx.Client) -> Iterator[str]:
        """Ask the service for a picture."""
        answer = asking.post("/denoise", content=encoded(photograph(64)))
        if answer.status_code != httpx.codes.OK:
            yield f"the service answers {answer.status_code}: {answer.text[-999:]}"
        elif decoded(answer.content).size != (64, 64):
            yield f"the service answers a picture of {decoded(answer.content).size}"

    def _wrong_pictures(self) -> Iterator[str]:
        outputs = sorted(path.name for path in (self._live / "out").glob("[!.]*"))
        if outputs != [f"{number}.png" for number in range(6)]:
            yield f"pictures: {outputs}"

    def _denoise(self) -> None:
        os.chdir(self._live)
        options = ["-o", "out", "--resume", "--overwrite", "--model", str(self._model)]
        sys.argv = ["denoise", "in", *options]
        denoise()

    def _begin(self, name: str, body: Callable[[], object]) -> int:
        def heard() -> None:
            with self._file(name).open("w") as said:
                for standard in (1, 2):
                    os.dup2(said.fileno(), standard)
            body()

        pid = os.fork()
        if pid == 0:
            leave(heard)
        return pid

    def _file(self, name: str) -> Path:
        return self._warm.folder / f"{name}.txt"

    def _said(self, name: str) -> str:
        return self._file(name).read_text()


_LOOK = os.WEXITED | os.WNOHANG | os.WNOWAIT


@click.command()
def command() -> None:
    """Say what was wrong."""
    with TemporaryDirectory() as folder:
        found = list(Crowd(Path(folder)).wrong())
    click.echo("\n".join(found or ["well"]))
    sys.exit(bool(found))


if __name__ == "__main__":
    command()
