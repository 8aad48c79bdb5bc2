"""Trained networks in the catalog."""

from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

from kedro.io.core import AbstractDataset, AbstractVersionedDataset, DatasetError

from denoising_pipeline.core.files import atomic_write
from denoising_pipeline.datasets.versioned_file import VersionedFile
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.file import CLASSIFIER, DENOISER, Kind, read_network, write_network
from denoising_pipeline.evaluation.classifier import Classifier


class _NetworkFile(VersionedFile[Any]):
    """Mixin of a dataset that is the file of a network; see `denoiser.file`."""

    kind: ClassVar[Kind]

    def _read(self, path: str) -> Any:
        with self._fs.open(path, "rb") as file:
            return read_network(file, self.kind)

    def _write(self, data: Any, path: str) -> None:
        with atomic_write(self._fs, path) as file:
            write_network(data, self.kind, file)


class DenoiserDataset(_NetworkFile, AbstractVersionedDataset[Denoiser, Denoiser]):
    """A `Denoiser` in one file: an uncompressed zip of its description, its card and its weights.

    Arguments are those of `VersionedFile`.

    Examples:
        ```yaml
        denoiser:
          type: denoising_pipeline.datasets.DenoiserDataset
          filepath: data/06_models/denoiser.zip
          versioned: true
        ```
    """

    kind = DENOISER


class ClassifierDataset(_NetworkFile, AbstractVersionedDataset[Classifier, Classifier]):
    """A `Classifier` in one file, made like that of a denoiser.

    Arguments are those of `VersionedFile`.

    Examples:
        ```yaml
        clean_classifier:
          type: denoising_pipeline.datasets.ClassifierDataset
          filepath: data/06_models/clean_classifier.zip
          versioned: true
        ```
    """

    kind = CLASSIFIER


class DenoisersDataset(AbstractDataset[NoReturn, Callable[[str], Denoiser]]):
    """Every denoiser that has a name or a file, opened when it is asked for; only loads.

    Examples:
        ```yaml
        denoisers:
          type: denoising_pipeline.datasets.DenoisersDataset
        ```
    """

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        """Keep what plugins read.

        Args:
            metadata: Ignored here; plugins such as Kedro-Viz read it.
        """
        self.metadata = metadata

    def load(self) -> Callable[[str], Denoiser]:
        """Return `Denoiser.load`: it takes a name of one in the package, or a path."""
        return Denoiser.load

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: a denoiser is written by the entry that has its name."""
        raise DatasetError(f"{type(self).__name__} only loads.")

    def _describe(self) -> dict[str, Any]:
        return {}
