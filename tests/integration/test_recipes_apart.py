"""Every pair of recipes: one is trained, then each other pipeline is called with the other's."""

from itertools import permutations
from typing import Any

import pytest
import yaml
from mlflow.entities import Run
from project_folder import TRAINING, Project, model_inputs_of, models_of, raw_source

pytestmark = pytest.mark.slow

SMALL: dict[str, Any] = {
    "benchmark": {"baselines": ["noisy"], "article_epochs": 0},
    "robustness": {
        "images": 10,
        "noises": ["gaussian"],
        "levels": [0.5],
        "degradations": ["fog"],
        "severities": [1.0],
        "classical": "noisy",
    },
    "downstream": {"epochs": 1},
    "uncertainty": {"epochs": 1, "images": 20},
}
RECIPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "anykind": {"noise_injection": {"name": "blind"}},
    "other": {"training": {**TRAINING, "model": {"name": "convolutional", "filters": 4}}},
    "runes": {"source": "runes"},
}
OTHERS = ("evaluation,reporting", "benchmark", "robustness", "downstream", "uncertainty")
PAIRS = list(permutations(RECIPES, 2))
SAME_IMAGES = [{"plain", "other"}]
"""Recipes that differ in their training alone."""


def pair(project: Project, trained: str, called: str) -> str:
    """Write the recipe `called` with the data folder of `trained`, and return its name."""
    name = project.recipe(f"{trained}_{called}", {**SMALL, **RECIPES[called]})
    found = {"data": f"data/{trained}", "source": RECIPES[called].get("source", "digits")}
    (project.path / "conf" / name / "globals.yml").write_text(yaml.safe_dump(found))
    return name


@pytest.fixture(scope="module")
def trained(project: Project) -> dict[str, Run]:
    """Each recipe, run once in a data folder of its own."""
    raw_source(project, "runes", shape=(28, 28))
    return {name: project.run(pair(project, name, name)) for name in RECIPES}


@pytest.mark.parametrize(("made", "called"), PAIRS, ids=["-".join(names) for names in PAIRS])
def test_nothing_is_called_what_it_is_not(
    project: Project, trained: dict[str, Run], made: str, called: str
) -> None:
    """Right by the artifact, or refused before anything runs, with both values and what to do."""
    recipe = pair(project, made, called)
    written = project.files(made)
    for pipelines in OTHERS:
        result = project.invoke("run", "--env", recipe, "--pipelines", pipelines)
        if {made, called} in SAME_IMAGES:
            assert result.exit_code == 0, result.output
            run = project.runs(recipe)[-1]
            own = trained[made].data.params["training.model.name"]
            assert run.data.params["training.model.name"] == own
            assert own in run.info.run_name
            assert run.data.tags["training_run"] == trained[made].info.run_id
            assert model_inputs_of(project, run) == models_of(trained[made])
        else:
            assert result.exit_code == 1
            assert " here, " in result.output
            assert f"--env {made}_{made}" in result.output
            assert project.files(made) == written
            assert project.runs(recipe) == []
