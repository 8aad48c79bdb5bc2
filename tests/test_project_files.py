"""Files that services read: workflows, templates, citation, packaging."""

import email
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from limits import PATIENCE

from denoising_pipeline import __version__

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "custom.github-workflows-require-timeout": WORKFLOWS,
    "vendor.compose-spec": [ROOT / "compose.yaml"],
    "vendor.dependabot": [ROOT / ".github/dependabot.yml"],
    "vendor.github-issue-config": [ROOT / ".github/ISSUE_TEMPLATE/config.yml"],
    "vendor.github-issue-forms": [
        path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config"
    ],
    "vendor.citation-file-format": [ROOT / "CITATION.cff"],
}


def project() -> dict[str, Any]:
    """Return what is said of the package."""
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return found


@pytest.mark.parametrize(("schema", "files"), SCHEMAS.items(), ids=SCHEMAS)
def test_files_of_services_follow_their_schema(schema: str, files: list[Path]) -> None:
    done = CliRunner().invoke(check_jsonschema, ["--builtin-schema", schema, *map(str, files)])
    assert done.exit_code == 0, done.output


def test_actions_are_pinned_by_hash() -> None:
    """A tag may be moved to other code; the comment says which release the hash is."""
    used = [
        line for path in WORKFLOWS for line in re.findall(r"uses: (.+)", path.read_text("utf-8"))
    ]
    pinned = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert used
    assert [line for line in used if not pinned.fullmatch(line)] == []
    assert len({line.split("@")[0] for line in used}) == len(set(used))  # One version of each.


def test_workflows_write_nothing_but_what_a_job_asks_for() -> None:
    for path in WORKFLOWS:
        assert yaml.safe_load(path.read_text("utf-8"))["permissions"] == {"contents": "read"}


def test_what_make_is_asked_in_workflows_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = "".join(path.read_text("utf-8") for path in WORKFLOWS)
    asked = {word for line in re.findall(r"run: make (.+)", text) for word in line.split()}
    assert {word for word in asked if re.fullmatch(r"[a-z][a-z-]+", word)} <= targets


def test_dagster_is_tested_in_the_version_that_the_page_installs() -> None:
    texts = (ROOT / "docs/collections.md", ROOT / ".github/workflows/test.yml")
    lines = [
        re.findall(r"python -m venv build/dagster && .*", path.read_text("utf-8")) for path in texts
    ]
    assert len(lines[0]) == 1
    assert lines[0] == lines[1]


def test_tested_pythons_are_those_that_are_promised() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text("utf-8"))
    tested = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    named = [line.rpartition(" ")[2] for line in project()["classifiers"] if ":: 3." in line]
    assert named == tested
    assert project()["requires-python"] == ">=3.11,<3.14"


def test_all_say_the_same_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {project()["version"], str(citation["version"]), __version__} == {__version__}
    readme = (ROOT / "docs/index.md").read_text("utf-8")
    assert f"denoising_pipeline-{__version__}-" in readme


def test_first_release_has_one_date() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## [{__version__}] - {citation['date-released']}" in changes


def test_a_release_names_the_repository_that_makes_it(tmp_path: Path) -> None:
    """Nothing here knows its address; the workflow does, and the index shows README alone."""
    for name in (".ci/addresses.py", "pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for folder in ("src/denoising_pipeline", "meta"):
        (tmp_path / folder).mkdir(parents=True)
    url = "https://example.org/somebody/denoising-pipeline"
    command = [sys.executable, ".ci/addresses.py", url, "v0.1.0"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=PATIENCE)
    build = "import setuptools.build_meta as b; b.prepare_metadata_for_build_wheel('meta')"
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, check=True, timeout=PATIENCE)
    (written,) = tmp_path.glob("meta/*/METADATA")
    metadata = email.message_from_string(written.read_text("utf-8"))
    assert f"Changelog, {url}/blob/v0.1.0/CHANGELOG.md" in metadata.get_all("Project-URL", [])
    shown = str(metadata.get_payload())
    assert f"and denoised]({url}/raw/v0.1.0/docs/denoised.png)" in shown
    targets = re.findall(r"\]\(([^)\s]+)\)", shown)
    assert [target for target in targets if "://" not in target] == []


def test_a_release_has_the_words_of_its_section_of_the_changelog() -> None:
    def changes(version: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, ".ci/changes.py", version]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    found = changes(__version__)
    assert found.returncode == 0
    assert found.stdout.startswith("The first release.")
    assert found.stdout.strip() in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert not re.search(r"^## ", found.stdout, re.MULTILINE)
    missing = changes("99.0.0")
    assert missing.returncode == 1
    assert "no section for 99.0.0" in missing.stderr


def test_the_same_is_logged_where_there_is_no_project() -> None:
    copy = ROOT / "src/denoising_pipeline/cli/logging.yml"
    assert copy.read_text("utf-8") == (ROOT / "conf/logging.yml").read_text("utf-8")


def test_container_and_hooks_can_be_read() -> None:
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))
    assert "make dev" in container["postCreateCommand"]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert {repo["repo"] for repo in hooks["repos"]} == {"local"}  # Versions are those of the lock.


def test_runs_are_locked_to_versions_that_are_tested() -> None:
    pin = re.compile(r"^[\w.-]+(?:\[[\w,-]+\])?==[^ \\]+", re.MULTILINE)
    run, complete = (
        set(pin.findall((ROOT / name).read_text("utf-8")))
        for name in ("requirements-run.lock", "requirements.lock")
    )
    assert run
    assert run < complete
