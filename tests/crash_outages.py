"""A tracking store that is out from one node on: see `crash_points`.

`python tests/crash_outages.py` tries every node of the default pipeline with one kind of outage
after the other; `--kind` with some alone, such as a server that is killed; `--full` tries each kind
at each node.

What MLflow has then is what it has of a run that nothing disturbed: keys, steps, counts, values and
the bytes of files, but for those that hold durations, or when and where a run was.
"""

import ctypes
import os
import re
import resource
import signal
import sqlite3
import struct
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from itertools import cycle, product
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from crash_points import Moment
from crash_project import WarmProject
from mlflow_server import Server
from project_folder import environment

DEFAULT = ("run", "--env", "tiny")
LATER = ("run", "--env", "tiny", "--pipelines", "ingestion")
KINDS = ("locked", "read-only", "full")
SERVER_KINDS = ("full server", "killed server", "hung server")
DATABASE = "data/smoke/mlflow.db"
_VARIES = re.compile(r"seconds|history\.csv|report\.html|note|Name|process|run_id")
"""What holds durations, or when and in which process a run was."""

_STAMP = re.compile(r"\+timestamp\+\d+\+[0-9a-f-]+")


class Outages:
    """Runs of a project, in each of which the store is out from some moment to the end."""

    def __init__(self, folder: Path) -> None:
        """Let a run come to its end, and see what its nodes write first and what it tells."""
        self._warm = WarmProject(folder, DEFAULT)
        self._database = self._warm.live / DATABASE
        self._artifacts = self._warm.live / "data/smoke/mlruns"
        self._variables: dict[str, str] = {}
        self._learn()

    def _learn(self) -> None:
        self.moments: list[str] = []
        assert self._run(DEFAULT, self._note) == 0, self._warm.text
        self._told = self._told_of(-1)

    def wrong(self, moment: str, kind: str) -> list[str]:
        """Have an outage from the first file of an entry on, and return what was wrong."""
        self._warm.restore()
        out = self._outage(kind)

        def look(seen: Moment) -> None:
            if not out.began and moment in seen.call.path and seen.call.name == "rename":
                out.begin(seen.process)

        code = self._run(DEFAULT, look, _obey_permissions if kind == "read-only" else None)
        out.end()
        return list(self._found(code, out.began))

    def _outage(self, kind: str) -> "_Outage":
        return _Outage(self._database, kind)

    def _run(
        self,
        command: tuple[str, ...],
        look: Callable[[Moment], None] = lambda moment: None,
        more: Callable[[], None] | None = None,
    ) -> int | None:
        def prepare() -> None:
            os.environ.update(self._variables)
            if more:
                more()

        return self._warm.run(command, look, prepare)

    def _found(self, code: int | None, began: bool) -> Iterator[str]:
        said = " ".join(self._warm.text.split())
        if code != 0 or not began or "Traceback" in said or said.count("cannot be reached") != 1:
            yield f"it ends with {code} ({began}): {self._warm.text[-1500:]}"
        if self._run(LATER) != 0:
            yield f"the next run fails: {self._warm.text[-500:]}"
        told = self._told_of(-2)
        if told.keys() != self._told.keys():
            differing = sorted(told.keys() ^ self._told.keys(), key=str)
            yield f"told: {differing[:8]} ({len(told)}, {len(self._told)})"
        for key in told.keys() & self._told.keys():
            if told[key] != self._told[key] and not _VARIES.search(str(key)):
                yield f"{key} is {told[key]!r:.200}, not {self._told[key]!r:.200}"
        left = [path.name for path in (self._warm.live / "data/.to_mlflow").glob("*.*")]
        if set(left) - {".lock"}:
            yield f"left: {left}"

    def _note(self, moment: Moment) -> None:
        parts = Path(moment.call.path).parts
        if moment.call.name == "rename" and parts[:2] == ("data", "tiny") and len(parts) > 4:
            entry = f"/{parts[3]}/"
            if entry not in self.moments:
                self.moments.append(entry)

    def _told_of(self, number: int) -> dict[tuple[object, ...], object]:
        """Return all that MLflow has of a run, by its place: what is there twice has another one.

        The last column is the value.
        """
        tables = (
            "SELECT 'run', status FROM runs WHERE run_uuid = ?",
            "SELECT 'metric', key, step, count(*), group_concat(value) FROM metrics "
            "WHERE run_uuid = ? GROUP BY 2, 3",
            "SELECT 'param', key, value FROM params WHERE run_uuid = ?",
            "SELECT 'tag', key, value FROM tags WHERE run_uuid = ?",
            "SELECT 'input', count(*) FROM inputs WHERE destination_id = ?",
            "SELECT 'model', name, status, count(*) FROM logged_models WHERE source_run_id = ? "
            "AND lifecycle_stage = 'active' GROUP BY 2, 3",
            "SELECT 'version', count(*) FROM model_versions WHERE run_id = ?",
        )
        with closing(sqlite3.connect(self._database)) as database:
            runs = database.execute("SELECT run_uuid FROM runs ORDER BY start_time").fetchall()
            run = runs[number]
            rows = [tuple(row) for query in tables for row in database.execute(query, run)]
        (artifacts,) = self._artifacts.glob(f"**/{run[0]}/artifacts")
        files = defaultdict(list)
        for path in sorted(artifacts.rglob("*")):
            if path.is_file():
                name = _STAMP.sub("", str(path.relative_to(artifacts)))
                files[name].append(sha256(path.read_bytes()).hexdigest())
        found: dict[tuple[object, ...], object] = {row[:-1]: row[-1] for row in rows}
        return found | {("artifact", name, len(each)): each for name, each in files.items()}


