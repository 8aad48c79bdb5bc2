"""Pruning keeps the newest versions of each entry, and touches nothing else."""

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from crash_points import Moment, StopError
from crash_points import run as run_watched
from kedro.io import DataCatalog

from denoising_pipeline.cli.prune import old_versions, remove
from denoising_pipeline.datasets.provenance import (
    RECORD,
    has_file,
    is_whole,
    recorded,
    write_record,
)

VERSIONS = [f"202{year}-01-01T00.00.00.000Z" for year in range(4)]
"""Oldest first."""


def entry(folder: Path, kind: str, name: str, versioned: bool = True) -> dict[str, Any]:
    return {"type": kind, "filepath": str(folder / name), "versioned": versioned}


def catalog(folder: Path, version: str | None = None) -> Any:
    """Entries with versions, without versions yet, and of which there are none."""
    own, others = "denoising_pipeline.datasets.NpyDataset", "pandas.CSVDataset"
    entries: dict[str, Any] = {
        "array": entry(folder, own, "array.npy"),
        "table": entry(folder, others, "table.csv"),
        "unwritten": entry(folder, own, "unwritten.npy"),
        "plain": entry(folder, own, "plain.npy", versioned=False),
        "formerly": entry(folder, own, "formerly.npy", versioned=False),
        "memory": {"type": "MemoryDataset"},
    }
    return DataCatalog.from_config(entries, save_version=version)


def save(folder: Path, version: str, name: str, data: Any) -> None:
    """Save a version with its record, as a run does."""
    entries = catalog(folder, version)
    entries.save(name, data)
    write_record(entries.get(name), {}, {}, {}, None, "node")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four versions of the array, of rising size, two of the table, and other files."""
    for count, version in enumerate(VERSIONS, start=1):
        save(tmp_path, version, "array", np.zeros(count * 100))
    for version in VERSIONS[:2]:
        save(tmp_path, version, "table", pd.DataFrame({"a": [1]}))
    catalog(tmp_path).save("plain", np.zeros(3))
    for path in ("notes.txt", f"formerly.npy/{VERSIONS[0]}/formerly.npy"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("mine")
    return tmp_path


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def listed(folder: Path, keep: int) -> list[str]:
    found = old_versions(found := catalog(folder), [*found], keep)
    return [str(Path(version.path).relative_to(folder)) for version in found]


@pytest.mark.parametrize("keep", range(6))
def test_all_but_the_newest_of_each_entry_are_listed_newest_first(folder: Path, keep: int) -> None:
    array = [f"array.npy/{version}" for version in VERSIONS[::-1]]
    table = [f"table.csv/{version}" for version in VERSIONS[1::-1]]
    assert listed(folder, keep) == array[keep:] + table[keep:]


def test_sizes_are_those_of_the_files(folder: Path) -> None:
    found = old_versions(found := catalog(folder), [*found], 0)
    sizes = [sum(path.stat().st_size for path in Path(version.path).iterdir()) for version in found]
    assert [version.size for version in found] == sizes
    assert 780 < sizes[0] - sizes[1] < 820


def test_a_torn_version_takes_no_place_of_a_whole_one(folder: Path) -> None:
    """The newest may belong to a run that goes on; an older one is of no use."""
    for version in (VERSIONS[1], VERSIONS[3]):
        (folder / "array.npy" / version / RECORD).unlink()
    assert listed(folder, 1)[:2] == [f"array.npy/{VERSIONS[1]}", f"array.npy/{VERSIONS[0]}"]


def test_a_version_of_the_future_is_neither_counted_nor_freed(folder: Path) -> None:
    before = listed(folder, 1)
    save(folder, "2999-01-01T00.00.00.000Z", "array", np.zeros(3))
    assert listed(folder, 1) == before


def test_a_file_that_versions_share_frees_nothing(folder: Path) -> None:
    large = np.arange(300_000)
    for version in ("2023-02-01T00.00.00.000Z", "2023-03-01T00.00.00.000Z"):
        save(folder, version, "array", large)
    found = old_versions(entries := catalog(folder), [*entries], 1)
    assert found[0].size < 2000


def test_listing_removes_nothing(folder: Path) -> None:
    before = files(folder)
    old_versions(found := catalog(folder), [*found], 0)
    assert files(folder) == before


def test_what_is_removed_is_what_was_listed(folder: Path) -> None:
    """The newest can still be loaded; entries without versions and other files are as they were."""
    before = files(folder)
    remove(old_versions(found := catalog(folder), [*found], 1))
    gone = [f"array.npy/{version}/array.npy" for version in VERSIONS[:-1]]
    gone += [f"table.csv/{VERSIONS[0]}/table.csv"]
    records = {str(Path(path).with_name(RECORD)) for path in gone}
    assert before - files(folder) == {*gone, *records}
    assert not (folder / "array.npy" / VERSIONS[0]).exists()
    assert len(catalog(folder).load("array")) == 400
    assert listed(folder, 1) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux to watch calls")
@pytest.mark.parametrize("keep", [0, 1])
def test_fault_p09_stopped_at_any_removal_nothing_newer_is_lost_and_the_next_one_ends_it(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, keep: int
) -> None:
    """By SIGKILL at each thing that it does to files. Of no version, an empty folder may stay."""
    live = tmp_path_factory.mktemp("live") / "project"

    def restore() -> None:
        shutil.rmtree(live, ignore_errors=True)
        shutil.copytree(folder, live)

    def prune() -> None:
        remove(old_versions(entries := catalog(live), [*entries], keep))

    restore()
    calls: list[str] = []
    assert run_watched(prune, live, lambda moment: calls.append(str(moment.call))) == 0
    wanted = files(live)
    for stopped_at in range(1, len(calls) + 1):

        def look(moment: Moment, number: int = stopped_at) -> None:
            if moment.number == number:
                raise StopError

        restore()
        assert run_watched(prune, live, look) is None
        assert keep == 0 or len(catalog(live).load("array")) == 400
        for dataset in map(catalog(live).get, ("array", "table")):
            for each in recorded(dataset):
                assert is_whole(dataset, each) or not has_file(dataset, each.version)
        prune()
        assert files(live) == wanted, calls[stopped_at - 1]
        assert keep == 0 or all(path.is_file() or [*path.iterdir()] for path in live.rglob("*"))
    assert len(calls) > 10
