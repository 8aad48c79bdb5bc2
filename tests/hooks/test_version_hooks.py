"""A run loads what it wrote, what it was told to load, or what belongs together."""

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog
from kedro.io.core import DatasetError
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from project_folder import Project

from denoising_pipeline.config import Parameters
from denoising_pipeline.datasets import NpyDataset
from denoising_pipeline.datasets.provenance import RECORD, read_record
from denoising_pipeline.hooks import VersionHooks
from denoising_pipeline.report.blocks import Section

SECTION = "benchmark_section"
ENTRIES = ("clean", "noisy", "denoiser", "history", "scores", "report")
GAUSSIAN = {"name": "gaussian", "sigma": 0.5}


def read(source: str) -> Any:
    return np.full(200_000, float(len(source)))


def inject(clean: Any, noise_injection: Any) -> Any:
    return clean + noise_injection["sigma"]


def train(clean: Any, noise_injection: Any, training: Any) -> Any:
    return np.array([clean[0], noise_injection["sigma"], training["epochs"]])


def score(noisy: Any, denoiser: Any) -> Any:
    return np.array([noisy[0], denoiser[1]])


def record(training: Any) -> Any:
    return np.array([training["epochs"]])


def same(plain: Any) -> Any:
    return np.array(plain)


def both(clean: Any) -> Any:
    return np.array([clean[0], 0, 2]), np.array([2])


def show(denoiser: Any, history: Any) -> Any:
    return np.array([denoiser[2], history[0]])


def tell(scores: Any, training: Any) -> Any:
    return Section("told", f"{scores[1]:g} after {training['epochs']}", [])


def gather(denoiser: Any, benchmark_section: Any) -> Any:
    return np.array([denoiser[2], -1 if benchmark_section is None else 1])


def step(function: Callable[..., Any], output: str, **inputs: str) -> Any:
    return node(function, name=function.__name__, inputs=inputs, outputs=output)


NOISE, TRAINING = "params:noise_injection", "params:training"
READ = Pipeline([step(read, "clean", source="params:source")])
INJECT = Pipeline([step(inject, "noisy", clean="clean", noise_injection=NOISE)])
TRAIN = Pipeline([step(train, "denoiser", clean="clean", noise_injection=NOISE, training=TRAINING)])
SCORE = Pipeline([step(score, "scores", noisy="noisy", denoiser="denoiser")])
HISTORY = Pipeline([step(record, "history", training=TRAINING)])
BOTH = Pipeline([node(both, ["clean"], ["denoiser", "history"], name="both")])
SHOW = Pipeline([step(show, "report", denoiser="denoiser", history="history")])
TELL = Pipeline([step(tell, SECTION, scores="scores", training=TRAINING)])
GATHER = Pipeline([step(gather, "report", denoiser="denoiser", benchmark_section=SECTION)])
DEFAULT = READ + INJECT + TRAIN + SCORE


