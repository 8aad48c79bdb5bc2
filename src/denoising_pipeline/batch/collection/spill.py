"""What became of many files, kept on the disk."""

import os
import pickle
import sqlite3
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from denoising_pipeline.batch.results import FileResult


class Spill(Collection[FileResult]):
    """Results in the order of their sources; memory does not grow with their number.

    They lie in a database in the folder for temporary files, which ends with the process.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="denoise-")
        self._rows = sqlite3.connect(Path(self._folder.name, "results.db"), isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = OFF")
        self._rows.execute("PRAGMA synchronous = OFF")
        self._rows.execute("CREATE TABLE results (source BLOB, status TEXT, result BLOB)")
        self._rows.execute("CREATE INDEX by_source ON results (source)")

    def append(self, result: FileResult) -> None:
        """Add one."""
        name = os.fsencode(str(result.source))
        row = name, result.status, pickle.dumps(result)
        self._rows.execute("INSERT INTO results VALUES (?, ?, ?)", row)

    def __iter__(self) -> Iterator[FileResult]:
        for (row,) in self._rows.execute("SELECT result FROM results ORDER BY source"):
            yield pickle.loads(row)  # noqa: S301  # written above

    def __len__(self) -> int:
        return int(self._rows.execute("SELECT count(*) FROM results").fetchone()[0])

    def __contains__(self, result: object) -> bool:
        return any(each == result for each in self)
