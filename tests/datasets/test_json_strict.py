"""`StrictJsonDataset`: any JSON reader can read the file, and no number is lost."""

import json
import math
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError

from denoising_pipeline.datasets import StrictJsonDataset
from denoising_pipeline.datasets.json_strict import from_json, to_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text().filter(lambda key: key != "non_finite"), VALUES, max_size=4))
def test_fault_r43_every_object_survives_as_strict_json(data: dict[str, Any]) -> None:
    """Any nesting, any key, any number; the text has no NaN and no Infinity in it."""
    text = to_json(data)
    json.loads(text, parse_constant=pytest.fail)
    assert repr(from_json(text)) == repr(data)


def test_file_is_as_documented(tmp_path: Path) -> None:
    """Null in place of the number, its pointer and its name in the list, keys in their order."""
    path = tmp_path / "a.json"
    data = {"z/ä": [1.0, -math.inf], "a": {"b": math.nan}, "c": np.float64("inf")}
    StrictJsonDataset(filepath=path).save(data)
    content = json.loads(path.read_bytes())
    assert list(content) == ["z/ä", "a", "c", "non_finite"]
    assert content["z/ä"] == [1.0, None]
    assert content["non_finite"] == {"/z~1ä/1": "-inf", "/a/b": "nan", "/c": "inf"}


def test_finite_object_has_no_list() -> None:
    """The ordinary case is an ordinary file, indented by two."""
    assert to_json({"psnr": 20.5}) == '{\n  "psnr": 20.5\n}\n'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([1], "is a dict, this is list"),
        ({1: 2}, "key 1 is int"),
        ({"a": [{math.nan: 1}]}, "key nan is float"),
        ({"non_finite": {}}, "reserved"),
        ({"a": np.float32(1)}, "float32"),
    ],
)
def test_what_json_would_change_is_refused(tmp_path: Path, data: Any, message: str) -> None:
    """Nothing is written that would come back as something else."""
    with pytest.raises(DatasetError, match=message):
        StrictJsonDataset(filepath=tmp_path / "a.json").save(data)


@pytest.mark.parametrize(
    "text",
    [
        "[1]",
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1} x',
        '{"non_finite": {"/a": "nan"}}',
        '{"a": 1, "non_finite": {"/a": "nan"}}',
        '{"a": null, "non_finite": {"/a": "many"}}',
        '{"a": null, "non_finite": ["/a"]}',
        '{"a": [null], "non_finite": {"/a/x": "nan"}}',
        '{"a": null, "non_finite": {"": "nan"}}',
    ],
)
def test_other_json_is_corrupt(tmp_path: Path, text: str) -> None:
    """Lax JSON, and lists of numbers that are not there, are refused with the file's name."""
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(DatasetError, match=r"a.json' is corrupt or no strict JSON object"):
        StrictJsonDataset(filepath=path).load()


def test_preview_is_what_kedro_viz_expects(tmp_path: Path) -> None:
    """Kedro-Viz goes by the annotation, and gets JSON that a browser parses."""
    dataset = StrictJsonDataset(filepath=tmp_path / "a.json")
    dataset.save({"a": math.inf})
    assert signature(dataset.preview).return_annotation.__name__ == "JSONPreview"
    assert json.loads(dataset.preview(), parse_constant=pytest.fail)["a"] is None