class Runs:
    """A folder in which a pipeline is run again and again, with its hooks, by Kedro's runner."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        self.hooks = VersionHooks()

    def __call__(
        self,
        pipeline: Pipeline = DEFAULT,
        load: dict[str, str] | None = None,
        only_missing: bool = False,
        version: str | None = None,
        env: str | None = None,
        **parameters: Any,
    ) -> str:
        """Run it and return its version."""
        self.count += 1
        version = version or f"2020-01-01T00.00.{self.count:02d}.000Z"
        values = {"source": "mnist", "noise_injection": GAUSSIAN, "training": {"epochs": 2}}
        values |= parameters
        catalog = self.catalog(version, load)
        for name, value in values.items():
            catalog[f"params:{name}"] = value
        self.hooks = VersionHooks()
        self.hooks._parameters = values
        manager = _create_hook_manager()
        manager.register(self.hooks)
        options = {"env": env, "load_versions": load, "only_missing_outputs": only_missing}
        self.hooks.before_pipeline_run({**options, "runtime_params": {}}, pipeline, catalog)
        SequentialRunner().run(
            pipeline, catalog, manager, version, only_missing_outputs=only_missing
        )
        return version

    def catalog(self, version: str | None = None, load: dict[str, str] | None = None) -> Any:
        """Return the entries of the pipeline, and one without versions."""
        kind = "denoising_pipeline.datasets.NpyDataset"
        entries = {
            name: {"type": kind, "filepath": str(self.folder / f"{name}.npy"), "versioned": True}
            for name in ENTRIES
        }
        file = str(self.folder / "benchmark_section.json")
        section = "denoising_pipeline.datasets.SectionDataset"
        entries[SECTION] = {"type": section, "filepath": file, "versioned": True}
        entries["plain"] = {"type": kind, "filepath": str(self.folder / "plain.npy")}
        known = {name: found for name, found in (load or {}).items() if name in ENTRIES}
        return DataCatalog.from_config(entries, load_versions=known, save_version=version)

    def scores(self, version: str) -> list[float]:
        """Return what a run has written in the end."""
        found: list[float] = self.catalog(load={"scores": version}).load("scores").tolist()
        return found

    def file(self, name: str, version: str) -> Path:
        """Return the file of a version."""
        return self.folder / f"{name}.npy" / version / f"{name}.npy"


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def test_fault_r46_what_is_written_is_loaded_though_a_later_version_exists(runs: Runs) -> None:
    """Neither a clock that is wrong nor another run at the same time comes between."""
    runs(version="2999-01-01T00.00.00.000Z", noise_injection={"name": "gaussian", "sigma": 0.1})
    assert runs.scores(runs()) == [5.5, 0.5]


def test_fault_r46_a_slice_does_not_take_a_version_of_the_future(runs: Runs) -> None:
    first = runs()
    runs(version="2999-01-01T00.00.00.000Z", training={"epochs": 9})
    runs(SCORE)
    assert runs.hooks.loaded == {"denoiser": first, "noisy": first}


def test_a_slice_takes_the_newest_versions(runs: Runs) -> None:
    runs()
    second = runs(training={"epochs": 3})
    runs(SCORE)
    assert runs.hooks.loaded == {"denoiser": second, "noisy": second}


def test_a_killed_run_of_other_noise_is_not_mixed_in(runs: Runs) -> None:
    """Its noisy images are newer than the denoiser; the slice takes those that belong to it."""
    first = runs()
    runs(READ + INJECT, noise_injection={"name": "gaussian", "sigma": 0.1})
    assert runs.scores(runs(SCORE)) == [5.5, 0.5]
    assert runs.hooks.loaded == {"denoiser": first, "noisy": first}


def test_a_killed_run_on_other_images_is_not_mixed_in(runs: Runs) -> None:
    first = runs()
    runs(READ + INJECT, source="another")
    runs(SCORE)
    assert runs.hooks.loaded == {"denoiser": first, "noisy": first}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"noise_injection": {"name": "gaussian", "sigma": 0.2}}, "sigma: 0.2 here, 0.5 there"),
        ({"noise_injection": {"name": "blind", "sigma": 1}}, "name: blind here, gaussian there"),
        ({"source": "kmnist"}, "source: kmnist here, mnist there"),
    ],
)
def test_a_command_that_contradicts_the_artifacts_is_refused(
    runs: Runs, changed: dict[str, Any], words: str
) -> None:
    """Before anything runs, with both values and what to do."""
    runs(env="best")
    before = sorted(runs.folder.rglob("*"))
    with pytest.raises(DatasetError) as caught:
        runs(SCORE, **changed)
    assert "denoiser of 2020-01-01T00.00.01.000Z does not suit this command" in str(caught.value)
    assert words in str(caught.value)
    assert "--env best" in str(caught.value)
    assert sorted(runs.folder.rglob("*")) == before


def test_parameters_of_the_training_are_not_those_of_a_slice(runs: Runs) -> None:
    """A slice is tracked by what its denoiser was trained with, not by what it would train."""
    runs(training={"epochs": 7})
    runs(SCORE, training={"epochs": 2})
    assert runs.hooks.effective(Parameters()).training.epochs == 7


def test_what_another_version_of_the_package_made_is_not_called_by_this_ones_parameters(
    runs: Runs,
) -> None:
    first = runs(training={"epochs": 7, "beta": 0.9})
    runs(SCORE, training={"epochs": 2})
    with pytest.raises(DatasetError) as caught:
        runs.hooks.effective(Parameters())
    assert f"denoiser:{first}, noisy:{first}) was made by another version" in str(caught.value)
    assert "training.beta: no such parameter; did you mean 'beta_2'?" in str(caught.value)


def test_a_replay_loads_all_that_belongs_to_the_version_that_was_named(runs: Runs) -> None:
    """Also after a run on another source, whose clean images lie there now."""
    first = runs()
    runs(source="another")
    assert runs.scores(runs(SCORE, load={"denoiser": first})) == [5.5, 0.5]
    assert runs.hooks.loaded == {"denoiser": first, "noisy": first}


def test_what_was_made_by_another_training_is_not_mixed_in(runs: Runs) -> None:
    """Of a denoiser that was named, the history is that of its own training, not the newest."""
    first = runs(TRAIN + READ + HISTORY)
    runs(TRAIN + READ + HISTORY, training={"epochs": 9})
    runs(SHOW, load={"denoiser": first})
    assert runs.hooks.loaded == {"denoiser": first, "history": first}
    assert runs.hooks.effective(Parameters()).training.epochs == 2


def test_versions_that_were_named_and_do_not_belong_together_are_refused(runs: Runs) -> None:
    first = runs()
    second = runs(READ + INJECT, version="2020-01-01T00.00.09.000Z", source="another")
    with pytest.raises(DatasetError, match=r"(?s)noisy of .*source: mnist here, another there"):
        runs(SCORE, load={"denoiser": first, "noisy": second})


def test_a_version_of_what_the_run_writes_itself_is_refused(runs: Runs) -> None:
    """It would be written and then passed over, and nobody would see."""
    first = runs()
    with pytest.raises(DatasetError, match=r"--load-versions denoiser: this run writes 'denoiser'"):
        runs(noise_injection={"name": "gaussian", "sigma": 0.1}, load={"denoiser": first})


def test_what_was_made_from_an_earlier_version_of_what_is_written_anew_is_refused(
    runs: Runs,
) -> None:
    """Else a report would show a new denoiser beside the scores of the old one."""
    runs()
    with pytest.raises(DatasetError, match="denoiser: written anew here, an earlier version there"):
        runs(TRAIN + Pipeline([step(score, "report", noisy="scores", denoiser="denoiser")]))


def test_what_one_node_wrote_in_one_run_belongs_together(runs: Runs) -> None:
    """Of a run that was killed between two outputs, neither is taken."""
    first = runs(READ + BOTH)
    second = runs(READ + BOTH)
    runs.file("history", second).with_name(RECORD).unlink()
    with pytest.raises(DatasetError, match=rf"run of both: {second} here, {first} there"):
        runs(SHOW)
    runs(SHOW, load={"denoiser": first})
    assert runs.hooks.loaded == {"denoiser": first, "history": first}


def test_a_damaged_file_is_not_shared_with_a_new_version(runs: Runs) -> None:
    first = runs()
    with runs.file("clean", first).open("r+b") as file:
        file.seek(-8, os.SEEK_END)
        file.write(bytes(8))
    second = runs()
    assert not runs.file("clean", first).samefile(runs.file("clean", second))
    np.testing.assert_array_equal(NpyDataset(filepath=runs.file("clean", second)).load(), 5.0)


def test_an_input_without_versions_counts_by_its_content(runs: Runs) -> None:
    """`--only-missing-outputs` sees that a user has replaced his file."""
    plain = NpyDataset(filepath=runs.folder / "plain.npy")
    copy = Pipeline([step(same, "scores", plain="plain")])
    versions = []
    for value in (1.0, 1.0, 2.0):
        plain.save(np.array([value]))
        runs(copy, only_missing=True)
        versions.append(len(list(runs.folder.glob("scores.npy/*"))))
    assert versions == [1, 1, 2]


def test_a_missing_version_is_refused_and_those_that_exist_are_listed(runs: Runs) -> None:
    first = runs()
    with pytest.raises(DatasetError) as caught:
        runs(SCORE, load={"denoiser": "2020"})
    heading, *there = str(caught.value).splitlines()
    assert heading == "--load-versions denoiser:2020 does not exist. Versions of 'denoiser':"
    assert [line.strip() for line in there] == [first]


def test_nothing_there_says_what_to_do(runs: Runs) -> None:
    with pytest.raises(DatasetError, match=r"'noisy':\n  none: run the pipeline that writes"):
        runs(SCORE, load={"noisy": "2020"})


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which nothing has run."""
    project = Project.create(tmp_path_factory.mktemp("fresh"))
    project.create_store()
    return project


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("preprocessing", "ingestion"),
        *((each, "ingestion,preprocessing") for each in ("noise_injection", "projections")),
        *((each, "ingestion,preprocessing,noise_injection") for each in ("training", "study")),
        *(
            (each, "ingestion,preprocessing,noise_injection,training")
            for each in ("evaluation", "benchmark", "robustness", "anomaly", "inference")
        ),
        *(
            (each, "ingestion,preprocessing,noise_injection,training,evaluation")
            for each in ("reporting", "downstream", "uncertainty", "features")
        ),
    ],
)
def test_a_pipeline_that_goes_on_from_others_says_which_to_run_first(
    fresh: Project, asked: str, first: str
) -> None:
    result = fresh.invoke("run", "--env", "smoke", "--pipelines", asked, "--params", "seed=3")
    assert result.exit_code == 1
    (message,) = result.stderr.strip().splitlines()
    assert message.startswith("Error: There is nothing yet of what this run goes on from (")
    assert message.endswith(f"Run first: kedro run --env=smoke --pipelines={first} --params=seed=3")
    assert fresh.runs() == []


