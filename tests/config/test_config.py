"""One schema refuses every mistake at once, by its full key; values nobody knows stay unsaid."""

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denoising_pipeline.baselines.inpainting import TOLD_WHERE
from denoising_pipeline.config import ParameterError, Parameters, flatten, validate_parameters
from denoising_pipeline.config.errors import RENAMED
from denoising_pipeline.degradations import DEGRADATIONS, NOISES
from denoising_pipeline.models import ARCHITECTURES

SECRET = "hunter2"


def nested(key: str, value: Any) -> dict[str, Any]:
    """`nested("a.b", 1)` is `{"a": {"b": 1}}`."""
    first, _, rest = key.partition(".")
    return {first: nested(rest, value) if rest else value}


def refusals(raw: dict[str, Any]) -> list[str]:
    """Return the lines of the error, the count in its heading checked."""
    with pytest.raises(ParameterError) as caught:
        validate_parameters(raw)
    heading, *lines = str(caught.value).splitlines()
    keys = {line.strip().split(": ")[0] for line in lines}
    assert heading == f"{len(keys)} parameter{'s are' if len(keys) > 1 else ' is'} not allowed:"
    return [line.removeprefix("  ") for line in lines]


def refusal(raw: dict[str, Any]) -> str:
    (line,) = refusals(raw)
    return line


def test_nothing_given_is_every_default() -> None:
    assert validate_parameters({}) == Parameters()


def test_the_complete_parameters_are_accepted_as_they_are() -> None:
    """What a run records can be given back to it."""
    complete = validate_parameters({"training": {"model": {"name": "dense", "nodes": [9, 8]}}})
    assert validate_parameters(complete.model_dump(mode="json")) == complete
    assert validate_parameters(complete.model_dump()) == complete


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("sead", "seed"),
        ("trainign", "training"),
        ("training.epohcs", "epochs"),
        ("preprocessing.validation_image", "validation_images"),
        ("reporting.exmaples", "examples"),
    ],
)
def test_fault_r50_a_misspelt_key_is_named_whole_with_its_nearest_and_all_that_are_allowed(
    key: str, nearest: str
) -> None:
    line = refusal(nested(key, SECRET))
    assert line.startswith(f"{key}: no such parameter; did you mean {nearest!r}? Allowed: ")
    section = key.rpartition(".")[0]
    siblings = getattr(Parameters(), section) if section else Parameters()
    assert line.split("Allowed: ")[1].split(", ") == list(type(siblings).model_fields)


@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)
def test_an_option_of_no_architecture_is_named_whole(architecture: Any) -> None:
    model = {"name": architecture.model_fields["name"].default, "no_such_option": SECRET}
    line = refusal({"training": {"model": model}})
    options = ", ".join(architecture.model_fields)
    assert line == f"training.model.no_such_option: no such parameter; allowed: {options}"


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_a_misspelt_option_of_a_noise_model_is_named_with_its_nearest(noise: Any) -> None:
    name = noise.model_fields["name"].default
    line = refusal({"noise_injection": {"name": name, f"{noise.level}_": 0.1}})
    assert f"noise_injection.{noise.level}_: no such parameter" in line
    assert f"did you mean {noise.level!r}?" in line


@pytest.mark.parametrize(
    "raw",
    [
        {"token": SECRET},
        {"token": {"deep": {"deeper": SECRET}}},
        {"training": {"token": [SECRET]}},
        {"training": {"model": {"name": "dense", "nodes": [1, 2, 3], "token": SECRET}}},
        {"noise_injection": {"name": "gaussian", "token": SECRET}},
        {"noise_injection": {"token": SECRET}},
        {"training": {7: SECRET}},
    ],
)
def test_fault_r39_the_value_of_an_unknown_key_is_never_repeated(raw: dict[str, Any]) -> None:
    """It may be a secret; logs and terminals keep what they are told."""
    with pytest.raises(ParameterError) as caught:
        validate_parameters(raw)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("key", "name", "registry"),
    [("noise_injection", name, DEGRADATIONS) for name in DEGRADATIONS]
    + [("training.model", name, ARCHITECTURES) for name in ARCHITECTURES],
)
def test_unknown_components_are_refused_with_the_registered_ones(
    key: str, name: str, registry: dict[str, Any]
) -> None:
    allowed = ", ".join(registry)
    line = refusal(nested(key, {"name": f"{name}e"}))
    assert line == f"{key}.name: '{name}e' is unknown; did you mean {name!r}? Allowed: {allowed}"
    assert refusal(nested(key, {})) == f"{key}.name: a name is missing; allowed: {allowed}"
    for other in (5, None, [name]):
        assert refusal(nested(key, {"name": other})).startswith(f"{key}.name: ")


