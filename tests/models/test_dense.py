"""The dense network has the layers that its options say."""

from typing import Any

import pytest
from pydantic import ValidationError

from denoising_pipeline.models.dense import Dense


def widths(model: Any, part: str) -> list[tuple[int, str]]:
    """Nodes and activation of each dense layer of a sub-model, in order."""
    configs = [layer.get_config() for layer in model.get_layer(part).layers]
    return [(config["units"], config["activation"]) for config in configs if "units" in config]


def test_the_article_options_are_the_defaults() -> None:
    model = Dense().build((28, 28, 1), 0)
    assert widths(model, "encoder") == [(128, "relu"), (128, "relu"), (32, "relu")]
    assert widths(model, "decoder") == [(128, "relu"), (128, "relu"), (784, "sigmoid")]


def test_the_decoder_mirrors_the_encoder() -> None:
    model = Dense(latent_dim=3, layers=3, nodes=(16, 8, 4)).build((4, 5, 3), 0)
    assert [nodes for nodes, _ in widths(model, "encoder")] == [16, 8, 4, 3]
    assert [nodes for nodes, _ in widths(model, "decoder")] == [4, 8, 16, 60]


def test_the_decoder_has_nodes_of_its_own_when_given() -> None:
    model = Dense(layers=1, nodes=8, decoder_nodes=(5, 6, 7)).build((4, 4, 1), 0)
    assert [nodes for nodes, _ in widths(model, "decoder")] == [5, 6, 7, 16]
    linear = Dense(layers=1, nodes=8, decoder_nodes=()).build((4, 4, 1), 0)
    assert [nodes for nodes, _ in widths(linear, "decoder")] == [16]


def test_no_hidden_layer_is_allowed() -> None:
    model = Dense(layers=0, latent_dim=2).build((4, 4, 1), 0)
    assert widths(model, "encoder") == [(2, "relu")]
    assert widths(model, "decoder") == [(16, "sigmoid")]


def test_code_and_output_may_be_linear() -> None:
    network = Dense(layers=1, nodes=8, latent_dim=2, code="linear", output="linear")
    model = network.build((4, 4, 1), 0)
    assert widths(model, "encoder") == [(8, "relu"), (2, "linear")]
    assert widths(model, "decoder") == [(8, "relu"), (16, "linear")]
    assert not network.bounded
    assert Dense(code="linear").bounded


def test_lists_of_a_parameters_file_become_immutable() -> None:
    options = {"layers": 2, "nodes": [64, 32], "decoder_nodes": [16]}
    assert Dense.model_validate(options) == Dense(layers=2, nodes=(64, 32), decoder_nodes=(16,))


def test_another_number_of_nodes_than_layers_is_refused() -> None:
    with pytest.raises(ValidationError, match="nodes lists 3 layers but layers is 2"):
        Dense(nodes=(1, 2, 3))


@pytest.mark.parametrize(
    ("option", "value"),
    [("latent_dim", 0), ("layers", -1), ("layers", 17), ("nodes", 0), ("decoder_nodes", [0])],
)
def test_options_are_bounded(option: str, value: object) -> None:
    with pytest.raises(ValidationError, match=option):
        Dense.model_validate({option: value})


@pytest.mark.parametrize("nodes", [["64", 32], [64.0, 32], True])
def test_numbers_are_not_guessed_from_other_types(nodes: object) -> None:
    with pytest.raises(ValidationError, match="nodes"):
        Dense.model_validate({"nodes": nodes})
