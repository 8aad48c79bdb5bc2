"""What others made and this project ships is named, with its licence, and stays small."""

import re
from pathlib import Path

import pytest

from denoising_pipeline.images.files import read_image

ROOT = Path(__file__).parents[1]
PHOTOS = [path for path in (ROOT / "data/01_raw/photos").iterdir() if path.name != "LICENCE"]
LICENCES = r"(public domain|CC0 1\.0|CC BY (2\.0|3\.0|4\.0)|CC BY-SA 4\.0)"
ENTRIES = re.findall(
    rf"^  (\w+\.\w+)\*?: .+, {LICENCES}$", (ROOT / "NOTICE").read_text("utf-8"), re.MULTILINE
)


def test_every_photograph_has_its_author_and_its_licence_in_the_notice() -> None:
    assert sorted(name for name, *_ in ENTRIES) == sorted(path.name for path in PHOTOS)


def test_the_photographs_have_at_most_25_megabytes() -> None:
    assert sum(path.stat().st_size for path in PHOTOS) <= 25e6


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_photographs_of_every_format_are_read(suffix: str) -> None:
    smallest = min(
        (path for path in PHOTOS if path.suffix == suffix), key=lambda path: path.stat().st_size
    )
    assert read_image(smallest).dtype == "uint8"