@pytest.mark.parametrize("name", ["plain", "params:seed", "no_such_entry"])
def test_a_version_of_what_has_none_is_refused(runs: Runs, name: str) -> None:
    with pytest.raises(DatasetError, match=f"{name}:2020: '{name}' is not a versioned entry"):
        runs(load={name: "2020"})


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "cut short": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "changed": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "not recorded": lambda file: file.with_name(RECORD).unlink(),
    "badly recorded": lambda file: file.with_name(RECORD).write_text("{"),
    "gone": lambda file: file.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_fault_r47_a_torn_version_is_not_there(runs: Runs, damage: Callable[[Path], Any]) -> None:
    """The whole one before it is taken."""
    first = runs()
    damage(runs.file("denoiser", runs(training={"epochs": 3})))
    runs(SCORE)
    assert runs.hooks.loaded["denoiser"] == first


def test_if_no_version_is_whole_it_is_said_and_what_to_do(runs: Runs) -> None:
    version = runs()
    runs.file("denoiser", version).write_bytes(b"")
    with pytest.raises(DatasetError, match=rf"no whole version \(there is {version}"):
        runs(SCORE)


def test_a_record_says_what_a_version_was_made_from(runs: Runs) -> None:
    version = runs()
    record = json.loads(runs.file("scores", version).with_name(RECORD).read_text())
    assert record["inputs"].keys() == {"noisy", "denoiser"}
    assert record["parameters"] == {}
    assert record["all_inputs"].keys() == {"clean", "noisy", "denoiser"}
    assert record["all_parameters"].keys() == {"source", "noise_injection", "training"}


