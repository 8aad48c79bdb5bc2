"""Every parameter can be given on the command line, and is written as it is read."""

import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from denoising_pipeline.config import (
    ParameterError,
    Parameters,
    flatten,
    format_params,
    parse_params,
    validate_parameters,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("seed=1", {"seed": 1}),
        ("seed=1, training.epochs=3,", {"seed": 1, "training": {"epochs": 3}}),
        ("training.model.widths=[64,128]", {"training": {"model": {"widths": [64, 128]}}}),
        ("robustness.levels=[0.1, 0.2],seed=2", {"robustness": {"levels": [0.1, 0.2]}, "seed": 2}),
        (
            "benchmark.baselines=[noisy,median filter + tone]",
            {"benchmark": {"baselines": ["noisy", "median filter + tone"]}},
        ),
        (
            "training.model={name: dense, nodes: [9, 8]}",
            {"training": {"model": {"name": "dense", "nodes": [9, 8]}}},
        ),
        (
            "noise_injection=[{name: masking}, {name: gaussian, sigma: 0.1}]",
            {"noise_injection": [{"name": "masking"}, {"name": "gaussian", "sigma": 0.1}]},
        ),
        ("training.learning_rate=1e-3", {"training": {"learning_rate": 0.001}}),
        ("training.gradient_clip=null", {"training": {"gradient_clip": None}}),
        ("training.fresh_noise=false", {"training": {"fresh_noise": False}}),
        ("training={epochs: 2},training.epochs=3", {"training": {"epochs": 3}}),
        ("training.model.name=a,training.model.name=b", {"training": {"model": {"name": "b"}}}),
    ],
)
def test_values_are_yaml_and_commas_in_brackets_part_of_them(
    text: str, expected: dict[str, Any]
) -> None:
    assert parse_params(text) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2024", "2024"),
        ("'2024'", "2024"),
        ('"2024"', "2024"),
        ("true", "true"),
        ("1e-3", "1e-3"),
        ("my.mnist", "my.mnist"),
        ("no: mapping", "no: mapping"),
        ("a #b", "a #b"),
        ("@x", "@x"),
        ("'a' = b", "'a' = b"),
        ("it's", "it's"),
        ("x IN ('a', 'b')", "x IN ('a', 'b')"),
        ('"a, b\'s"', "a, b's"),
        ("''", ""),
        ("null", None),
    ],
)
@pytest.mark.parametrize("key", ["comparison.filter", "robustness.other_source"])
def test_a_text_needs_no_quotes_where_the_schema_has_a_text(
    key: str, value: str, text: str | None
) -> None:
    read = parse_params(f"{key}={value},seed=1")
    assert flatten(read) == {key: text, "seed": 1}


def test_a_source_may_be_called_by_a_number() -> None:
    assert validate_parameters(parse_params("source=2024")).source == "2024"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed", "'seed' is no key=value"),
        ("robustness.levels=0.1,0.2", "'0.2' is no key=value. A list has brackets around it"),
        ("=3", "'=3' has no key"),
        ("training..epochs=3", "has no key"),
        ("ingestion.limit=", "ingestion.limit: no value; write null for none"),
        ("robustness.levels=[0.1", "a ']' is missing at its end"),
        ("training.model={name: dense,seed=1", "a '}' is missing at its end"),
        ("comparison.filter='a", "a ' is missing at its end"),
        ("robustness.levels=[0.1]]", "robustness.levels: '[0.1]]' is no YAML"),
        ("training.epochs=\udcff", "is no YAML"),
        ("training.epochs=@", "training.epochs: '@' is no YAML. Put a text in quotes."),
    ],
)
def test_what_cannot_be_read_is_named_with_what_to_do(text: str, words: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(words)):
        parse_params(text)


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text().filter(lambda text: "${" not in text and "\r" not in text)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab '\",=.1"), inner),
    max_leaves=8,
)


@pytest.mark.no_cover  # It takes twice as long under coverage, which the cases above give.
@settings(deadline=None)
@given(parameters=st.dictionaries(st.from_regex(r"[a-z_]\w{0,5}", fullmatch=True), VALUES))
def test_what_is_written_is_read_back_exactly(parameters: dict[str, Any]) -> None:
    text = format_params(parameters)
    assert "\n" not in text
    assert parse_params(text) == parameters


def test_what_is_not_a_number_is_read_back_as_such() -> None:
    assert math.isnan(parse_params(format_params({"a": math.nan}))["a"])


def test_all_parameters_at_once_are_read_back() -> None:
    """The texts among them, too, although these need no quotes."""
    given = {"source": "2024", "comparison": {"filter": "a = 'b', c", "reference": "0123"}}
    everything = validate_parameters(given)
    read = parse_params(format_params(everything.model_dump(mode="json")))
    assert validate_parameters(read) == everything
    assert Parameters() != everything


def test_plain_parameters_are_written_plainly() -> None:
    given = {"seed": 1, "training": {"loss": "mse", "gradient_clip": None, "epochs": 2}}
    expected = "seed=1,training.loss=mse,training.gradient_clip=null,training.epochs=2"
    assert format_params(given) == expected
    listed = {"robustness": {"levels": [0.1, 0.2]}}
    assert format_params(listed) == "robustness.levels=[0.1, 0.2]"
