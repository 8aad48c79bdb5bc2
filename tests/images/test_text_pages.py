"""Pages of text are drawn the same again, and the test's fonts and words are its own."""

import shutil
import subprocess
from difflib import SequenceMatcher
from io import BytesIO
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from limits import PATIENCE
from PIL import Image

from denoising_pipeline.degradations.camera import Camera
from denoising_pipeline.degradations.paper import Paper
from denoising_pipeline.images.text_pages import (
    FONTS,
    HEIGHT,
    PAGES,
    WIDTH,
    WORDS,
    X_HEIGHTS,
    _font,
    draw_page,
    fetch_text,
)


def test_fonts_and_words_of_the_test_are_in_no_training_page() -> None:
    for found in (FONTS, {split: words.split() for split, words in WORDS.items()}):
        assert not set(found["train"]) & set(found["test"])
        assert all(len(set(each)) == len(each) for each in found.values())


@pytest.mark.parametrize("split", PAGES)
def test_a_page_is_a_pure_function_of_split_number_and_seed(split: str) -> None:
    page = draw_page(split, 1)
    assert page.pixels.shape == (HEIGHT, WIDTH)
    again = draw_page(split, 1)
    assert again.text == page.text
    np.testing.assert_array_equal(again.pixels, page.pixels)
    for other in (draw_page(split, 2), draw_page(split, 1, seed=1)):
        assert other.text != page.text


@pytest.mark.parametrize("split", PAGES)
def test_pages_are_white_with_black_print_in_words_of_their_split(split: str) -> None:
    for index in range(PAGES["test"]):
        pixels, text = draw_page(split, index)
        assert np.bincount(pixels.ravel()).argmax() == 255
        assert pixels.min() == 0
        assert 0.01 < (pixels < 128).mean() < 0.3
        words = [word.strip(".,;:?!()") for word in text.split()]
        known = {word.lower() for word in WORDS[split].split()}
        assert all(word.lower() in known for word in words if word.isalpha())
        assert len(words) > 5


@pytest.mark.parametrize("split", PAGES)
def test_an_x_of_every_font_is_as_high_as_asked_for(split: str) -> None:
    for name, x_height in product(FONTS[split], X_HEIGHTS[split]):
        _, top, _, bottom = _font(name, x_height).getbbox("x")
        assert bottom - top == pytest.approx(x_height, abs=1.5)


def test_a_font_that_is_missing_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"no .*comic\.ttf.*requirements\.lock"):
        _font("comic", 10)


def test_pages_become_a_source_with_a_licence(tmp_path: Path) -> None:
    folder = tmp_path / "text"
    licence, *pages = fetch_text(folder)
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    assert found == sorted([licence, *pages])
    assert [path.parent.name for path in pages].count("test") == PAGES["test"]
    with Image.open(pages[0]) as image:
        assert (image.mode, image.size) == ("L", (WIDTH, HEIGHT))
    assert "CC0" in licence.read_text().splitlines()[0]
    before = {path: path.stat().st_ino for path in found}
    fetch_text(folder)
    assert {path: path.stat().st_ino for path in found} == before


@pytest.mark.slow
def test_a_page_of_the_users_is_replaced_only_on_demand(tmp_path: Path) -> None:
    mine = tmp_path / "test/000.png"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=r"000\.png.*Move them away"):
        fetch_text(tmp_path)
    assert mine.read_bytes() == b"mine"
    fetch_text(tmp_path, overwrite=True)
    assert Image.open(mine).size == (WIDTH, HEIGHT)


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_a_page_can_be_read_and_on_old_paper_it_cannot() -> None:
    page = draw_page("test", 0)
    clean = np.divide(page.pixels[None, :, :, None], 255, dtype=np.float32)
    old = Paper(severity=1).apply(clean, np.random.default_rng(0))
    noisy = Camera(sigma=0.08).apply(old, np.random.default_rng(0))
    errors = []
    for image in (clean, noisy):
        pixels = Image.fromarray(np.rint(255 * image[0, ..., 0]).astype(np.uint8))
        file = BytesIO()
        pixels.resize((2 * WIDTH, 2 * HEIGHT), Image.Resampling.BICUBIC).save(file, "PNG")
        command = ["tesseract", "stdin", "stdout", "--psm", "6", "-l", "eng"]
        read = subprocess.run(
            command, input=file.getvalue(), capture_output=True, check=True, timeout=PATIENCE
        ).stdout.decode()
        matching = SequenceMatcher(None, read.split(), page.text.split(), autojunk=False)
        errors.append(1 - matching.ratio())
    assert errors[0] < 0.2 < errors[1], errors
