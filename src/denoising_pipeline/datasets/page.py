"""Pages of HTML."""

import re
from contextlib import suppress

from kedro.io.core import AbstractVersionedDataset, get_filepath_str
from kedro_datasets._typing import HTMLPreview

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
        with suppress(UnicodeDecodeError):
            page = self._read_text(path)
            if page.rstrip().endswith(_END):
                return page
        raise ValueError("is corrupt or no page. Remove it; its pipeline writes it anew.")

    def _write(self, data: str, path: str) -> None:
        self._write_text(data, path)

    def preview(self) -> HTMLPreview:
        """Return what the page says, for Kedro-Viz, which leaves out styles and scripts.

        It also reads the rest as Markdown: a new line would be one there, and two underscores
        would emphasize what stands between them.
        """
        page = self._read(get_filepath_str(self._get_load_path(), self._protocol))
        seen = _UNSEEN.sub("", page.partition("<main>")[2].partition("</main>")[0])
        return HTMLPreview(" ".join(seen.split()).replace("_", " "))
