"""Denoiser files of others: what is in them is looked at before it is run or unpacked."""

import importlib.util
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import onnx
import pytest
from limits import PATIENCE
from onnx import AttributeProto, ModelProto, TensorProto, helper, numpy_helper
from small_denoiser import write_denoiser

from denoising_pipeline.denoiser.file import DENOISER, load_denoiser, read_network
from denoising_pipeline.denoiser.onnx_weights import with_keras
from denoising_pipeline.denoiser.untrusted import check_hdf5

SMALL_MACHINE = """
import resource, sys
from types import SimpleNamespace
import numpy as np, psutil
from denoising_pipeline import Denoiser
psutil.virtual_memory = lambda: SimpleNamespace(available=2**28)
denoiser = Denoiser.load(sys.argv[1])
denoiser.model.threads = 1  # each has a stack
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    denoiser.denoise(np.zeros((64, 64, 3), np.uint8), fast=sys.argv[2] == "True")
except MemoryError as error:
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(grown * 1024 < 2**28 + 2**26, error)
"""
NOISY = np.zeros((1, 8, 8, 3), np.float32)
FAST = pytest.param(
    True,
    marks=pytest.mark.skipif(
        not importlib.util.find_spec("openvino"), reason="needs the extra `fast`"
    ),
)


def packed(members: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.fixture
def members(tmp_path: Path) -> dict[str, bytes]:
    """Of a file that says nothing of its weights, so that any may be put in."""
    with zipfile.ZipFile(write_denoiser(tmp_path / "denoiser.zip", told=False)) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    described = json.loads(found["denoiser.json"]) | {"weights_digest": None}
    return found | {"denoiser.json": json.dumps(described).encode()}


def denoised(members: dict[str, bytes], network: bytes, *, fast: bool = False) -> Any:
    content = packed(members | {"model.onnx": network})
    return read_network(io.BytesIO(content), DENOISER).denoise(NOISY, fast=fast)


def outside(model: ModelProto) -> None:
    """Weights that lie in a file of that name, from which they would be read."""
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    entry = weight.external_data.add()
    entry.key, entry.value = "location", "secrets.bin"


def outside_of_a_constant(model: ModelProto) -> None:
    outside(model)
    weight = model.graph.initializer.pop(0)
    model.graph.node.insert(0, helper.make_node("Constant", [], [weight.name], value=weight))


def looping(model: ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    node = helper.make_node("Loop", ["", "", "planes"], ["planes again"], body=body)
    assert node.attribute[0].type == AttributeProto.GRAPH
    model.graph.node.append(node)


def foreign(model: ModelProto) -> None:
    model.graph.node[0].domain = "somebody.else"


def another_input(model: ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))


def no_numbers(model: ModelProto) -> None:
    wrong = np.full_like(numpy_helper.to_array(model.graph.initializer[0]), np.nan)
    weight = numpy_helper.from_array(wrong, model.graph.initializer[0].name)
    model.graph.initializer[0].CopyFrom(weight)


def no_channels(model: ModelProto) -> None:
    model.graph.output[0].type.tensor_type.shape.ClearField("dim")


def lying(model: ModelProto) -> None:
    """An array whose bytes are not there."""
    model.graph.initializer[0].dims[0] = 2**40


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (outside, "do not lie in it"),
        (outside_of_a_constant, "do not lie in it"),
        (looping, "may go on for ever"),
        (foreign, "operators that ONNX does not have"),
        (another_input, "with the inputs"),
        (no_numbers, "weights are no numbers"),
        (no_channels, "how many channels"),
        (lying, "is damaged"),
    ],
)
def test_fault_p15_a_network_that_reaches_out_or_never_ends_is_refused_before_it_is_run(
    members: dict[str, bytes],
    change: Callable[[ModelProto], None],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where the file with the weights is there to be read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secrets.bin").write_bytes(bytes(10**4))
    model = onnx.load_from_string(members["model.onnx"])
    change(model)
    with pytest.raises(ValueError, match=rf"^holds a network .*{said}"):
        denoised(members, model.SerializeToString())


@pytest.mark.parametrize("network", [b"", b"no network", bytes(1000)])
def test_fault_p15_a_network_of_any_bytes_is_refused(
    members: dict[str, bytes], network: bytes
) -> None:
    with pytest.raises(ValueError, match=r"^holds a network"):
        denoised(members, network)


def doubling(model: ModelProto) -> None:
    """768 MiB of 64 x 64 pixels, and half as much, and so on."""
    first = model.graph.node[0]
    given = first.input[0]
    for step in range(14):
        twice = helper.make_node("Concat", [given, given], [f"twice {step}"], axis=0)
        model.graph.node.insert(step, twice)
        given = twice.output[0]
    first.input[0] = given


def filling(model: ModelProto) -> None:
    """512 MiB that are nowhere in the file, before any pixel is seen."""
    model.graph.initializer.append(numpy_helper.from_array(np.array([2**27]), "size"))
    first = model.graph.node[0]
    nodes = [
        helper.make_node("ConstantOfShape", ["size"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["zero"], keepdims=0),
        helper.make_node("Add", [first.input[0], "zero"], ["the same"]),
    ]
    first.input[0] = "the same"
    for place, node in enumerate(nodes):
        model.graph.node.insert(place, node)


@pytest.mark.parametrize("change", [doubling, filling])
@pytest.mark.parametrize("fast", [False, FAST])
def test_fault_p15_a_network_that_was_made_to_take_memory_ends_where_memory_ends(
    members: dict[str, bytes], change: Callable[[ModelProto], None], fast: bool, tmp_path: Path
) -> None:
    """In either engine; the machine seems to have 256 MiB left."""
    model = onnx.load_from_string(members["model.onnx"])
    change(model)
    path = tmp_path / "large.zip"
    path.write_bytes(packed(members | {"model.onnx": model.SerializeToString()}))
    done = subprocess.run(
        [sys.executable, "-c", SMALL_MACHINE, str(path), str(fast)],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert done.stdout.startswith("True"), done.stdout


def test_a_network_that_cannot_be_run_is_told_in_a_sentence(members: dict[str, bytes]) -> None:
    model = onnx.load_from_string(members["model.onnx"])
    model.graph.node[1].op_type = "Nothing"
    with pytest.raises(ValueError, match="network of this denoiser cannot be run"):
        denoised(members, model.SerializeToString())


@pytest.mark.parametrize("fast", [False, FAST])
def test_a_network_that_gives_another_size_is_told_in_a_sentence(
    members: dict[str, bytes], fast: bool
) -> None:
    model = onnx.load_from_string(members["model.onnx"])
    model.graph.node[1].attribute[0].ints[:] = [0, 0, 0, 0]
    with pytest.raises(ValueError, match="no images of the same size"):
        denoised(members, model.SerializeToString(), fast=fast)


def test_weights_that_are_computed_cannot_be_trained_on(
    members: dict[str, bytes], tmp_path: Path
) -> None:
    model = onnx.load_from_string(members["model.onnx"])
    model.graph.initializer[0].name = "half"
    model.graph.node.insert(0, helper.make_node("Relu", ["half"], ["mean"]))
    path = tmp_path / "computed.zip"
    path.write_bytes(packed(members | {"model.onnx": model.SerializeToString()}))
    with pytest.raises(ValueError, match="cannot be told apart"):
        with_keras(load_denoiser(path))


def test_fault_p15_a_name_in_the_zip_that_is_no_text_is_corrupt(members: dict[str, bytes]) -> None:
    content = packed({"ä": b"", **members}).replace("ä".encode(), b"\xff\xff")
    with pytest.raises(ValueError, match="is corrupt or no denoiser file"):
        read_network(io.BytesIO(content), DENOISER)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["../denoiser.json", "/etc/passwd", "more", "denoiser.json"])
def test_a_zip_with_other_members_is_refused(members: dict[str, bytes], name: str) -> None:
    """Nothing of it is ever written to the disk under its own name, wherever that leads."""
    with zipfile.ZipFile(file := io.BytesIO(packed(members)), "a") as archive:
        archive.writestr(name, b"{}")
    with pytest.raises(ValueError, match="is corrupt or no denoiser file"):
        read_network(file, DENOISER)


def test_a_zip_that_unpacks_to_more_is_refused(members: dict[str, bytes]) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content + bytes(10**7) * (name == "model.onnx"))
    with pytest.raises(ValueError, match="members are compressed"):
        read_network(file, DENOISER)


def test_fault_p15_weights_that_unpack_to_more_than_they_are_take_no_memory() -> None:
    with h5py.File(file := io.BytesIO(), "w") as made:
        made.create_dataset("zeros", (2**20,), "f4", chunks=(2**16,), compression="gzip")
    with pytest.raises(ValueError, match="bytes announce 4,194,304"):
        check_hdf5(file.getvalue())
    with h5py.File(file := io.BytesIO(), "w") as plain:
        plain["zeros"] = np.zeros(2**10, np.float32)
    check_hdf5(file.getvalue())
