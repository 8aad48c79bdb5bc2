"""The service and `denoise --watch` for a long time under load: does anything grow.

Both are processes of their own on this machine. Clients send pictures to the service, good ones and
every kind of bad request, and hang up in the middle; files arrive in a watched folder, some of them
damaged, and are taken away again later. Memory, open handles, threads, children and files left in
the temporary folder are those of each process with its children. What is measured begins after a
tenth of the time, when everything has been used once.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from machine import print_table
from service import picture

MIB = 2**20
SIDE = 160
KEPT = 100
"""Files in the watched folder; the oldest is taken away."""

COMMANDS = {
    "service": (
        "from denoising_pipeline.cli.serve import serve; serve()",
        ["--port", "0", "--max-bytes", "2M", "--max-pixels", "1M"],
    ),
    "--watch": ("from denoising_pipeline.cli.denoise import main; main()", ["--watch"]),
}
ANSWERS = {
    "good": {200, 201, 204},
    "bad": {400, 403, 404, 405, 413, 415, 421, 422, 431, 503},
}

ALLOWED = {"handles": 2, "threads": 2, "children": 0, "files": 48}
"""By how many each may grow: of eight results that the service keeps, each is six files."""


class Look(NamedTuple):
    """What a process and its children have."""

    memory: int
    handles: int
    threads: int
    children: int
    files: int


def main() -> None:
    """Run both for a while, print the table, and fail if anything grows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--every", type=float, default=5, help="seconds between two looks")
    parser.add_argument("--growth", type=float, default=32, help="MiB that memory may grow by")
    options = parser.parse_args()
    counts: dict[str, int] = {}
    looks: dict[str, list[Look]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        service, port = stack.enter_context(_service(root))
        watching = stack.enter_context(_watching(root))
        load = Load(port, root, counts)
        stack.callback(load.end)
        load.begin(options.clients)
        for _ in range(max(1, round(60 * options.minutes / options.every))):
            time.sleep(options.every)
            for name, process in (("service", service), ("--watch", watching)):
                looks[name].append(look(process, root / name))
    print(f"\n{', '.join(f'{number} {what}' for what, number in sorted(counts.items()))}")
    grew = [growth(name, looks[name]) for name in looks]
    columns = ["process", "memory, first tenth, MiB", "middle", "last tenth", "trend, MiB an hour"]
    columns += ["handles", "threads", "children", "temporary files"]
    print_table(columns, [row(name, looks[name], options.every) for name in looks])
    failed = counts.get("unexpected", 0) or any(number > options.growth * MIB for number in grew)
    sys.exit(1 if failed else 0)


def look(process: psutil.Process, folder: Path) -> Look:
    """Look at a process now.

    Raises:
        RuntimeError: It has ended.
    """
    if process.status() == psutil.STATUS_ZOMBIE:
        raise RuntimeError(f"{folder.name} has ended")
    family = [process, *process.children(recursive=True)]
    memory = handles = threads = 0
    for each in family:
        with suppress(psutil.NoSuchProcess):
            found = (each.memory_info().rss, each.num_fds(), each.num_threads())
            memory, handles, threads = memory + found[0], handles + found[1], threads + found[2]
    files = sum(len(part[1]) + len(part[2]) for part in os.walk(folder))
    return Look(memory, handles, threads, len(family) - 1, files)


def growth(name: str, looks: list[Look]) -> int:
    """Return the bytes by which memory grew, or raise because something else leaks."""
    tenth = max(1, len(looks) // 10)
    first, last = looks[tenth : 2 * tenth] or looks, looks[-tenth:]
    for what, may in ALLOWED.items():
        before, after = (min(getattr(each, what) for each in part) for part in (first, last))
        if after > before + may:
            sys.exit(f"{name}: {what} went from {before} to {after}: something is not given back.")
    before, after = (np.median([each.memory for each in part]) for part in (first, last))
    return int(after - before)


def row(name: str, looks: list[Look], every: float) -> tuple[object, ...]:
    """Return a row of the table."""
    tenth = max(1, len(looks) // 10)
    measured = looks[tenth:] or looks
    memory = np.array([each.memory for each in measured]) / MIB
    middle = len(measured) // 2
    half = memory[middle:]
    trend = np.polyfit(np.arange(len(half)), half, 1)[0] * 3600 / every if len(half) > 1 else 0
    parts = (memory[:tenth], memory[middle : middle + tenth], memory[-tenth:])
    spans = (
        f"{min(numbers)} to {max(numbers)}"
        for numbers in ([getattr(each, what) for each in measured] for what in Look._fields[1:])
    )
    return (name, *(f"{np.median(part):.0f}" for part in parts), f"{trend:+.0f}", *spans)


class Load:
    """Clients of the service, and files that arrive in the watched folder."""

    def __init__(self, port: int, root: Path, counts: dict[str, int]) -> None:
        self._port = port
        self._root = root
        self._counts = counts
        self._ends = threading.Event()
        self._threads: list[threading.Thread] = []
        self._good = picture(SIDE)

    def begin(self, clients: int) -> None:
        """Start it."""
        works: list[Callable[[random.Random], None]] = [*[self._request] * clients, self._arrive]
        for number, work in enumerate(works):
            arguments = (work, random.Random(number))  # noqa: S311  # no secret
            self._threads.append(threading.Thread(target=self._repeat, args=arguments))
            self._threads[-1].start()

    def end(self) -> None:
        """Stop it."""
        self._ends.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, work: Callable[[random.Random], None], chance: random.Random) -> None:
        while not self._ends.is_set():
            work(chance)
            self._ends.wait(chance.random())

    def _request(self, chance: random.Random) -> None:
        kinds = (self._keep, self._send, self._hang_up, *[self._bad] * 3)
        connection = HTTPConnection("127.0.0.1", self._port, timeout=120)
        try:
            chance.choice(kinds)(connection, chance)
        except (OSError, HTTPException):
            self._count("connections that ended")
        finally:
            connection.close()

    def _ask(
        self,
        connection: HTTPConnection,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        kind: str = "good",
    ) -> bytes:
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        known = answer.status in ANSWERS[kind] or answer.status == 503  # noqa: PLR2004
        self._count(f"{kind} requests" if known else "unexpected")
        if not known:
            print(f"{method} {path} gave {answer.status}: {content[:200]!r}", file=sys.stderr)
        return content

    def _send(self, connection: HTTPConnection, chance: random.Random) -> None:
        name = chance.choice(["photo.png", "b%C3%A4r.png", "../../etc/passwd"])
        wanted = chance.choice(["", "&format=TIFF", "&format=JPEG", "&strength=0.5", "&sigma=20"])
        self._ask(connection, "POST", f"/denoise?name={name}{wanted}", self._good)

    def _keep(self, connection: HTTPConnection, chance: random.Random) -> None:
        kept = self._ask(connection, "POST", "/results", self._good)
        with suppress(IndexError):
            key = kept.split(b'"id":"')[1].split(b'"')[0].decode()
            for path in ("", "?strength=0.3", "/before/0.png", "/after/0.png"):
                self._ask(connection, "GET", f"/results/{key}{path}")
            if chance.random() < 0.5:  # noqa: PLR2004
                self._ask(connection, "DELETE", f"/results/{key}")

    def _hang_up(self, connection: HTTPConnection, chance: random.Random) -> None:
        connection.connect()
        length = len(self._good)
        head = f"POST /denoise HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n"
        sent = chance.choice([0, length // 2, length])
        connection.sock.sendall(head.encode()[: None if sent else 20] + self._good[:sent])
        self._count("hang-ups")

    def _bad(self, connection: HTTPConnection, chance: random.Random) -> None:
        torn = self._good[: chance.randrange(1, len(self._good))]
        asked: tuple[str, str, bytes, dict[str, str]] = chance.choice(
            [
                ("POST", "/denoise", torn, {}),
                ("POST", "/results", torn, {}),
                ("POST", "/denoise", b"no picture", {}),
                ("POST", "/denoise?sigma=-1", self._good, {}),
                ("POST", "/denoise?format=gif", self._good, {}),
                ("POST", "/denoise", bytes(3_000_000), {}),
                ("POST", "/denoise", self._good, {"Content-Type": "multipart/form-data"}),
                ("POST", "/denoise", self._good, {"Host": "elsewhere.example"}),
                ("POST", "/denoise", self._good, {"Origin": "http://elsewhere.example"}),
                ("GET", "/results/none", b"", {}),
                ("GET", "/%00/../../etc/passwd", b"", {}),
                ("GET", "/denoise", b"", {}),
                ("GET", f"/{'x' * 70_000}", b"", {}),
            ]
        )
        self._ask(connection, *asked, "bad")

    def _arrive(self, chance: random.Random) -> None:
        folder, out = self._root / "in", self._root / "out"
        content = self._good
        if chance.random() < 0.2:  # noqa: PLR2004
            content = content[: chance.randrange(len(content))]
        (folder / f"{time.time_ns()}.png").write_bytes(content)
        self._count("files")
        for path in sorted(folder.iterdir())[:-KEPT]:
            path.unlink(missing_ok=True)
            (out / path.name).unlink(missing_ok=True)

    def _count(self, what: str) -> None:
        self._counts[what] = self._counts.get(what, 0) + 1


@contextmanager
def _process(name: str, root: Path, *further: str) -> Iterator[subprocess.Popen[str]]:
    code, given = COMMANDS[name]
    temporary = root / name
    temporary.mkdir()
    command = [sys.executable, "-c", code, *further, *given]
    with (
        (root / f"{name}.log").open("w") as log,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE if name == "service" else log,
            stderr=log,
            text=True,
            env=os.environ | {"TMPDIR": str(temporary)},
        ) as process,
    ):
        try:
            yield process
        finally:
            ended = process.poll()
            process.terminate()
            process.wait()
            said = (root / f"{name}.log").read_text(errors="replace")
            if ended is not None or "Traceback" in said:
                sys.exit(f"{name} ended ({ended}) or printed a traceback:\n{said[-2000:]}")


@contextmanager
def _service(root: Path) -> Iterator[tuple[psutil.Process, int]]:
    with _process("service", root) as process:
        line = process.stdout.readline() if process.stdout else ""
        yield psutil.Process(process.pid), int(line.split()[3].rpartition(":")[2])


@contextmanager
def _watching(root: Path) -> Iterator[psutil.Process]:
    (root / "in").mkdir()
    with _process("--watch", root, str(root / "in"), "-o", str(root / "out")) as process:
        yield psutil.Process(process.pid)


if __name__ == "__main__":
    main()
