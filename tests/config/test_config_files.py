"""The configuration files say what the code says: defaults, options, recipes, checksums."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from denoising_pipeline.config import (
    ParameterError,
    Parameters,
    flatten,
    merge_layers,
    validate_parameters,
)
from denoising_pipeline.core.components import Component
from denoising_pipeline.degradations import DEGRADATIONS
from denoising_pipeline.hooks.config_loader import ComponentConfigLoader
from denoising_pipeline.images.fetch import MNIST_SHA256
from denoising_pipeline.models import ARCHITECTURES
from denoising_pipeline.settings import CONFIG_LOADER_ARGS
from denoising_pipeline.training.objectives import OBJECTIVES

CONF = Path(__file__).parents[2] / "conf"
RECIPES = sorted(
    folder.name for folder in CONF.iterdir() if folder.is_dir() and folder.name != "local"
)


def loader(recipe: str, **runtime: Any) -> Any:
    """The loader as the project sets it up."""
    arguments: dict[str, Any] = dict(CONFIG_LOADER_ARGS)
    return ComponentConfigLoader(str(CONF), env=recipe, runtime_params=runtime or None, **arguments)


@cache
def parameters(recipe: str) -> dict[str, Any]:
    found: dict[str, Any] = loader(recipe)["parameters"]
    return found


@cache
def own(recipe: str) -> dict[str, Any]:
    """What a recipe sets over those of the base."""
    if recipe == "base":
        return {}
    found: dict[str, Any] = yaml.safe_load((CONF / recipe / "parameters.yml").read_text())
    return found


def chosen_over(recipe: str, **runtime: Any) -> Parameters:
    """Merge as the loader does, which takes longer than all else: it reads the files again."""
    return validate_parameters(merge_layers(parameters("base"), own(recipe), runtime))


def test_there_are_recipes() -> None:
    assert {"base", "smoke", "article"} <= set(RECIPES)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_is_allowed(recipe: str) -> None:
    validate_parameters(parameters(recipe))


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_states_every_parameter_after_merging(recipe: str) -> None:
    """A recipe changes what it names and leaves its siblings: sections merge softly.

    A list, such as one of degradations, takes the place of what was there.
    """
    missing = parameters("base").keys() ^ parameters(recipe).keys()
    assert not missing
    for section, found in parameters(recipe).items():
        if isinstance(parameters("base")[section], dict) and not isinstance(found, list):
            assert parameters("base")[section].keys() <= found.keys()


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_list_of_degradations_can_be_chosen_over_every_recipe(recipe: str) -> None:
    steps = [{"name": "motion_blur"}, {"name": "gaussian", "sigma": 0.1}]
    chosen = validate_parameters(loader(recipe, noise_injection=steps)["parameters"])
    merged, globals_say = chosen_over(recipe, noise_injection=steps), {"source"}
    assert chosen.model_dump(exclude=globals_say) == merged.model_dump(exclude=globals_say)
    assert chosen.noise_injection.root.describe() == "motion_blur 0.5 + gaussian 0.1"


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("name", DEGRADATIONS)
def test_another_noise_can_be_chosen_over_every_recipe(recipe: str, name: str) -> None:
    """The options of the recipe's own are not those of the other."""
    chosen = chosen_over(recipe, noise_injection={"name": name})
    own = parameters(recipe)["noise_injection"]
    if isinstance(own, list) or name != own["name"]:
        assert chosen.noise_injection.root == DEGRADATIONS[name](name=name)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_another_architecture_can_be_chosen_over_every_recipe(recipe: str, name: str) -> None:
    """Where its output has no bounds, together with a loss that asks for none.

    One for recordings comes with patches of its own: samples, not pixels.
    """
    bounded = ARCHITECTURES[name](name=name).bounded
    given: dict[str, Any] = {"model": {"name": name}} | ({} if bounded else {"loss": "log_mse"})
    if name == "spectral" and parameters(recipe)["training"]["patch"]:
        given["patch"] = 4096
    if recipe == "fitted" and name != "stabilized":
        with pytest.raises(ParameterError, match="'fit_to_noise' learns a curve around a denoiser"):
            chosen_over(recipe, training=given)
        return
    chosen = chosen_over(recipe, training=given).training
    if name != parameters(recipe)["training"]["model"]["name"]:
        assert chosen.model == ARCHITECTURES[name](name=name)
    kept = validate_parameters(parameters(recipe)).training
    others = {"model", *given}
    assert chosen.model_dump(exclude=others) == kept.model_dump(exclude=others)


