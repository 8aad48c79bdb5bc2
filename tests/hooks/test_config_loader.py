"""A layer may choose another component, and is not held to the options of the one below."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.config import MissingConfigException

from denoising_pipeline.hooks.config_loader import ComponentConfigLoader


def loaded(folder: Path, layers: dict[str, Any], **runtime: Any) -> dict[str, Any]:
    """Write a file of parameters for each environment, and load them."""
    for name, content in layers.items():
        (folder / name).mkdir()
        if content is not None:
            (folder / name / "parameters.yml").write_text(yaml.safe_dump(content))
    loader = ComponentConfigLoader(
        str(folder),
        env="recipe",
        runtime_params=runtime,
        base_env="base",
        default_run_env="local",
        merge_strategy={"parameters": "soft"},
    )
    return dict(loader["parameters"])


BASE = {"noise": {"name": "gaussian", "sigma": 0.5}, "epochs": 2}
RECIPE = {"noise": {"name": "blind", "edges": [0, 1]}}


def test_a_recipe_chooses_another_component(tmp_path: Path) -> None:
    assert loaded(tmp_path, {"base": BASE, "recipe": RECIPE}) == {**RECIPE, "epochs": 2}


def test_what_is_given_at_runtime_chooses_another_than_the_recipe(tmp_path: Path) -> None:
    """Though the base names it too, nothing of what lies below the recipe comes back."""
    found = loaded(tmp_path, {"base": BASE, "recipe": RECIPE}, noise={"name": "gaussian"})
    assert found == {"noise": {"name": "gaussian"}, "epochs": 2}


def test_options_are_given_to_the_component_that_was_chosen(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"base": BASE, "recipe": RECIPE}, noise={"edges": [0, 0.5, 1]})
    assert found["noise"] == {"name": "blind", "edges": [0, 0.5, 1]}


def test_a_recipe_may_lack_parameters(tmp_path: Path) -> None:
    assert loaded(tmp_path, {"base": BASE, "recipe": None}, epochs=3) == {**BASE, "epochs": 3}


def test_values_may_refer_to_others_of_any_layer(tmp_path: Path) -> None:
    layers = {"base": BASE, "recipe": {"more": "${epochs}"}}
    assert loaded(tmp_path, layers, epochs=5)["more"] == 5


def test_a_project_without_parameters_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(MissingConfigException):
        loaded(tmp_path, {"base": None, "recipe": None})
