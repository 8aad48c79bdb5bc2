"""`denoise` stopped at each thing that it does to files: see `crash_points`.

`python tests/crash_denoise.py` tries every one of them, whole and, of writes, the half.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from crash_points import Call, Moment, StopError, run
from PIL import Image
from skimage import data
from small_denoiser import write_denoiser

from denoising_pipeline.batch.plan import RECORD
from denoising_pipeline.cli.denoise import main

_TABLES = ["--csv", "t.csv", "--report", "r.html"]
WAYS = {
    "anew": ["-o", "out", *_TABLES],
    "overwriting": ["-o", "out", "--overwrite", *_TABLES],
    "resumed": ["-o", "out", "--resume", *_TABLES],
    "beside": [],
}
"""Options of `denoise in`. The second and the third find outputs of another strength."""


class Denoising:
    """Two pictures, and a folder of outputs in which a file of somebody else lies.

    Attributes:
        calls: What it does if nobody stops it.
    """

    def __init__(self, folder: Path, way: str) -> None:
        """Make what is there before, and see what is there afterwards."""
        self._live, self._start = folder / "live", folder / "start"
        self._model, self._said = write_denoiser(folder / "small.zip"), folder / "said"
        self._way = way
        (self._start / "in/deep").mkdir(parents=True)
        photo = data.astronaut()[:40, :40]
        Image.fromarray(photo).save(self._start / "in/a.png")
        Image.fromarray(photo[..., 0]).save(self._start / "in/deep/b.tif")
        (self._start / "out").mkdir()
        (self._start / "out/notes.txt").write_text("mine")
        if way in {"overwriting", "resumed"}:
            self._restore()
            assert run(lambda: self._denoise("-o", "out", "--strength", "0.5"), self._live) == 0
            shutil.rmtree(self._start)
            shutil.copytree(self._live, self._start)
        self._old = _content(self._start)
        self.calls: list[Call] = []
        self._restore()
        assert run(self._body, self._live, lambda moment: self.calls.append(moment.call)) == 0
        self._new = _content(self._live)

    def stop_at(self, number: int, *, torn: bool) -> list[str]:
        """Stop it at a call, do it again, and return what was wrong.

        Args:
            number: Of the call, from 1.
            torn: It is a write, and is made for its first half.
        """

        def look(moment: Moment) -> None:
            if moment.number == number:
                if torn:
                    moment.write_half()
                raise StopError

        self._restore()
        assert run(self._body, self._live, look) is None
        return [*self._wrong_when_stopped(), *self._wrong_afterwards()]

    def _wrong_when_stopped(self) -> Iterator[str]:
        found = _content(self._live)
        for name, content in found.items():
            allowed = {self._old.get(name), self._new.get(name)}
            if not (_is_hidden(name) or content in allowed or _is_whole_table(content)):
                yield f"{name} is neither what it was nor what it becomes"
        yield from (f"{name} is gone" for name in self._old.keys() - found.keys())

    def _wrong_afterwards(self) -> Iterator[str]:
        refused_or_done = {0, 2} if self._way in {"anew", "beside"} else {0}
        if run(self._body, self._live) not in refused_or_done or "Traceback" in self._text():
            yield f"the next one fails: {self._text()}"
        found = _content(self._live)
        for name in found.keys() | self._new.keys():
            timed = name.endswith((RECORD, ".csv", ".html"))
            if not timed and found.get(name) != self._new.get(name):
                yield f"{name} is not what it should be in the end"
        if self._way != "beside":
            run(lambda: self._denoise("-o", "out", "--resume"), self._live)
            if "0 done, 2 skipped" not in self._text() or "exists" in self._text():
                yield f"not all that is there counts as done: {self._text()}"

    def _restore(self) -> None:
        shutil.rmtree(self._live, ignore_errors=True)
        shutil.copytree(self._start, self._live)

    def _body(self) -> None:
        self._denoise(*WAYS[self._way])

    def _denoise(self, *options: str) -> None:
        os.chdir(self._live)
        sys.argv = ["denoise", "in", *options, "--model", str(self._model)]
        with self._said.open("w") as said:
            for standard in (1, 2):
                os.dup2(said.fileno(), standard)
        main()

    def _text(self) -> str:
        return self._said.read_text()[-500:]


def wrong(way: str, every: int = 1) -> tuple[int, list[str]]:
    """Stop it again and again; return how often, and what was wrong.

    Args:
        way: One of `WAYS`.
        every: Of so many calls one is tried, and all that give or take names.
    """
    found, tried = [], 0
    with TemporaryDirectory() as folder:
        scenario = Denoising(Path(folder), way)
        for number, call in enumerate(scenario.calls, start=1):
            if number % every and not call.is_of_names:
                continue
            for torn in (False, True) if call.is_write else (False,):
                tried += 1
                where = f"{way}, {number}, {'half of ' if torn else ''}{call}"
                found += [f"{where}: {what}" for what in scenario.stop_at(number, torn=torn)]
    return tried, found


def _content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _is_hidden(name: str) -> bool:
    return Path(name).name.startswith(".")


def _is_whole_table(content: bytes) -> bool:
    """Tables and pages tell the time that it took, and so are never the same."""
    return content.endswith(b"</html>\n") or content.count(b"\n") == 3


@click.command()
@click.argument("ways", nargs=-1, type=click.Choice(list(WAYS)))
@click.option("--every", default=1, help="Of so many calls one is tried, and all of names.")
def command(ways: tuple[str, ...], every: int) -> None:
    """Say how often it was stopped, and what was wrong."""
    failed = False
    for way in ways or WAYS:
        count, found = wrong(way, every)
        click.echo("\n  ".join((f"{way}: stopped {count} times", *found)))
        failed = failed or bool(found)
    sys.exit(failed)


if __name__ == "__main__":
    command()