def test_base_states_every_default_of_the_schema() -> None:
    """What stands in the files is what would hold without them; options of components excepted."""
    stated = flatten(parameters("base"))
    defaults = flatten(Parameters().model_dump(mode="json"))
    chosen = ("noise_injection.", "training.model.")
    options = {key for key in defaults if key.startswith(chosen) and not key.endswith(".name")}
    assert stated == {key: value for key, value in defaults.items() if key not in options}


def described_options(file: str) -> dict[str, dict[str, Any]]:
    """Read the commented list of components: `#   name   option: default, option: default`."""
    found = {}
    for line in (CONF / "base" / file).read_text().splitlines():
        if match := re.fullmatch(r"\s*#   (\w+) {2,}(.+)", line):
            text = re.sub(r" \([^)]*\)", "", match[2])
            found[match[1]] = yaml.safe_load("{" + text + "}")
    return found


@pytest.mark.parametrize(
    ("file", "registry", "some"),
    [
        ("parameters_noise_injection.yml", DEGRADATIONS, {"gaussian", "blind", "zigzag"}),
        (
            "parameters_training.yml",
            {**ARCHITECTURES, **OBJECTIVES},
            {"residual_unet", "dense", "unet", "relative", "noise2noise", "blind_spot"},
        ),
    ],
)
def test_what_the_comments_list_has_these_options_and_defaults(
    file: str, registry: dict[str, type[Component]], some: set[str]
) -> None:
    described = described_options(file)
    assert described.keys() >= some
    assert described == {
        name: registry[name]().model_dump(mode="json", exclude={"name"})  # type: ignore[call-arg]
        for name in described
    }


def test_the_article_is_reproduced_to_the_letter() -> None:
    """Gaussian noise of sigma 0.5 drawn once, 50 epochs of 128, Adam at 0.001, cross-entropy."""
    article = validate_parameters(parameters("article"))
    assert article.noise_injection.model_dump() == {"name": "gaussian", "sigma": 0.5}
    assert article.training.model_dump() == {
        "model": {"name": "convolutional", "filters": 32},
        "objective": {"name": "supervised"},
        "loss": "binary_crossentropy",
        "mse_floor": 1e-5,
        "epochs": 50,
        "batch_size": 128,
        "learning_rate": 0.001,
        "optimizer": "adam",
        "beta_2": 0.999,
        "weight_decay": 0.0,
        "schedule": "constant",
        "warmup": 0.0,
        "gradient_clip": None,
        "precision": "float32",
        "fresh_noise": False,
        "shift": 0,
        "patch": None,
        "patches_per_epoch": None,
        "detail": 1,
        "grey": 0.0,
        "flips": "none",
        "early_stopping_patience": None,
        "resume": True,
        "keep": "last",
        "start": None,
        "minutes": None,
        "interrupt": "stop",
        "distribution": {"shards": 1},
    }


def test_the_runs_of_recipes_go_where_their_globals_say() -> None:
    """A quick try overwrites nothing of a real run."""
    base, smoke = (loader(recipe)["catalog"] for recipe in ("base", "smoke"))
    for name, entry in base.items():
        if (path := entry.get("filepath", "")) and not path.startswith("data/01_raw/"):
            assert smoke[name]["filepath"] == path.replace("data/", "data/smoke/", 1)


def test_a_source_given_at_runtime_is_read_and_recorded() -> None:
    """The folder that is read is the parameter that is recorded, whatever is in its name."""
    for source in ("fashion", "my.mnist", "2024"):
        given = loader("base", source=source)
        assert given["catalog"]["raw_source"]["path"] == f"data/01_raw/{source}"
        assert given["catalog"]["raw_source"]["sha256"].keys() == {"mnist"}
        assert given["parameters"]["source"] == source


def test_pinned_checksums_are_those_of_the_published_files() -> None:
    """One for each file of MNIST, packed and unpacked; unpacked as `fetch` has them."""
    pinned = loader("base")["catalog"]["raw_source"]["sha256"]["mnist"]
    assert pinned.keys() == MNIST_SHA256.keys() | {f"{name}.gz" for name in MNIST_SHA256}
    assert {name: pinned[name] for name in MNIST_SHA256} == MNIST_SHA256