def test_a_process_that_a_runner_starts_anew_records_the_recipe(runs: Runs) -> None:
    """It has the datasets of the run, as they were sent to it, and hooks that saw no run begin."""
    catalog = runs.catalog("2020-01-01T00.00.00.000Z")
    catalog["params:source"] = "mnist"
    options = {"env": "best", "load_versions": None, "only_missing_outputs": False}
    VersionHooks().before_pipeline_run({**options, "runtime_params": {}}, READ, catalog)
    there = pickle.loads(pickle.dumps(catalog))
    manager = _create_hook_manager()
    manager.register(VersionHooks())
    SequentialRunner().run(READ, there, manager)
    record = read_record(runs.catalog().get("clean"), "2020-01-01T00.00.00.000Z")
    assert record is not None
    assert record.recipe == "best"


def test_a_file_where_versions_belong_is_refused_before_the_run(runs: Runs) -> None:
    """As an earlier version of the package left them."""
    np.save(runs.folder / "clean.npy", np.zeros(1))
    with pytest.raises(DatasetError, match=r"clean\.npy' is a file, .* remove it"):
        runs()
    assert not (runs.folder / "noisy.npy").exists()


def test_equal_arrays_of_two_runs_share_their_place_on_the_disk(runs: Runs) -> None:
    first, second = runs(), runs(training={"epochs": 3})
    assert runs.file("clean", first).samefile(runs.file("clean", second))
    assert not runs.file("denoiser", first).samefile(runs.file("denoiser", second))
    os.unlink(runs.file("clean", first))  # noqa: PTH108
    np.testing.assert_array_equal(NpyDataset(filepath=runs.file("clean", second)).load(), 5.0)


