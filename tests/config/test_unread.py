"""Files and keys that nobody would read are named, where their name is nearly that of one."""

from pathlib import Path

import pytest

from denoising_pipeline.config.unread import misspelt_files, misspelt_keys

PATTERNS = {
    "catalog": ["catalog*", "catalog*/**", "**/catalog*"],
    "parameters": ["parameters*", "parameters*/**", "**/parameters*"],
    "globals": ["globals*", "globals*/**", "**/globals*"],
    "mlflow": ["mlflow*"],
}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("paramters.yml", "parameters.yml"),
        ("global.yml", "globals.yml"),
        ("catlog.yaml", "catalog.yaml"),
        ("mflow.yml", "mlflow.yml"),
    ],
)
def test_a_file_that_is_nearly_named_as_one_that_is_read_is_named(
    tmp_path: Path, name: str, meant: str
) -> None:
    (tmp_path / name).touch()
    (line,) = misspelt_files([tmp_path], PATTERNS)
    assert str(tmp_path / name) in line
    assert f"did you mean '{meant}'?" in line


@pytest.mark.parametrize(
    "name",
    ["parameters.yaml", "parameters_mine.yml", "mine/catalog.yml", "spark.yml", "paramters.txt"],
)
def test_files_that_are_read_or_somebodys_own_are_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    assert misspelt_files([tmp_path, tmp_path / "not there"], PATTERNS) == []


def test_a_key_of_globals_that_is_nearly_one_is_named() -> None:
    lines = misspelt_keys({"soruce": "mnist", "dta": "data", "data": "data", "bucket": "mine"})
    assert lines == [
        "soruce in globals.yml: is not read; did you mean 'source'?",
        "dta in globals.yml: is not read; did you mean 'data'?",
    ]
