"""What a run registers, and who becomes champion: on a real store, with scores made by hand."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cards import card
from mlflow.entities.model_registry import ModelVersion
from mlflow.tracking import MlflowClient
from tracking_store import tracking_in

from denoising_pipeline.config import Parameters
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.hooks.registry import register
from denoising_pipeline.models.dense import Dense

NAMES = (f"model{number}" for number in count())
SHAPE = (28, 28, 1)

Register = Callable[..., ModelVersion | None]


class Runs:
    """Runs with scores made by hand, whose denoisers are registered under one name."""

    def __init__(self, client: MlflowClient, folder: Path) -> None:
        """Start without any; tables are written to the folder first."""
        self._client, self._folder, self._name = client, folder, next(NAMES)

    def track(self, gain: float = 0.0, noise: float = 0.0) -> tuple[str, str]:
        """Track a run with scores, and return its id and that of its model."""
        client, experiment = self._client, self._client.get_experiment_by_name("runs")
        assert experiment
        run_id = client.create_run(experiment.experiment_id, tags={"source": "mnist"}).info.run_id
        index = np.arange(20)
        table = pd.DataFrame({"index": index, "noisy_psnr": 9 + index / 7 + noise})
        table["psnr"] = 20 + gain + index / 9 + 0.01 * np.sin(index * (1 + gain))
        table.to_parquet(self._folder / "image_metrics.parquet")
        client.log_artifact(run_id, str(self._folder / "image_metrics.parquet"), "tables")
        bounds = {"within_ci/psnr_low": 19.5, "within_ci/psnr_high": 22}
        scores = {"test/psnr": table["psnr"].mean(), "test_noisy/psnr": 10, **bounds}
        for key, value in scores.items():
            client.log_metric(run_id, key, value)
        client.set_tag(run_id, "n_images", "20")
        logged = client.create_logged_model(
            experiment.experiment_id, "denoiser", source_run_id=run_id
        )
        return run_id, logged.model_id

    def register(self, run_id: str, model_id: str) -> ModelVersion | None:
        """Register the denoiser of a run, and return its version."""
        # All that is read of it beside its card.
        model: Any = SimpleNamespace(output_shape=(None, *SHAPE), count_params=lambda: 1234)
        denoiser = Denoiser(Dense(), SHAPE, model, card())
        register(self._name, model_id, run_id, denoiser, Parameters())
        found = f"name = '{self._name}' and run_id = '{run_id}'"
        versions = self._client.search_model_versions(found)
        return self._client.get_model_version(self._name, versions[0].version) if versions else None


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowClient]:
    """A client of a database of its own, which is that of this process meanwhile."""
    folder = tmp_path_factory.mktemp("mlflow")
    with tracking_in(folder):
        client = MlflowClient()
        client.create_experiment("runs", (folder / "artifacts").as_uri())
        yield client


@pytest.fixture
def runs(client: MlflowClient, tmp_path: Path) -> Runs:
    """Runs whose denoisers are registered under a name of their own."""
    return Runs(client, tmp_path)


@pytest.fixture
def registered(runs: Runs) -> Register:
    """Register a run with scores by hand, and return the version."""

    def run_and_register(gain: float = 0.0, noise: float = 0.0) -> ModelVersion | None:
        return runs.register(*runs.track(gain, noise))

    return run_and_register


def aliases(version: ModelVersion | None, client: MlflowClient) -> dict[str, str]:
    """Return which version each alias of the model names now."""
    assert version
    return {k: str(v) for k, v in client.get_registered_model(version.name).aliases.items()}


def test_the_first_is_champion_and_says_what_it_is(
    registered: Register, client: MlflowClient
) -> None:
    version = registered()
    assert version
    assert aliases(version, client) == {"champion": "1"}
    assert version.tags["decision"] == "champion"
    assert version.tags["decision.reason"] == "there was no champion"
    assert version.tags["source"] == "mnist"
    description = version.description or ""
    about = client.get_registered_model(version.name).description or ""
    assert about.startswith("The champion is version 1, ")
    assert description in about
    for told in ("dense with 1,234 weights", "28x28", "mnist", "20 test images", "Evidence:"):
        assert told in description


def test_a_better_one_takes_the_alias_and_has_the_figures_as_tags(
    registered: Register, client: MlflowClient
) -> None:
    registered()
    version = registered(gain=0.5)
    assert version
    assert aliases(version, client) == {"champion": "2"}
    about = client.get_registered_model(version.name).description or ""
    assert about.startswith("The champion is version 2, ")
    tags = version.tags
    assert (tags["decision"], tags["decision.champion"]) == ("champion", "1")
    low, mean, high = (
        float(tags[f"decision.psnr_difference{end}"]) for end in ("_low", "", "_high")
    )
    assert 0 < low < mean < high
    assert mean == pytest.approx(0.5, abs=0.01)
    assert (tags["decision.images"], tags["decision.confidence"]) == ("20", "0.95")


def test_the_page_of_the_logged_model_names_its_version_once(
    runs: Runs, client: MlflowClient
) -> None:
    """Also if its process was killed after it had registered it, and it is told again."""
    run_id, model_id = runs.track()
    for _ in range(2):
        version = runs.register(run_id, model_id)
    assert version
    tag = client.get_logged_model(model_id).tags["mlflow.modelVersions"]
    assert json.loads(tag) == [{"name": version.name, "version": version.version}]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({}, "not better"), ({"gain": -0.5}, "not better"), ({"gain": 5, "noise": 1}, "other noisy")],
)
def test_others_are_challengers_with_the_reason(
    registered: Register, client: MlflowClient, changes: dict[str, float], reason: str
) -> None:
    registered()
    version = registered(**changes)
    assert version
    assert aliases(version, client) == {"champion": "1", "challenger": "2"}
    assert version.tags["decision"] == "challenger"
    assert reason in version.tags["decision.reason"]
    assert ("decision.psnr_difference" in version.tags) is (reason == "not better")


def test_of_runs_that_end_at_once_the_best_is_champion(runs: Runs, client: MlflowClient) -> None:
    """Each compares with the champion of its moment: none must decide by one that is past."""
    tracked = [runs.track(gain) for gain in (0.0, 2.0, 1.0, 3.0, 0.5, 1.5)]
    with ThreadPoolExecutor(len(tracked)) as pool:
        versions = list(pool.map(lambda ids: runs.register(*ids), tracked))
    best = versions[3]
    assert all(versions)
    assert best
    assert aliases(best, client)["champion"] == str(best.version)


def test_a_champion_whose_scores_are_gone_stays(registered: Register, client: MlflowClient) -> None:
    champion = registered()
    assert champion
    client.set_registered_model_alias(champion.name, "champion", champion.version)
    client.create_model_version(champion.name, champion.source or "", "0" * 32)
    client.set_registered_model_alias(champion.name, "champion", "2")
    version = registered(gain=1)
    assert version
    assert aliases(version, client)["challenger"] == "3"
    assert "its run is gone" in version.tags["decision.reason"]


def test_a_registry_that_fails_is_a_warning(
    registered: Register, client: MlflowClient, caplog: pytest.LogCaptureFixture
) -> None:
    """As of a name that MLflow refuses; results and run are as they are."""
    assert registered()
    register("a/b:c", "m-none", "0" * 32, None, Parameters())  # type: ignore[arg-type]
    assert "The denoiser is not registered as 'a/b:c'" in caplog.text


def test_fault_c02_what_was_registered_before_a_process_was_killed_is_not_registered_again(
    runs: Runs, client: MlflowClient
) -> None:
    """Killed after its version was there, and before the alias was: told again, it has both."""
    first = runs.track()
    version = runs.register(*first)
    assert version
    client.delete_registered_model_alias(version.name, "champion")
    again = runs.register(*first)
    assert again is not None and again.version == version.version
    assert aliases(again, client) == {"champion": "1"}
    assert len(client.search_model_versions(f"name = '{version.name}'")) == 1
    assert again.tags["decision.reason"] == "there was no champion"