@pytest.mark.parametrize("key", ["training.loss", "training.keep"])
def test_unknown_choices_are_refused_with_the_known_ones(key: str) -> None:
    known = {"training.loss": ("mse", "binary_crossentropy"), "training.keep": ("last", "best")}
    line = refusal(nested(key, known[key][0] + "_"))
    assert line.startswith(f"{key}: '{known[key][0]}_' is unknown; did you mean '{known[key][0]}'?")
    assert all(choice in line.split("Allowed: ")[1] for choice in known[key])
    assert refusal(nested(key, 5)).startswith(f"{key}: 5 is unknown; allowed: ")


LOWEST = {
    "seed": 0,
    "ingestion.limit": 20,
    "ingestion.classes": 2,
    "preprocessing.validation_images": 1,
    "training.epochs": 1,
    "training.batch_size": 1,
    "training.early_stopping_patience": 1,
    "evaluation.sweep_images": 1,
    "reporting.examples": 1,
    "reporting.best_and_worst": 1,
    "comparison.newest": 2,
    "comparison.resamples": 100,
    "robustness.images": 5,
    "downstream.epochs": 1,
    "downstream.batch_size": 1,
    "downstream.worst": 1,
    "uncertainty.images": 1,
    "uncertainty.epochs": 1,
    "uncertainty.batch_size": 1,
    "uncertainty.examples": 1,
}
HIGHEST = {
    "ingestion.classes": 256,
    "training.learning_rate": 1,
    "reporting.examples": 20,
    "reporting.best_and_worst": 10,
    "comparison.newest": 30,
    "comparison.resamples": 100_000,
    "downstream.learning_rate": 1,
    "downstream.worst": 20,
    "uncertainty.learning_rate": 1,
    "uncertainty.examples": 20,
}


@pytest.mark.parametrize("key", LOWEST)
def test_the_lowest_number_is_accepted_and_less_refused(key: str) -> None:
    validate_parameters(nested(key, LOWEST[key]))
    line = refusal(nested(key, LOWEST[key] - 1))
    assert line.startswith(f"{key}: {LOWEST[key] - 1} is not allowed")
    assert line.endswith(f"greater than or equal to {LOWEST[key]}")


@pytest.mark.parametrize("key", HIGHEST)
def test_the_highest_number_is_accepted_and_more_refused(key: str) -> None:
    validate_parameters(nested(key, HIGHEST[key]))
    assert refusal(nested(key, HIGHEST[key] + 1)).endswith(f"less than or equal to {HIGHEST[key]}")


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        *((key, wrong) for key in LOWEST for wrong in (True, "8", 8.0, [8], {"a": 8}, math.nan)),
        *(("training.learning_rate", wrong) for wrong in (0, -1.0, math.nan, math.inf, "1", True)),
        *(("evaluation.confidence", wrong) for wrong in (0.5, 1.0, 95, math.nan, -math.inf)),
        *(("comparison.metrics", wrong) for wrong in ([], ["psnr"] * 5, "psnr", None)),
        *(("comparison.filter", wrong) for wrong in (5, ["a"], True)),
        *(("downstream.confident", wrong) for wrong in (-0.1, 1.0, 90, math.nan, "0.9", None)),
        *(("training.fresh_noise", wrong) for wrong in (1, 0, "true", None)),
        *(("source", wrong) for wrong in ("", "../mnist", "/etc", ".hidden", "a/b", 5, None)),
        *((f"training.{key}", None) for key in ("epochs", "batch_size", "loss", "keep", "model")),
        *((section, wrong) for section in ("training", "ingestion") for wrong in (None, "x", [1])),
        *(("noise_injection", wrong) for wrong in (None, "gaussian", ["gaussian"])),
    ],
)
def test_wrong_types_and_values_are_refused_without_conversion(key: str, wrong: Any) -> None:
    (line, *others) = refusals(nested(key, wrong))
    assert line.startswith(f"{key}")
    assert not others


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
@pytest.mark.parametrize("wrong", [-1, -1e-9, math.nan, math.inf, "0.5", True, None])
def test_impossible_noise_levels_are_refused(noise: Any, wrong: Any) -> None:
    name = noise.model_fields["name"].default
    line = refusal({"noise_injection": {"name": name, noise.level: wrong}})
    assert line.startswith(f"noise_injection.{noise.level}: {wrong!r} is not allowed; ")


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "32", True, None])
def test_an_impossible_bottleneck_is_refused(wrong: Any) -> None:
    line = refusal({"training": {"model": {"name": "dense", "latent_dim": wrong}}})
    assert line.startswith(f"training.model.latent_dim: {wrong!r} is not allowed; ")


