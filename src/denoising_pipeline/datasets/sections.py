"""Sections of a report, which other pipelines write and a report gathers."""

from pathlib import PurePosixPath
from typing import ClassVar

from kedro.io.core import AbstractVersionedDataset, DatasetError

from denoising_pipeline.datasets.versioned_file import VersionedFile
from denoising_pipeline.datasets.writers import writer_in_words
from denoising_pipeline.report.blocks import Section
from denoising_pipeline.report.stored import from_json, to_json


class SectionDataset(
    VersionedFile[Section | None], AbstractVersionedDataset[Section | None, Section | None]
):
    """A section of a report as JSON. Where there is none, None is loaded.

    A run loads one only if it was made from the same data as what it loads else: it is optional.

    Arguments are those of `VersionedFile`.

    Examples:
        ```yaml
        benchmark_section:
          type: denoising_pipeline.datasets.SectionDataset
          filepath: data/08_reporting/benchmark_section.json
          versioned: true
        ```
    """

    optional: ClassVar[bool] = True

    def load(self) -> Section | None:
        """Read the section.

        Returns:
            The section, or None where there is none.

        Raises:
            DatasetError: The file is not as it was saved.
        """
        return super().load() if self.exists() else None

    def _read(self, path: str) -> Section:
        try:
            return from_json(self._read_text(path))
        except ValueError as error:
            name = PurePosixPath(path).stem
            raise ValueError(
                f"{error}. Remove it and run {writer_in_words(name)} again."
            ) from error

    def _write(self, data: Section | None, path: str) -> None:
        if data is None:
            raise DatasetError("There is no section to save.")
        self._write_text(to_json(data), path)
