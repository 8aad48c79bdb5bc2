"""Trained networks as files that hold data and no code."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Annotated, Any, ClassVar, Protocol, TypeVar
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from kedro.io.core import AbstractVersionedDataset
from pydantic import BaseModel, Field

from denoising_pipeline import __version__
from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.core.components import component_name
from denoising_pipeline.core.files import atomic_write
from denoising_pipeline.datasets.versioned_file import VersionedFile
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.classifier import Classifier
from denoising_pipeline.models import ARCHITECTURES
from denoising_pipeline.models.digit_network import DigitNetwork

FORMAT = 1
"""Number of the file format, raised when an older version of the package could not read it."""

WEIGHTS = "model.weights.h5"

Size = Annotated[int, Field(ge=1)]


class Description(BaseModel):
    """What the JSON file of a network says."""

    format: int = FORMAT
    package_version: str = __version__
    keras_version: str
    architecture: dict[str, Any]
    image_shape: tuple[Size | None, Size | None, Size]


class Network(Protocol):
    """A `keras.Model` with what it takes to build it again."""

    architecture: Any
    image_shape: Any
    model: Any


NetworkT = TypeVar("NetworkT", bound=Network)


class NetworkFile(VersionedFile[NetworkT]):
    """Mixin of a dataset that is one uncompressed zip: `<kind>.json` and `model.weights.h5`.

    Nothing in the file is executed: loading builds the architecture with this package's code and
    reads numbers into it. The optimizer's state is not saved.

    Arguments are those of `VersionedFile`.

    Attributes:
        kind: What the network is.
        network: Its class, made of architecture, image shape and model.
        architectures: Class of architecture by name.
    """

    kind: ClassVar[str]
    network: ClassVar[Any]
    architectures: ClassVar[Mapping[str, Any]]

    def _read(self, path: str) -> NetworkT:
        with self._fs.open(path, "rb") as file:
            members = _unpack(file, self.kind)
        description = _parse(members[f"{self.kind}.json"], self.kind)
        architecture = self._architecture(description)
        model = architecture.build(description.image_shape, seed=0)
        _set_weights(model, members[WEIGHTS], self.kind)
        network: NetworkT = self.network(architecture, description.image_shape, model)
        return network

    def _write(self, data: NetworkT, path: str) -> None:
        description = Description(
            keras_version=load_keras().__version__,
            architecture=data.architecture.model_dump(mode="json"),
            image_shape=data.image_shape,
        )
        members = {
            f"{self.kind}.json": description.model_dump_json(indent=2).encode(),
            WEIGHTS: _weights(data),
        }
        with atomic_write(self._fs, path) as file:
            _pack(members, file)

    def _architecture(self, description: Description) -> Any:
        name = description.architecture.get("name")
        if name is None or name not in self.architectures:
            raise ValueError(
                f"holds a {self.kind} of the architecture {name!r}, which this version of the "
                f"package ({__version__}; it was written by {description.package_version}) does "
                f"not have. It has: {', '.join(self.architectures)}."
            )
        return self.architectures[name].model_validate(description.architecture)


class DenoiserDataset(NetworkFile[Denoiser], AbstractVersionedDataset[Denoiser, Denoiser]):
    """A `Denoiser` in one file; see `NetworkFile`.

    Examples:
        ```yaml
        denoiser:
          type: denoising_pipeline.datasets.DenoiserDataset
          filepath: data/06_models/denoiser.zip
          versioned: true
        ```
    """

    kind = "denoiser"
    network = Denoiser
    architectures = ARCHITECTURES


class ClassifierDataset(NetworkFile[Classifier], AbstractVersionedDataset[Classifier, Classifier]):
    """A `Classifier` in one file; see `NetworkFile`.

    Examples:
        ```yaml
        clean_classifier:
          type: denoising_pipeline.datasets.ClassifierDataset
          filepath: data/06_models/clean_classifier.zip
          versioned: true
        ```
    """

    kind = "classifier"
    network = Classifier
    architectures: ClassVar = {component_name(DigitNetwork): DigitNetwork}


def _weights(network: Network) -> bytes:
    # A compiled model saves its optimizer's state with its weights; a freshly built one has none.
    model = network.architecture.build(network.image_shape, seed=0)
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
            model.load_weights(path)
        except (ValueError, KeyError, OSError) as error:
            raise ValueError(
                "holds weights that do not fit its architecture: another version of the package "
                f"wrote them, or they are damaged. Train the {kind} again with this version."
            ) from error


def _pack(members: Mapping[str, bytes], file: IO[bytes]) -> None:
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for name, content in members.items():
            member = ZipInfo(name)  # Dated 1980: a repeated run gives an equal file.
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)


def _unpack(file: IO[bytes], kind: str) -> dict[str, bytes]:
    names = [f"{kind}.json", WEIGHTS]
    try:
        with ZipFile(file) as archive:
            _check_members(archive, names)
            return {name: archive.read(name) for name in names}
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(
            f"is corrupt or no {kind} file ({error}). Copy it again from where it came, or "
            f"train the {kind} again."
        ) from error


def _check_members(archive: ZipFile, names: list[str]) -> None:
    if sorted(archive.namelist()) != names:
        raise BadZipFile(f"it holds {archive.namelist()} instead of {names}")
    if any(member.compress_type != ZIP_STORED for member in archive.infolist()):
        raise BadZipFile("its members are compressed")
    if broken := archive.testzip():
        raise BadZipFile(f"the checksum of {broken} is wrong")


def _parse(text: bytes, kind: str) -> Description:
    content = json.loads(text)
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT:
        raise ValueError(
            f"is a {kind} file of format {found!r}; this version of the package "
            f"({__version__}) knows format {FORMAT}. Load it with the version that wrote it."
        )
    return Description.model_validate(content)
