"""`PageDataset`: a page comes back as it was, and Kedro-Viz is shown what it says."""

from inspect import signature
from pathlib import Path

from denoising_pipeline.datasets import PageDataset

PAGE = """<!doctype html><style>p { color: red }</style>
<main>
<h2>Result é</h2><p>residual_unet and
dense_net<button>?</button></p>
<button class="enlarge"><img src="data:image/png;base64,iVBO+/="></button>
<script>draw()</script><dialog>large</dialog>
</main><script>sort()</script></html>
"""


def test_a_page_comes_back_as_it_was(tmp_path: Path) -> None:
    dataset = PageDataset(filepath=tmp_path / "a.html")
    dataset.save(PAGE)
    assert dataset.load() == PAGE == (tmp_path / "a.html").read_text("utf-8")


def test_its_preview_has_words_and_pictures_only(tmp_path: Path) -> None:
    """On one line and without underscores, as Kedro-Viz takes it for Markdown, too."""
    dataset = PageDataset(filepath=tmp_path / "a.html")
    dataset.save(PAGE)
    assert signature(dataset.preview).return_annotation.__name__ == "HTMLPreview"
    assert dataset.preview().strip() == (
        "<h2>Result é</h2><p>residual unet and dense net</p> "
        '<button class="enlarge"><img src="data:image/png;base64,iVBO+/="></button>'
    )
