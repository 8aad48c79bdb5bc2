"""Arrays and sets of images as .npy files."""

from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from fsspec.implementations.local import LocalFileSystem
from kedro.io.core import AbstractVersionedDataset
from kedro_datasets._typing import ImagePreview
from numpy.lib.format import open_memmap, read_array

from denoising_pipeline.core.files import atomic_write
from denoising_pipeline.datasets.versioned_file import VersionedFile
from denoising_pipeline.images.sets import ImageSet

Array: TypeAlias = npt.NDArray[Any]

SHOWN = 12
"""Images of a preview."""

COLUMNS = 4
"""Images beside each other: Kedro-Viz draws every preview into a box that is half as wide again as
high."""

SIDE = 96
"""Pixels of them that are shown at most, to each side; smaller ones are enlarged."""

IMAGES = 4
"""Dimensions of a collection of images."""

NOTHING = ImagePreview("")
"""What Kedro-Viz takes for no preview."""


class NpyDataset(VersionedFile[Any], AbstractVersionedDataset[Any, Any]):
    """One array of any shape and dtype (other than objects), or a set of images, in a .npy file.

    A local file is mapped, not read: loading takes no memory of its own, the array is read-only,
    and it keeps its values when the file is replaced. Of a set of images the file holds the array
    of all values, and behind it, as a second one, that of the shapes.

    Arguments are those of `VersionedFile`.

    Examples:
        ```yaml
        train_clean:
          type: denoising_pipeline.datasets.NpyDataset
          filepath: data/03_primary/train_clean.npy
          versioned: true
        ```
    """

    def preview(self) -> ImagePreview:
        """Return a contact sheet of the first images, for Kedro-Viz: PNG in base64.

        It is empty where there are no images.
        """
        from denoising_pipeline.images.pixels import with_depth
        from denoising_pipeline.images.shown import as_seen
        from denoising_pipeline.report.pictures import png

        data = self.load() if self.exists() else np.empty(0)
        if not isinstance(data, ImageSet):
            data = data[0] if data.ndim > IMAGES else data
            data = data[..., None] if data.ndim == IMAGES - 1 else data
            if data.ndim != IMAGES:
                return NOTHING
            data = ImageSet.of(with_depth(data[:SHOWN], np.float32))
        seen = [as_seen(data, place, SIDE, SIDE) for place in range(min(SHOWN, len(data)))]
        if not seen:
            return NOTHING
        factor = max(1, SIDE // max(max(image.shape[:2]) for image in seen))
        seen = [image.repeat(factor, axis=0).repeat(factor, axis=1) for image in seen]
        height, width = np.max([image.shape[:2] for image in seen], axis=0) + 2
        rows, columns = -(-len(seen) // COLUMNS), min(len(seen), COLUMNS)
        sheet = np.ones((rows * height, columns * width, data.channels), np.float32)
        for place, image in enumerate(seen):
            top, left = place // COLUMNS * height, place % COLUMNS * width
            sheet[top : top + image.shape[0], left : left + image.shape[1]] = image
        return ImagePreview(png(sheet).partition(",")[2])

    def _read(self, path: str) -> Any:
        try:
            return self._map_or_read(path)
        except (ValueError, EOFError, OverflowError) as error:
            raise ValueError(
                f"is corrupt or no .npy file ({error}). Remove it and run the pipeline that "
                "writes it again."
            ) from error

    def _map_or_read(self, path: str) -> Any:
        with self._fs.open(path, "rb") as file:
            if not isinstance(self._fs, LocalFileSystem):
                values: Array = read_array(file, allow_pickle=False)
            else:
                values = open_memmap(path, mode="r")
                file.seek(getattr(values, "offset", 0) + values.nbytes)
            shapes = _second_array(file)
        return values if shapes is None else ImageSet(values, shapes)

    def _write(self, data: Any, path: str) -> None:
        arrays = (data.values, data.shapes) if isinstance(data, ImageSet) else (data,)
        with atomic_write(self._fs, path) as file:
            for array in arrays:
                np.save(file, array, allow_pickle=False)


def _second_array(file: IO[bytes]) -> Array | None:
    start = file.tell()
    if not file.read(1):
        return None
    file.seek(start)
    array: Array = read_array(file, allow_pickle=False)
    return array