def test_a_wrong_list_is_one_parameter_under_its_own_key() -> None:
    """The alternatives of a field leave no trace in its key."""
    lines = refusals({"training": {"model": {"name": "dense", "nodes": [8, "a"]}}})
    assert {line.split(": ")[0] for line in lines} == {"training.model.nodes"}
    mismatch = refusal({"training": {"model": {"name": "dense", "nodes": [1, 2, 3]}}})
    assert re.match(r"training\.model: nodes lists 3 layers but layers is 2\. List", mismatch)


def test_fault_r51_every_mistake_is_reported_at_once() -> None:
    raw = {
        "sede": 1,
        "ingestion": {"limit": 3},
        "noise_injection": {"name": "gaussian", "sigma": -1, "amount": 0.1},
        "training": {
            "model": {"name": "dense", "latent_dim": 0, "latent_dims": 3},
            "loss": "msee",
            "batch_size": 0,
            "epochs": True,
        },
    }
    assert {line.split(": ")[0] for line in refusals(raw)} == {
        "sede",
        "ingestion.limit",
        "noise_injection.sigma",
        "noise_injection.amount",
        "training.model.latent_dim",
        "training.model.latent_dims",
        "training.loss",
        "training.batch_size",
        "training.epochs",
    }


def test_an_unknown_baseline_is_refused_with_the_nearest() -> None:
    line = refusal({"benchmark": {"baselines": ["noisy", "medain filter"]}})
    assert line.startswith("benchmark.baselines: ")
    assert "'medain filter' is unknown; did you mean 'median filter'? Allowed: " in line
    assert "posterior mean" in line


@pytest.mark.parametrize(
    "key",
    ["training.gradient_clip", "ingestion.limit", "comparison.filter", "robustness.other_source"],
)
def test_pythons_word_for_nothing_is_answered_with_that_of_yaml(key: str) -> None:
    """Even where any text is allowed."""
    line = refusal(nested(key, "None"))
    assert line.startswith(f"{key}: 'None' is ")
    assert line.endswith("; write null for none")


@pytest.mark.parametrize(
    ("key", "registry"), [("noise_injection", NOISES), ("training.model", ARCHITECTURES)]
)
def test_a_component_in_one_word_is_answered_with_where_its_name_belongs(
    key: str, registry: dict[str, Any]
) -> None:
    known = next(iter(registry))
    line = refusal(nested(key, known))
    assert line == f"{key}: {known!r} is not allowed; the name is {key}.name"
    line = refusal(nested(key, f"{known}e"))
    assert f"the name is {key}.name; did you mean {known!r}? Allowed: " in line


@pytest.mark.parametrize("old", RENAMED)
def test_a_renamed_parameter_names_its_new_key(old: str) -> None:
    line = refusal(nested(old, {"epochs": SECRET}))
    assert line == f"{old}: renamed; now {RENAMED[old]!r}"
    assert RENAMED[old] in {*Parameters.model_fields, *flatten(Parameters().model_dump())}


def test_parameters_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Parameters().seed = 1  # type: ignore[misc]


TREES = st.recursive(
    st.integers(), lambda inner: st.dictionaries(st.text("abc"), inner), max_leaves=8
)


@pytest.mark.no_cover  # It takes twice as long under coverage, which others give.
@given(tree=st.dictionaries(st.text("abc", min_size=1), TREES))
def test_flattening_keeps_every_leaf_under_its_path(tree: dict[str, Any]) -> None:
    def leaves(node: Any, path: tuple[str, ...] = ()) -> dict[str, Any]:
        if not isinstance(node, dict):
            return {".".join(path): node}
        return {k: v for key, child in node.items() for k, v in leaves(child, (*path, key)).items()}

    assert flatten(tree) == leaves(tree)


@pytest.mark.parametrize(
    ("key", "problem"),
    [("robustness.classical", "not allowed"), ("evaluation.baseline", "unknown")],
)
def test_an_unknown_baseline_is_refused_with_its_nearest(key: str, problem: str) -> None:
    line = refusal(nested(key, "median filtre"))
    assert line.startswith(f"{key}: 'median filtre' is {problem}; ")
    assert "did you mean 'median filter'? Allowed: " in line


def test_what_is_told_where_can_be_scored_beside() -> None:
    parameters = validate_parameters({"evaluation": {"baseline": TOLD_WHERE}})
    assert parameters.evaluation.baseline == TOLD_WHERE


@pytest.mark.parametrize("key", ["levels", "severities"])
def test_a_level_beyond_one_is_named_by_its_list(key: str) -> None:
    assert refusal({"robustness": {key: [0.5, 1.5]}}).startswith(f"robustness.{key}: 1.5 is not")
