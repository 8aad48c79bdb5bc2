"""The file of a trained network: data and no code, with a card that says what it is."""

import hashlib
import json
import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Annotated, Any, NamedTuple, Protocol, TypeVar
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from denoising_pipeline import __version__
from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.core.components import component_name
from denoising_pipeline.denoiser.card import Card
from denoising_pipeline.denoiser.denoiser import Denoiser
from denoising_pipeline.denoiser.onnx_network import OnnxNetwork
from denoising_pipeline.denoiser.quality import Quality
from denoising_pipeline.denoiser.untrusted import check_hdf5, check_onnx
from denoising_pipeline.evaluation.classifier import Classifier
from denoising_pipeline.models import ARCHITECTURES
from denoising_pipeline.models.digit_network import DigitNetwork

FORMAT = 2
"""Number of the file format, raised when an older version of the package could not read it.

1: without a card. 2: with one, and sizes that may be null, for images of any size.
"""

READABLE = (1, 2)
"""Formats that can be read."""

WEIGHTS = "model.weights.h5"

HALF = 2
"""Bytes of the smallest kind of number that weights are stored in."""

ONNX = "model.onnx"
"""In place of the weights: a network that runs without Keras and TensorFlow."""

MOST_DESCRIBED = 4 * 2**20
"""Bytes that a description may have; that of `photos` has 31 KB."""

BROKEN = (
    *(BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, MemoryError),
    *(ValueError, OverflowError, struct.error),
)
"""What reading a damaged zip raises; a flipped bit may say "encrypted" or "of a newer version"."""

Size = Annotated[int, Field(ge=1, le=2**16)]


class Description(BaseModel):
    """What the JSON file of a network says."""

    format: int = FORMAT
    package_version: str = __version__
    keras_version: str | None
    architecture: dict[str, Any]
    image_shape: tuple[Size | None, Size | None, Size]
    out_channels: Size | None = None
    bytes_per_pixel: Annotated[int, Field(ge=1)] | None = None
    weight_count: Annotated[int, Field(ge=1)] | None = None
    weights_digest: str | None = None
    quality: Quality | None = None
    card: Card | None = None


AnySchema = TypeVar("AnySchema", bound=BaseModel)


class Network(Protocol):
    """A `keras.Model` with what it takes to build it again."""

    architecture: Any
    image_shape: Any
    model: Any


class Kind(NamedTuple):
    """A kind of network.

    Attributes:
        name: What it is called; its JSON file is `<name>.json`.
        network: Its class, made of architecture, image shape, model and card.
        architectures: Class of architecture by name.
    """

    name: str
    network: Any
    architectures: Mapping[str, Any]


DENOISER = Kind("denoiser", Denoiser, ARCHITECTURES)
CLASSIFIER = Kind("classifier", Classifier, {component_name(DigitNetwork): DigitNetwork})


def load_denoiser(path: str | Path) -> Denoiser:
    """Load a denoiser from its file.

    Args:
        path: Such as `data/06_models/denoiser.zip/<version>/denoiser.zip`.

    Returns:
        The denoiser with its card, if the file has one (those of format 1 have none).

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is none, or this version of the package does not know it.
    """
    with Path(path).open("rb") as file:
        try:
            denoiser: Denoiser = read_network(file, DENOISER)
        except ValueError as error:
            raise ValueError(f"'{path}' {error}") from error
    return denoiser


def read_network(file: IO[bytes], kind: Kind) -> Any:
    """Read a network: build its architecture with this package's code, and put numbers into it.

    Args:
        file: An uncompressed zip of `<kind>.json` and `model.weights.h5`, seekable; a denoiser's
            may hold `model.onnx` instead, and is then loaded without Keras and TensorFlow.
        kind: What it should be.

    Returns:
        The network, of the class of its kind.

    Raises:
        ValueError: What is wrong with the file, to be put after its name.
    """
    members = _unpack(file, kind.name)
    description = _parse(members.pop(f"{kind.name}.json"), kind.name)
    (weights,) = members.values()
    architecture = _architecture(description, kind)
    if ONNX in members:
        check_onnx(members[ONNX])
        memory, count = description.bytes_per_pixel or 1, description.weight_count or 0
        model: Any = OnnxNetwork(members[ONNX], memory, count)
    else:
        _check_size(architecture.fewest_weights(description.image_shape), members[WEIGHTS])
        model = _built(architecture, description.image_shape, description.out_channels)
        _set_weights(model, members[WEIGHTS], kind.name)
    _check_digest(description, weights, kind.name)
    parts = [architecture, description.image_shape, model]
    parts += [description.card, description.quality] if kind is DENOISER else []
    return kind.network(*parts)


def write_network(network: Network, kind: Kind, file: IO[bytes]) -> None:
    """Write a network; the optimizer's state is not saved.

    Args:
        network: The network.
        kind: What it is.
        file: Where it goes.
    """
    portable = network.model if isinstance(network.model, OnnxNetwork) else None
    weights: bytes = portable.content if portable else _weights(network)
    description = Description(
        keras_version=None if portable else load_keras().__version__,
        architecture=network.architecture.model_dump(mode="json"),
        image_shape=network.image_shape,
        out_channels=getattr(network, "out_channels", None),
        bytes_per_pixel=portable and portable.bytes_per_pixel,
        weight_count=portable and portable.weight_count,
        quality=getattr(network, "quality", None),
        card=getattr(network, "_card", None),
        weights_digest=digest_of(weights),
    )
    described = description.model_dump_json(indent=2).encode()
    _pack({f"{kind.name}.json": described, ONNX if portable else WEIGHTS: weights}, file)


