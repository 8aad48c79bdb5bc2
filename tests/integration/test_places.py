"""The project may lie anywhere, be moved with its runs, and speak any locale."""

import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from limits import obey_permissions
from project_folder import KEDRO, Project, environment, models_of

pytestmark = pytest.mark.slow


def run_in(project: Project, *arguments: str, **variables: str) -> str:
    """Return what a run that ends well prints."""
    process = project.kedro("run", "--env", "tiny", *arguments, **variables)
    assert process.returncode == 0, process.stderr
    return process.stdout + process.stderr


def test_fault_p10_a_folder_of_any_name_may_be_moved_with_its_runs(tmp_path: Path) -> None:
    """Nothing is written beside it or where it was; artifacts, models and comparisons are found."""
    before, after = tmp_path / "ä b#c&f'g", tmp_path / "moved"
    before.mkdir()
    project = Project.create(before)
    project.recipe("tiny")
    run_in(project)
    before.rename(after)
    project = Project(after)
    run_in(project)
    assert "reference" in run_in(project, "--pipelines", "comparison")
    assert [path.name for path in tmp_path.iterdir()] == ["moved"]
    first, second = project.runs("tiny")
    for run in (first, second):
        assert run.info.status == "FINISHED"
        assert len(project.client.list_artifacts(run.info.run_id, "figures")) == 6
    for run in (first, second):
        (model,) = models_of(run)
        place = project.client.get_logged_model(model).artifact_location
        assert Path(url2pathname(urlsplit(place).path), "MLmodel").is_file()


@pytest.mark.parametrize("mark", ["?", "%"])
def test_fault_p10_a_folder_whose_name_no_address_can_have_is_refused_at_once(
    tmp_path: Path, mark: str
) -> None:
    folder = tmp_path / f"a{mark}20b"
    folder.mkdir()
    project = Project.create(folder)
    project.recipe("tiny")
    process = project.kedro("run", "--env", "tiny")
    assert process.returncode == 1
    assert "Traceback" not in process.stderr
    assert "Rename the folder" in process.stdout + process.stderr
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


CP1252 = "en_US.CP1252"


@pytest.mark.parametrize("locale", ["POSIX", "C.UTF-8", CP1252])
def test_fault_p11_under_any_locale_every_file_is_written_and_read(
    tmp_path: Path, locale: str
) -> None:
    """Python may not take UTF-8 for granted: the locale of old machines and small containers.

    As well as that of Windows in the West, which is made for it.
    """
    project = Project.create(tmp_path)
    variables = {"LC_ALL": locale, "LANG": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    if locale == CP1252:
        variables["LOCPATH"] = cp1252_in(tmp_path / ".git")
        asked = [sys.executable, "-c", "import locale; print(locale.getpreferredencoding())"]
        told = subprocess.run(asked, env=environment(**variables), capture_output=True, check=True)
        assert told.stdout.strip() == b"CP1252"
    project.recipe("tiny", {"benchmark": {"baselines": ["noisy"], "article_epochs": 0}})
    run_in(project, **variables)
    for name in ("comparison", "benchmark"):
        run_in(project, "--pipelines", name, **variables)


def cp1252_in(folder: Path) -> str:
    """Make the locale, unless the system lacks what it takes (localedef and its tables)."""
    command = ["localedef", "-i", "en_US", "-f", "CP1252", str(folder / CP1252)]
    if not shutil.which("localedef") or subprocess.run(command, check=False).returncode:
        pytest.skip("needs localedef")
    return str(folder)


def test_fault_p12_a_read_only_folder_and_a_missing_home_are_said_before_the_work_starts(
    tmp_path: Path,
) -> None:
    project = Project.create(tmp_path)
    project.recipe("tiny")
    (tmp_path / "data").chmod(0o500)
    process = subprocess.run(
        [*KEDRO, "run", "--env", "tiny"],
        cwd=tmp_path,
        env=environment(HOME="/nowhere"),
        preexec_fn=obey_permissions,
        capture_output=True,
        text=True,
        check=False,
    )
    said = process.stdout + process.stderr
    assert process.returncode == 1, said
    assert "Traceback" not in said
    assert "Permission denied" in said
    assert str(tmp_path / "data") in " ".join(said.split())
    assert list((tmp_path / "data").glob("tiny")) == []