def test_only_missing_outputs_runs_what_is_missing(runs: Runs) -> None:
    """Judged by version and digest: nothing after a whole run, and what a change asks for."""
    first = runs()
    runs(only_missing=True)
    assert [len(list(runs.folder.glob(f"{name}.npy/*"))) for name in ENTRIES] == [1, 1, 1, 0, 1, 0]
    runs.file("scores", first).write_bytes(b"torn")
    runs(only_missing=True)
    assert [len(list(runs.folder.glob(f"{name}.npy/*"))) for name in ENTRIES] == [1, 1, 1, 0, 2, 0]
    changed = runs(only_missing=True, training={"epochs": 3})
    assert [len(list(runs.folder.glob(f"{name}.npy/*"))) for name in ENTRIES] == [1, 1, 2, 0, 3, 0]
    assert runs.file("denoiser", changed).exists()


def test_only_missing_outputs_does_not_take_the_arrays_of_another_source(runs: Runs) -> None:
    runs()
    other = runs(only_missing=True, source="another")
    assert runs.scores(other) == [7.5, 0.5]


def gathered(runs: Runs, **options: Any) -> list[float]:
    """Return what a run of the report alone writes."""
    found: list[float] = runs.catalog(load={"report": runs(GATHER, **options)}).load("report")
    return list(found)


def test_a_report_does_without_what_has_not_run(runs: Runs) -> None:
    runs()
    assert gathered(runs) == [2, -1]
    assert SECTION not in runs.hooks.loaded


def test_a_report_has_what_ran_on_its_denoiser(runs: Runs) -> None:
    runs()
    told = runs(TELL)
    assert gathered(runs) == [2, 1]
    assert runs.hooks.loaded[SECTION] == told


def test_a_report_does_without_what_ran_on_another_denoiser(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    """And the log says so: it is there, and does not suit."""
    runs()
    runs(TELL)
    runs(training={"epochs": 3})
    with caplog.at_level("INFO"):
        assert gathered(runs) == [3, -1]
    assert "Without benchmark_section" in caplog.text


def test_a_report_of_everything_anew_has_nothing_that_was_made_before(runs: Runs) -> None:
    runs()
    runs(TELL)
    version = runs(DEFAULT + GATHER)
    assert list(runs.catalog(load={"report": version}).load("report")) == [2, -1]
    version = runs(DEFAULT + TELL + GATHER)
    assert list(runs.catalog(load={"report": version}).load("report")) == [2, 1]


def test_what_is_absent_is_not_missing(runs: Runs) -> None:
    first = runs(DEFAULT + GATHER)
    runs(DEFAULT + GATHER, only_missing=True)
    assert [path.name for path in (runs.folder / "report.npy").iterdir()] == [first]