def digest_of(weights: bytes) -> str:
    """Return BLAKE2b (RFC 7693, 32 hexadecimal digits) of the bytes that hold the weights."""
    return hashlib.blake2b(weights, digest_size=16).hexdigest()


def _architecture(description: Description, kind: Kind) -> Any:
    name = description.architecture.get("name")
    if not isinstance(name, str) or name not in kind.architectures:
        raise ValueError(
            f"holds a {kind.name} of the architecture {name!r}, which this version of the "
            f"package ({__version__}; it was written by {description.package_version}) does "
            f"not have. It has: {', '.join(kind.architectures)}."
        )
    return _validated(kind.architectures[name], description.architecture, kind.name)


def _check_size(fewest: int, weights: bytes) -> None:
    """Check, before memory is taken for it, that a network is not larger than its weights.

    Raises:
        ValueError: It is.
    """
    if fewest * HALF > len(weights):
        raise ValueError(
            f"describes a network of at least {fewest:,} weights and holds {len(weights):,} bytes "
            "of them. It is damaged, or no file of this package."
        )


def _check_digest(description: Description, weights: bytes, kind: str) -> None:
    """Check that weights are those that are described; files of older versions do not say which.

    Raises:
        ValueError: They are others.
    """
    if description.weights_digest not in (None, digest_of(weights)):
        raise ValueError(
            "holds other weights than those that it describes, so its card says nothing of them. "
            f"Copy it again from where it came, or train the {kind} again."
        )


def _built(architecture: Any, image_shape: Any, out_channels: int | None) -> Any:
    """Build a network; only denoisers say how many channels come out."""
    if out_channels is None:
        return architecture.build(image_shape, seed=0)
    return architecture.build(image_shape, 0, out_channels)


def _weights(network: Network) -> bytes:
    # A compiled model saves its optimizer's state with its weights; a freshly built one has none.
    out_channels = getattr(network, "out_channels", None)
    model = _built(network.architecture, network.image_shape, out_channels)
    model.set_weights(network.model.get_weights())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, WEIGHTS)
        model.save_weights(path)
        return path.read_bytes()


def _set_weights(model: Any, weights: bytes, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, WEIGHTS)
        path.write_bytes(weights)
        try:
            check_hdf5(weights)
            model.load_weights(path)
        except Exception as error:  # HDF5 and Keras raise whatever they meet in damaged bytes.
            raise ValueError(
                "holds weights that do not fit its architecture: another version of the package "
                f"wrote them, or they are damaged. Train the {kind} again with this version."
            ) from error
    if not all(np.isfinite(weights).all() for weights in model.get_weights()):
        raise ValueError(
            f"holds weights that are no numbers, so it denoises nothing. Train the {kind} again."
        )


def _pack(members: Mapping[str, bytes], file: IO[bytes]) -> None:
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for name, content in members.items():
            member = ZipInfo(name)  # Dated 1980: a repeated run gives an equal file.
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)


def _unpack(file: IO[bytes], kind: str) -> dict[str, bytes]:
    try:
        with ZipFile(file) as archive:
            names = _checked_members(archive, f"{kind}.json")
            return {name: archive.read(name) for name in names}
    except BROKEN as error:
        raise ValueError(
            f"is corrupt or no {kind} file ({error}). Copy it again from where it came, or "
            f"train the {kind} again."
        ) from error


def _checked_members(archive: ZipFile, described: str) -> list[str]:
    names = sorted(archive.namelist())
    if names not in ([described, WEIGHTS], [described, ONNX]):
        raise BadZipFile(f"it holds {names} instead of {[described, WEIGHTS]}")
    if archive.getinfo(described).file_size > MOST_DESCRIBED:
        raise BadZipFile(f"{described} has more than {MOST_DESCRIBED:,} bytes")
    if any(member.compress_type != ZIP_STORED for member in archive.infolist()):
        raise BadZipFile("its members are compressed")
    if broken := archive.testzip():
        raise BadZipFile(f"the checksum of {broken} is wrong")
    return names


def _parse(text: bytes, kind: str) -> Description:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"has no readable description ({type(error).__name__}): it is damaged. Copy it again "
            f"from where it came, or train the {kind} again."
        ) from None
    found = content.get("format") if isinstance(content, dict) else None
    if found not in READABLE:
        raise ValueError(
            f"is a {kind} file of format {found!r}; this version of the package "
            f"({__version__}) knows formats {READABLE}. Load it with the version that wrote it."
        )
    return _validated(Description, content, kind)


def _validated(schema: type[AnySchema], content: Any, kind: str) -> AnySchema:
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise ValueError(
            f"says of itself what this version of the package does not know ({key}: "
            f"{first['msg']}). Load it with the version that wrote it, or train the {kind} again."
        ) from None
