"""Parameters are checked as soon as they are read, and completed."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.framework.context import KedroContext
from pluggy import PluginManager

from denoising_pipeline.config import ParameterError, Parameters
from denoising_pipeline.hooks import ParameterHooks
from denoising_pipeline.hooks.config_loader import ComponentConfigLoader


def context(
    folder: Path, parameters: dict[str, Any], globals_source: str | None = None, **runtime: Any
) -> KedroContext:
    """A context of a project whose only configuration are these parameters, and a source."""
    conf = folder / "conf" / "base"
    conf.mkdir(parents=True)
    (conf / "parameters.yml").write_text(yaml.safe_dump(parameters))
    if globals_source:
        (conf / "globals.yml").write_text(yaml.safe_dump({"source": globals_source}))
    given: dict[str, Any] = {"runtime_params": runtime or None}
    environments: dict[str, Any] = {"base_env": "base", "default_run_env": "base"}
    return KedroContext(
        project_path=str(folder),
        config_loader=ComponentConfigLoader(str(folder / "conf"), **environments, **given),
        env=None,
        package_name="denoising_pipeline",
        hook_manager=PluginManager("kedro"),
        **given,
    )


def test_what_is_not_given_has_its_default(tmp_path: Path) -> None:
    made = context(tmp_path, {"training": {"epochs": 2}}, seed=7)
    ParameterHooks().after_context_created(made)
    expected = Parameters().model_dump()
    expected["seed"] = 7
    expected["training"]["epochs"] = 2
    assert made.config_loader["parameters"] == expected


@pytest.mark.parametrize(
    ("stored", "runtime"),
    [({"training": {"epohcs": 2}}, {}), ({}, {"training": {"epohcs": 2}})],
)
def test_mistakes_are_refused_wherever_they_come_from(
    tmp_path: Path, stored: dict[str, Any], runtime: dict[str, Any]
) -> None:
    made = context(tmp_path, stored or {"seed": 1}, **runtime)
    with pytest.raises(ParameterError, match=r"training\.epohcs: no such parameter"):
        ParameterHooks().after_context_created(made)


def test_a_source_that_the_catalog_does_not_read_is_refused(tmp_path: Path) -> None:
    """Both are named, and what to do."""
    made = context(tmp_path, {"source": "kmnist"}, "mnist")
    with pytest.raises(ParameterError) as caught:
        ParameterHooks().after_context_created(made)
    message = str(caught.value)
    assert "source: 'kmnist' by the parameters, 'mnist' by globals.yml" in message
    assert "--params source=kmnist" in message


@pytest.mark.parametrize(
    "stored", [{"source": "${globals:source}"}, {"source": "mnist"}, {"seed": 1}]
)
def test_a_source_that_the_catalog_reads_is_taken(tmp_path: Path, stored: dict[str, Any]) -> None:
    made = context(tmp_path, stored, "mnist")
    ParameterHooks().after_context_created(made)
    assert made.config_loader["parameters"]["source"] == "mnist"


def test_a_source_given_at_runtime_is_what_the_catalog_reads(tmp_path: Path) -> None:
    made = context(tmp_path, {"source": "${globals:source}"}, "mnist", source="kmnist")
    ParameterHooks().after_context_created(made)
    assert made.config_loader["parameters"]["source"] == "kmnist"
