"""A training and its promotion, stopped at each thing that they do to files: see `crash_points`.

In one run, all is checked that lies on the disk at each call: that is what SIGKILL would leave.
Moments that leave other files than those before are kept, and the next run starts from them.
`python tests/crash_training.py` does so for all of them.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click
import numpy as np
from crash_points import Moment, run
from crash_project import BRIEF, WHOLE, WarmProject, copy, stays
from mlflow.entities import Run
from unfinished import is_unfinished

from denoising_pipeline.batch.record import FILES
from denoising_pipeline.core.files import file_digest
from denoising_pipeline.datasets import DenoiserDataset
from denoising_pipeline.datasets.provenance import RECORD

_RANDOM = re.compile(r"[0-9a-f]{32}|\d{4}-\d\d-\d\dT[\d.]+Z|[0-9a-f]{8}-\d+-|\d{20}")
"""What no two runs have alike in the names of files."""

_DATABASE = "data/smoke/mlflow.db"


class Kept(NamedTuple):
    """What a process would leave if it were stopped."""

    number: int
    what: str
    folder: Path


class Training:
    """A project in which one run has ended, and another one goes on.

    Attributes:
        calls: How many it makes.
        wrong: What was wrong while it went on.
        kept: What it would have left: a copy for each kind of moment.
    """

    def __init__(self, folder: Path) -> None:
        """Watch the second run from its beginning to its end."""
        self.calls, self.wrong, self.kept = 0, list[str](), list[Kept]()
        self._warm = WarmProject(folder)
        self._project = self._warm.project
        self._seen: set[Any] = set()
        self._whole: dict[Path, int] = {}
        self._commits = 0
        self._before = {path: _stamp(path) for path in self._files() if stays(path)}
        assert self._warm.run(WHOLE, self._look) == 0, self._warm.text

    def next(self, kept: Kept, command: tuple[str, ...]) -> list[str]:
        """Run from what was left, and return what is wrong then."""
        self._warm.restore(kept.folder)
        where = f"{kept.number}, {kept.what}"
        code = self._warm.run(command)
        if code != 0 or "Traceback" in self._warm.text:
            return [f"{where}: the next run ends with {code}: {self._warm.text[-999:]}"]
        found = self._warm.folder / "found"
        found.unlink(missing_ok=True)
        wrong = partial(self._wrong_afterwards, command == WHOLE)
        assert run(lambda: found.write_text("\n".join(wrong())), self._warm.live) == 0
        left = [f"{path} is left" for path in self._files() if _is_left(path)]
        return [f"{where}, next: {what}" for what in [*found.read_text().splitlines(), *left]]

    def _look(self, moment: Moment) -> None:
        self.calls = moment.number
        self.wrong += [f"{moment.number}, {moment.call}: {w}" for w in self._wrong_meanwhile()]
        self._commits += (moment.call.name, moment.call.path) == ("unlink", f"{_DATABASE}-journal")
        self._keep(moment, self._kind(), torn=False)
        path = _RANDOM.sub("*", moment.call.path)
        if moment.call.is_write and not moment.call.path.startswith(_DATABASE):
            self._keep(moment, ("half", path), torn=True)

    def _kind(self) -> Any:
        """Return what tells moments apart: which files there are, and what MLflow was told."""
        names = frozenset(_RANDOM.sub("*", str(path)) for path in self._files())
        return names, self._commits

    def _keep(self, moment: Moment, kind: Any, *, torn: bool) -> None:
        if kind in self._seen:
            return
        self._seen.add(kind)
        copied = self._warm.folder / "kept" / f"{moment.number}{'half' * torn}"
        copy(self._warm.live, copied)
        if torn:
            moment.write_half(copied / moment.call.path)
        self.kept.append(Kept(moment.number, f"{'half of ' * torn}{moment.call}", copied))

    def _wrong_meanwhile(self) -> Iterator[str]:
        for path, stamp in self._before.items():
            if not path.is_file() or _stamp(path) != stamp:
                yield f"{path} was there before, and is gone or changed"
        for record in self._files():
            if record.name == RECORD and self._whole.get(record) != _stamp(record)[0]:
                (file,) = (path for path in record.parent.iterdir() if _is_content(path))
                told = json.loads(record.read_text())
                if file_digest(FILES, str(file)) != (told["digest"], told["size"]):
                    yield f"{file} is not what its record says"
                self._whole[record] = _stamp(record)[0]

    def _wrong_afterwards(self, whole: bool) -> Iterator[str]:
        """Yield what is wrong with the runs, of which the first was never disturbed."""
        client = self._project.client
        first, *others = self._project.runs("tiny")
        for one in others:
            yield from self._wrong_with(one, first, is_whole=whole or one is not others[-1])
        newest = others[-1]
        if newest.info.status != "FINISHED":
            yield f"the next run is {newest.info.status}"
        champion = client.get_model_version_by_alias(self._registered(first), "champion")
        if champion.run_id not in {each.info.run_id for each in (first, *others)}:
            yield "there is no champion"
        pairs = zip(self._weights(first), self._weights(newest), strict=True) if whole else ()
        if not all(np.array_equal(*pair) for pair in pairs):
            yield "the weights are others than without an interruption"

    def _wrong_with(self, one: Run, first: Run, is_whole: bool) -> Iterator[str]:
        """Yield what is wrong with a run: twice there, half there, or not what it says."""
        client, name = self._project.client, f"run {one.info.run_id[:8]}, {one.info.status}"
        told = self._told(one)
        twice = {key: steps for key, steps in told.items() if len(set(steps)) < len(steps)}
        mine = f"source_run_id = '{one.info.run_id}'"
        models = client.search_logged_models([one.info.experiment_id], filter_string=mine)
        unready = [model.model_id for model in models if str(model.status) != "READY"]
        versions = client.search_model_versions(f"run_id = '{one.info.run_id}'")
        if twice or unready or len(models) > 1 or len(versions) > len(models):
            several = f"{len(models)} models ({unready}), {len(versions)} versions"
            yield f"{name}: twice {twice}, {several}"
        status = one.info.status
        is_as_first = (told, len(models), len(versions)) == (self._told(first), 1, 1)
        if status == "RUNNING" or (status == "FINISHED" and is_whole and not is_as_first):
            yield f"{name}: {told}, {len(models)} models, {len(versions)} versions"

    def _registered(self, one: Run) -> str:
        (version,) = self._project.client.search_model_versions(f"run_id = '{one.info.run_id}'")
        return str(version.name)

    def _told(self, one: Run) -> dict[str, list[int]]:
        history = partial(self._project.client.get_metric_history, one.info.run_id)
        return {key: [m.step for m in history(key)] for key in sorted(one.data.metrics)}

    def _weights(self, one: Run) -> list[Any]:
        dataset = DenoiserDataset(filepath=self._project.saved(one, "denoiser.zip"))
        weights: list[Any] = dataset.load().model.get_weights()
        return weights

    def _files(self) -> Iterator[Path]:
        """Yield the files of the project, but for the many that a logged model consists of."""
        for root, folders, names in os.walk(self._warm.live):
            folders[:] = [name for name in folders if name not in {"models", ".git", ".viz"}]
            yield from (Path(root, name) for name in names)


def _is_left(path: Path) -> bool:
    """Tell whether a file is one that no run leaves when it has ended."""
    folder = path.parent.name
    kept = folder in {".to_mlflow", ".running"} and path.name != ".lock"
    return is_unfinished(path) or kept


def _is_content(path: Path) -> bool:
    return path.name != RECORD and not is_unfinished(path)


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


@click.command()
@click.option("--most", type=int, help="How many are kept, of all; else each of them.")
@click.option("--whole", type=int, help="After how many of them the whole run is repeated.")
def command(most: int | None, whole: int | None) -> None:
    """Say how many moments there were, and what was wrong."""
    with TemporaryDirectory() as folder:
        training = Training(Path(folder))
        wrong = training.wrong
        kept = training.kept
        click.echo(f"{training.calls} calls, {len(kept)} kinds of moments, {len(wrong)} findings")
        chosen = kept if most is None else kept[:: max(1, len(kept) // most)]
        step = max(1, len(chosen) // (whole or len(chosen)))
        for place, each in enumerate(chosen):
            found = training.next(each, BRIEF if (place + 1) % step else WHOLE)
            click.echo("\n  ".join((f"{each.number}, {each.what}", *found)))
            wrong += found
        click.echo(f"{len(chosen)} tried; {len(wrong)} findings")
        click.echo("\n".join(wrong))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    command()