class ServerOutages(Outages):
    """The same with a server: its disk is full, it is killed, or it hangs."""

    def __init__(self, folder: Path, server: Server) -> None:
        """Let a first run come to its end, and one that tells the server."""
        self._warm = WarmProject(folder, DEFAULT)
        self._server = server
        self._database, self._artifacts = server.database, server.artifacts
        self._variables = environment(MLFLOW_TRACKING_URI=server.address)
        self._learn()

    def _outage(self, kind: str) -> "_Outage":
        return _ServerOutage(self._server, kind)


class _Outage:
    """The database of a process that is locked, read-only, or may not grow."""

    def __init__(self, database: Path, kind: str) -> None:
        self._database, self._kind, self.began = database, kind, False
        self._other: sqlite3.Connection | None = None

    def begin(self, process: int) -> None:
        """Try; somebody who writes to it at this moment comes first."""
        if self._kind == "locked":
            other = sqlite3.connect(self._database, 0.01)
            try:
                other.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                other.close()
                return
            self._other = other
        elif self._kind == "read-only":
            self._database.chmod(0o444)
            self._database.parent.chmod(0o555)
        else:
            try:  # The limit is for all files: the database has to be the largest.
                with closing(sqlite3.connect(self._database, 0.01)) as other, other:
                    other.execute("CREATE TABLE IF NOT EXISTS filling AS SELECT zeroblob(1 << 25)")
            except sqlite3.OperationalError:
                return
            size = self._database.stat().st_size
            resource.prlimit(process, resource.RLIMIT_FSIZE, (size, size))
        self.began = True

    def end(self) -> None:
        """Have everything as it was."""
        if self._other:
            self._other.rollback()
            self._other.close()
        with suppress(FileNotFoundError):
            self._database.parent.chmod(0o755)
            self._database.chmod(0o644)


class _ServerOutage(_Outage):
    """A server that can write nothing more to any file, is not there, or does not answer."""

    def __init__(self, server: Server, kind: str) -> None:
        super().__init__(server.database, kind)
        self._server = server

    def begin(self, process: int) -> None:
        """Take its disk, kill it or have it stand still."""
        del process
        if self._kind == "full server":
            self._server.let_write(0)
        elif self._kind == "killed server":
            self._server.stop()
        else:
            self._server.signal(signal.SIGSTOP)
        self.began = True

    def end(self) -> None:
        """Have it as before."""
        if self._kind == "full server":
            self._server.let_write()
        elif self._kind == "hung server":
            self._server.signal(signal.SIGCONT)
        elif self.began:
            self._server.start()


def _obey_permissions() -> None:
    """Take from this process what lets root write everywhere (capset(2))."""
    if os.geteuid() == 0:
        header = ctypes.create_string_buffer(struct.pack("<Ii", 0x20080522, 0))
        data = ctypes.create_string_buffer(24)
        ctypes.CDLL(None).capset(header, data)


@click.command()
@click.option("--kind", "kinds", multiple=True, type=click.Choice((*KINDS, *SERVER_KINDS)))
@click.option("--most", type=int, help="How many moments are tried, of all.")
@click.option("--full", is_flag=True, help="Each kind at each moment, not one after the other.")
@click.option("--first", default=0, help="How many cells are passed over before.")
def command(kinds: tuple[str, ...], most: int | None, full: bool, first: int) -> None:
    """Try outages, of a database or of a server, and say what was wrong with each."""
    kinds = kinds or KINDS
    if len({kind in SERVER_KINDS for kind in kinds}) > 1:
        raise click.UsageError("kinds of a database and of a server take a start each")
    failed = False
    with TemporaryDirectory() as folder, _outages(Path(folder), kinds[0]) as outages:
        moments = outages.moments
        chosen = moments[:: max(1, len(moments) // (most or len(moments)))]
        cells = list(product(chosen, kinds) if full else zip(chosen, cycle(kinds), strict=False))
        for moment, kind in cells[first:]:
            found = outages.wrong(moment, kind)
            click.echo("\n  ".join((f"{kind} from {moment} on", *(found or ["well"]))))
            failed = failed or bool(found)
        click.echo(f"{len(cells[first:])} of {len(cells)} cells tried")
    sys.exit(failed)


@contextmanager
def _outages(folder: Path, kind: str) -> Iterator[Outages]:
    """Yield what tries a kind of outage, while a server runs if it is one of a server."""
    if kind not in SERVER_KINDS:
        yield Outages(folder)
        return
    for name in ("project", "server"):
        (folder / name).mkdir()
    server = Server(folder / "server")
    try:
        yield ServerOutages(folder / "project", server)
    finally:
        server.stop()


if __name__ == "__main__":
    command()
