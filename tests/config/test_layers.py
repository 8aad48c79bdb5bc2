"""Layers of parameters are merged softly, but for components that another one replaces."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from denoising_pipeline.config import merge_layers

BLUR = [{"name": "motion_blur"}]
GAUSSIAN = {"name": "gaussian", "sigma": 0.1}


@pytest.mark.parametrize(
    ("below", "above", "expected"),
    [
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}}, {"a": {"x": 1, "y": 3}}),
        ({"a": {"x": {"y": 1}}}, {"a": {"x": {"z": 2}}}, {"a": {"x": {"y": 1, "z": 2}}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"x": 1}}, {"a": None}, {"a": None}),
        ({"n": GAUSSIAN}, {"n": {"sigma": 0.2}}, {"n": {"name": "gaussian", "sigma": 0.2}}),
        ({"n": GAUSSIAN}, {"n": {"name": "gaussian"}}, {"n": GAUSSIAN}),
        ({"n": GAUSSIAN}, {"n": {"name": "poisson"}}, {"n": {"name": "poisson"}}),
        ({"n": GAUSSIAN}, {"n": BLUR}, {"n": BLUR}),
        ({"n": BLUR}, {"n": GAUSSIAN}, {"n": GAUSSIAN}),
        ({"n": {"x": 1}}, {"n": {"name": "poisson"}}, {"n": {"x": 1, "name": "poisson"}}),
    ],
)
def test_what_is_above_holds(
    below: dict[str, Any], above: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert merge_layers(below, above) == expected


def test_a_component_that_comes_back_has_nothing_of_its_first_options() -> None:
    """As `--params noise_injection.name=gaussian` over a recipe with another noise."""
    layers: list[dict[str, Any]] = [
        {"n": GAUSSIAN},
        {"n": {"name": "blind", "gaussian": 1}},
        {"n": {"name": "gaussian"}},
    ]
    assert merge_layers(*layers) == {"n": {"name": "gaussian"}}


TREES = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner)),
)


@settings(deadline=None)
@given(layers=st.lists(TREES, max_size=4))
def test_layers_are_merged_in_any_grouping_and_left_as_they_are(
    layers: list[dict[str, Any]],
) -> None:
    before = repr(layers)
    merged = merge_layers(*layers)
    assert merge_layers(*layers[:2], *layers[2:], {}) == merged
    assert merge_layers(merge_layers(*layers[:-1]), *layers[-1:]) == merged
    assert repr(layers) == before
