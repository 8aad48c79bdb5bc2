"""Trained denoisers as files that hold data and no code."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Annotated, Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from kedro.io.core import AbstractVersionedDataset
from pydantic import BaseModel, Field

from denoising_pipeline import __version__
from denoising_pipeline.backend import load_keras
from denoising_pipeline.datasets.atomic import atomic_write
from denoising_pipeline.datasets.versioned_file import VersionedFile
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.models import ARCHITECTURES, Architecture

FORMAT = 1
"""Number of the file format, raised when an older version of the package could not read it."""

DESCRIPTION = "denoiser.json"
WEIGHTS = "model.weights.h5"

Size = Annotated[int, Field(ge=1)]


class Description(BaseModel):
    """What `denoiser.json` says."""

    format: int = FORMAT
    package_version: str = __version__
    keras_version: str
    architecture: dict[str, Any]
    image_shape: tuple[Size, Size, Size]


class DenoiserDataset(VersionedFile[Denoiser], AbstractVersionedDataset[Denoiser, Denoiser]):
    """A `Denoiser` in one uncompressed zip file: `denoiser.json` and `model.weights.h5`.

    Nothing in the file is executed: loading builds the architecture with this package's code and
    reads numbers into it. The optimizer's state is not saved.

    Arguments are those of `VersionedFile`.

    Examples:
        ```yaml
        denoiser:
          type: denoising_pipeline.datasets.DenoiserDataset
          filepath: data/06_models/denoiser.zip
          versioned: true
        ```
    """

    def _read(self, path: str) -> Denoiser:
        with self._fs.open(path, "rb") as file:
            description, weights = _unpack(file)
        architecture = _architecture(description)
        model = architecture.build(description.image_shape, seed=0)
        _set_weights(model, weights)
        return Denoiser(architecture, description.image_shape, model)

    def _write(self, data: Denoiser, path: str) -> None:
        description = Description(
            keras_version=load_keras().__version__,
            architecture=data.architecture.model_dump(mode="json"),
            image_shape=data.image_shape,
        )
        members = {
            DESCRIPTION: description.model_dump_json(indent=2).encode(),
            WEIGHTS: _weights(data),
        }
        with atomic_write(self._fs, path) as file:
            _pack(members, file)


def _weights(denoiser: Denoiser) -> bytes:
    # A compiled model saves its optimizer's state with its weights; a freshly built one has none.
    model = denoiser.architecture.build(denoiser.image_shape, seed=0)
    model.set_weights(denoiser.model.get_weights())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, WEIGHTS)
        model.save_weights(path)
        return path.read_bytes()


def _set_weights(model: Any, weights: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, WEIGHTS)
        path.write_bytes(weights)
        try:
            model.load_weights(path)
        except (ValueError, KeyError, OSError) as error:
            raise ValueError(
                f"holds weights that do not fit its architecture: {error}\n"
                "Train the denoiser again with this version of the package."
            ) from error


def _pack(members: Mapping[str, bytes], file: IO[bytes]) -> None:
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for name, content in members.items():
            member = ZipInfo(name)  # Dated 1980: a repeated run gives an equal file.
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)


def _unpack(file: IO[bytes]) -> tuple[Description, bytes]:
    try:
        with ZipFile(file) as archive:
            _check_members(archive)
            description, weights = archive.read(DESCRIPTION), archive.read(WEIGHTS)
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(
            f"is corrupt or no denoiser file ({error}). Copy it again from where it came, or "
            "train the denoiser again."
        ) from error
    return _parse(description), weights


def _check_members(archive: ZipFile) -> None:
    if sorted(archive.namelist()) != [DESCRIPTION, WEIGHTS]:
        raise BadZipFile(f"it holds {archive.namelist()} instead of {[DESCRIPTION, WEIGHTS]}")
    if any(member.compress_type != ZIP_STORED for member in archive.infolist()):
        raise BadZipFile("its members are compressed")
    if broken := archive.testzip():
        raise BadZipFile(f"the checksum of {broken} is wrong")


def _parse(text: bytes) -> Description:
    content = json.loads(text)
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT:
        raise ValueError(
            f"is a denoiser file of format {found!r}; this version of the package "
            f"({__version__}) knows format {FORMAT}. Load it with the version that wrote it."
        )
    return Description.model_validate(content)


def _architecture(description: Description) -> Architecture:
    name = description.architecture.get("name")
    if name not in ARCHITECTURES:
        raise ValueError(
            f"holds a denoiser of the architecture {name!r}, which this version of the package "
            f"({__version__}; it was written by {description.package_version}) does not have. "
            f"It has: {', '.join(ARCHITECTURES)}."
        )
    return ARCHITECTURES[name].model_validate(description.architecture)
