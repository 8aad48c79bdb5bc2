"""Pages of HTML."""

import re

from kedro.io.core import AbstractVersionedDataset, get_filepath_str
from kedro_datasets._typing import HTMLPreview

from denoising_pipeline.core.files import atomic_write
from denoising_pipeline.datasets.versioned_file import VersionedFile

_UNSEEN = re.compile(r"<(script|aside|dialog)\b.*?</\1>|<button\b[^>]*>[^<]*</button>", re.DOTALL)

_END = "</html>"


class PageDataset(VersionedFile[str], AbstractVersionedDataset[str, str]):
    """A page of HTML that needs nothing but itself, in a UTF-8 file.

    Arguments are those of `VersionedFile`.

    Examples:
        ```yaml
        report:
          type: denoising_pipeline.datasets.PageDataset
          filepath: data/08_reporting/report.html
          versioned: true
        ```
    """

    def _read(self, path: str) -> str:
        with self._fs.open(path, "rb") as file:
            page = bytes(file.read()).decode(errors="replace")
        if not page.rstrip().endswith(_END):
            raise ValueError(
                "is corrupt or no page. Remove it and run the pipeline that writes it."
            )
        return page

    def _write(self, data: str, path: str) -> None:
        with atomic_write(self._fs, path) as file:
            file.write(data.encode())

    def preview(self) -> HTMLPreview:
        """Return what the page says, for Kedro-Viz, which leaves out styles and scripts.

        It also reads the rest as Markdown: a new line would be one there, and two underscores
        would emphasize what stands between them.
        """
        _, _, body = self._read(get_filepath_str(self._get_load_path(), self._protocol)).partition(
            "<main>"
        )
        seen = _UNSEEN.sub("", body.partition("</main>")[0])
        return HTMLPreview(" ".join(seen.split()).replace("_", " "))
