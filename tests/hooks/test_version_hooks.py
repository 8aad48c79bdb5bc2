"""A run loads what it wrote, or what it was told to load."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.io.core import DatasetError
from kedro.pipeline import Pipeline, node

from denoising_pipeline.hooks import VersionHooks

OLD, NOW, FUTURE = "2020-01-01T00.00.00.000Z", "2021-01-01T00.00.00.000Z", "2999"


def same(table: pd.DataFrame) -> pd.DataFrame:
    return table


PIPELINE = Pipeline(
    [
        node(same, name="first", inputs={"table": "given"}, outputs="written"),
        node(same, name="second", inputs={"table": "written"}, outputs="plain"),
    ]
)


def table(value: int) -> pd.DataFrame:
    return pd.DataFrame({"value": [value]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Versions of every versioned entry, old and dated in the future."""
    for name in ("given", "written"):
        for version, value in ((OLD, 1), (FUTURE, 9)):
            catalog(tmp_path, save=version).save(name, table(value))
    return tmp_path


def catalog(folder: Path, load: dict[str, str] | None = None, save: str = NOW) -> Any:
    """A catalog of kedro-datasets' own: three versioned entries and a plain one."""
    entries = {
        name: {
            "type": "pandas.CSVDataset",
            "filepath": str(folder / f"{name}.csv"),
            "versioned": name != "plain",
            "save_args": {"index": False},
        }
        for name in ("given", "written", "unwritten", "plain")
    }
    return DataCatalog.from_config(entries, load_versions=load, save_version=save)


def start(run: Any, load: dict[str, str] | None) -> None:
    VersionHooks().before_pipeline_run({"load_versions": load}, PIPELINE, run)


@pytest.mark.parametrize("load", [None, {}])
@pytest.mark.filterwarnings("error:Save version")
def test_what_is_written_is_loaded_though_a_later_version_exists(
    folder: Path, load: dict[str, str] | None
) -> None:
    """Neither a clock that is wrong nor another run at the same time comes between."""
    run = catalog(folder)
    start(run, load)
    run.save("written", table(5))
    run.save("plain", table(6))
    assert run.load("written")["value"].tolist() == [5]
    assert run.load("plain")["value"].tolist() == [6]


def test_inputs_that_the_run_does_not_write_are_the_newest(folder: Path) -> None:
    run = catalog(folder)
    start(run, None)
    assert run.load("given")["value"].tolist() == [9]


def test_a_version_that_was_asked_for_is_loaded(folder: Path) -> None:
    """Also where the run writes a new one."""
    load = {"given": OLD, "written": OLD}
    run = catalog(folder, load)
    start(run, load)
    assert run.load("given")["value"].tolist() == [1]
    assert run.load("written")["value"].tolist() == [1]


def test_a_missing_version_is_refused_and_those_that_exist_are_listed(folder: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        start(catalog(folder, {"given": "2020"}), {"given": "2020"})
    heading, *listed = str(caught.value).splitlines()
    assert heading == "--load-versions given:2020 does not exist. Versions of 'given':"
    assert [line.strip() for line in listed] == [FUTURE, OLD]


def test_an_entry_without_versions_says_what_to_do(folder: Path) -> None:
    with pytest.raises(DatasetError, match=r"'unwritten':\n  none: run the pipeline that writes"):
        start(catalog(folder, {"unwritten": OLD}), {"unwritten": OLD})


@pytest.mark.parametrize("name", ["plain", "params:seed", "no_such_entry"])
def test_a_version_of_what_has_none_is_refused(folder: Path, name: str) -> None:
    run = catalog(folder)
    run["params:seed"] = 0
    with pytest.raises(DatasetError, match=f"{name}:{OLD}: '{name}' is not a versioned entry"):
        start(run, {name: OLD})
