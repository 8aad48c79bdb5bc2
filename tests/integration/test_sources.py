"""Images of another source, in the same four files."""

import hashlib
import json
from pathlib import Path

import pytest
from project_folder import Project, raw_source


def test_another_source_runs_and_is_recorded(project: Project) -> None:
    """Plain files of another image size, unknown to the configuration, train and are scored."""
    folder = raw_source(project, "letters", shape=(16, 12))
    run = project.run(project.recipe("letters"), "--params", "source=letters")
    assert run.data.tags["source"] == run.data.params["source"] == "letters"
    manifest = json.loads(project.saved(run, "source_manifest.json").read_text())
    assert manifest["files"]["train_images"]["shape"] == [60, 16, 12]
    for split, start in (("train", "train"), ("test", "t10k")):
        for kind, end in (("images", "images-idx3-ubyte"), ("labels", "labels-idx1-ubyte")):
            digest = hashlib.sha256((folder / f"{start}-{end}").read_bytes()).hexdigest()
            assert run.data.tags[f"source.sha256.{split}_{kind}"] == digest
            assert manifest["files"][f"{split}_{kind}"]["sha256"] == digest
    assert run.data.tags["n_images"] == "60"


@pytest.mark.slow
def test_sessions_of_two_projects_do_not_mix(project: Project, tmp_path: Path) -> None:
    """In one process, each project's run lies in that project's own store."""
    other = Project.create(tmp_path)
    other.create_store()
    for each in (project, other, project):
        recipe = "crossing"
        if not (each.path / "conf" / recipe).exists():
            each.recipe(recipe)
        before = len(each.runs(recipe))
        each.run(recipe, "--pipelines", "ingestion")
        assert len(each.runs(recipe)) == before + 1
    assert len(other.runs("crossing")) == 1


def test_changed_files_are_said_to_be_dirty(tmp_path: Path) -> None:
    """A run with a configuration that is not that of the commit says so."""
    project = Project.create(tmp_path)
    project.create_store()
    (project.path / "conf/base/parameters_evaluation.yml").write_text("evaluation: {}\n")
    run = project.run(project.recipe("dirty"), "--pipelines", "ingestion")
    assert run.data.tags["git.dirty"] == "true"
