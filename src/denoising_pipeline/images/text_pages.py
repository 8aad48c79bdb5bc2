"""Pages of printed text, drawn in the open fonts that matplotlib brings: a source of clean scans.

Fonts and words of the test pages occur in no training page.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from denoising_pipeline.core.files import write_missing
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.arrays import Bytes

HEIGHT, WIDTH = 800, 600
"""Of a page, in pixels."""

X_HEIGHTS = {"train": (5.0, 30.0), "test": (8.0, 30.0)}
"""Height in pixels of a small letter without ascender, at least and at most, by split."""

TABLES, RULES = 0.2, 0.2
"""Share of what is a table, and of what has a line below it."""

PAGES = {"train": 40, "test": 8}
"""Number of pages by split."""

FONTS = {
    "train": (
        *(f"DejaVuSans{face}" for face in ("", "-Bold", "-Oblique", "-BoldOblique")),
        *(f"DejaVuSansMono{face}" for face in ("", "-Bold", "-Oblique", "-BoldOblique")),
        *(f"DejaVuSerif{face}" for face in ("", "-Bold", "-Italic", "-BoldItalic")),
        *("cmr10", "cmb10", "cmss10", "cmti10"),
    ),
    "test": ("STIXGeneral", "STIXGeneralItalic", "STIXGeneralBol", "cmtt10"),
}
"""Names of font files by split."""

WORDS = {
    "train": (
        "the a of and to in is it that for was on as with at by from or an but not they which all "
        "were when there can more if no out so about into time some could them other than then now "
        "only its over also after first well way even new because any these give day most us water "
        "house river garden window letter market bread winter summer stone bridge island mountain "
        "village station engine journal paper number quarter measure question answer minute effect "
        "between against through without during behind beyond since under along across around "
        "simple quiet heavy bright narrow early yellow copper silver useful modern public common "
        "build carry bring write speak travel follow begin reach gather divide choose explain "
        "January March June October Monday Friday London Vienna Lisbon Madrid Anna Peter Joseph "
        "fox jump quick lazy vivid zebra oxygen quiz jazz keyboard wax hymn glyph sphinx"
    ),
    "test": (
        "this his her their who what will one two each how did get made may part little work place "
        "where much before great back years live me here our just name good sentence man think say "
        "help low line differ turn cause same mean old boy move right too does tell set three want "
        "air play small end put home read hand port large spell add land must big high such why go "
        "forest harbour kitchen teacher ladder candle meadow orchard valley theatre museum library "
        "gravel velvet marble amber purple gentle sudden empty frozen hollow ancient distant rough "
        "April July August Tuesday Sunday Paris Dublin Warsaw Naples Clara Oscar Xavier "
        "lynx jacket expert squad wizard gazebo pyjama fjord buzz awkward rhythm"
    ),
}
"""Words that texts are made of, by split: none is in both."""

LICENCE = (
    "CC0 1.0: random words, drawn by this project\n\n"
    "The fonts are those of the Python package matplotlib (DejaVu, STIX, Computer Modern by\n"
    "BaKoMa), which has their licences beside them; no font is in the pages.\n"
)


class TextPage(NamedTuple):
    """A page.

    Attributes:
        pixels: uint8 (`HEIGHT`, `WIDTH`), 255 white.
        text: What stands there, line by line.
    """

    pixels: Bytes
    text: str


def draw_page(split: str, index: int, seed: int = 0) -> TextPage:
    """Draw a page: paragraphs, tables and rules, in one font and size.

    Args:
        split: `"train"` or `"test"`, which decides on fonts and words.
        index: Number of the page, from 0.
        seed: Root seed.
    """
    draws = generator(seed, "text page", split, 0, index)
    words, fonts = WORDS[split].split(), FONTS[split]
    smallest, largest = X_HEIGHTS[split]
    font = _font(fonts[index % len(fonts)], smallest * (largest / smallest) ** draws.random())
    image = Image.new("L", (WIDTH, HEIGHT), 255)
    pen = ImageDraw.Draw(image)
    margin, step = int(draws.integers(10, 50)), sum(font.getmetrics()) * draws.uniform(1.05, 1.6)
    text: list[str] = []
    top = float(margin)
    while True:
        is_table = draws.random() < TABLES
        for row in (_table if is_table else _paragraph)(words, font, margin, draws):
            if top + step > HEIGHT - margin:
                return TextPage(np.asarray(image), "\n".join(text))
            for left, piece in row:
                pen.text((left, top), piece, 0, font)
                if is_table:
                    pen.line([(left - 4, top - 2), (left - 4, top + step - 4)], 0)
            if is_table:
                pen.line([(margin - 4, top + step - 3), (WIDTH - margin, top + step - 3)], 0)
            text.append(" ".join(piece for _, piece in row))
            top += step
        top += step * draws.uniform(0.2, 0.8)
        if draws.random() < RULES:
            pen.line([(margin, top), (WIDTH - margin, top)], 0, int(draws.integers(1, 4)))
            top += step / 2


def fetch_text(folder: Path, overwrite: bool = False) -> list[Path]:
    """Draw all pages, as grey PNG in `train/` and `test/`, and write a LICENCE, if missing.

    Args:
        folder: Where they go; it is made if missing.
        overwrite: Replace files of these names that have another content.

    Returns:
        The paths of the pages and of the licence.

    Raises:
        FileExistsError: A file is there with another content, and `overwrite` is off.
        FileNotFoundError: matplotlib came without one of the fonts.
    """
    wanted = {folder / "LICENCE": LICENCE.encode()}
    for split, count in PAGES.items():
        for index in range(count):
            file = BytesIO()
            Image.fromarray(draw_page(split, index).pixels).save(file, "PNG")
            wanted[folder / split / f"{index:03}.png"] = file.getvalue()
    write_missing(wanted, overwrite)
    return list(wanted)


Row = list[tuple[float, str]]
"""Pieces of text with their places from the left."""


def _paragraph(
    words: list[str], font: ImageFont.FreeTypeFont, margin: int, draws: np.random.Generator
) -> Iterator[Row]:
    """Break sentences into lines as long as the page is wide."""
    line = ""
    room = WIDTH - 2 * margin
    for word in " ".join(_sentence(words, draws) for _ in range(draws.integers(1, 6))).split():
        longer = f"{line} {word}" if line else word
        if line and font.getlength(longer) > room:
            yield [(margin, line)]
            longer = word
        line = longer
    yield [(margin, line)]


def _table(
    words: list[str], font: ImageFont.FreeTypeFont, margin: int, draws: np.random.Generator
) -> Iterator[Row]:
    """Make rows of a word and as many numbers as there is room for."""
    longest = font.getlength("0" * 12)
    columns = max(1, min(5, int((WIDTH - 2 * margin) / longest)))
    width = (WIDTH - 2 * margin) / columns
    for _ in range(draws.integers(2, 6)):
        cells = [str(draws.choice(words)), *(_number(draws) for _ in range(columns - 1))]
        yield [(margin + column * width, cell) for column, cell in enumerate(cells)]


def _sentence(words: list[str], draws: np.random.Generator) -> str:
    """Return words with a number, punctuation and a capital here and there."""
    parts = []
    for word in draws.choice(words, draws.integers(4, 14)):
        forms = str(word), _number(draws), f"({word})"
        mark = draws.choice(["", ",", ";", ":"], p=[0.88, 0.08, 0.02, 0.02])
        parts.append(str(draws.choice(forms, p=[0.91, 0.06, 0.03])) + str(mark))
    sentence = " ".join(parts).rstrip(",;:")
    end = str(draws.choice([".", "?", "!"], p=[0.8, 0.1, 0.1]))
    return sentence[:1].upper() + sentence[1:] + end


def _number(draws: np.random.Generator) -> str:
    form = draws.choice(["{:.0f}", "{:.1f}", "{:.2f}", "{:.0f}%"])
    return str(form).format(10 ** draws.uniform(0, 4))


def _font(name: str, x_height: float) -> ImageFont.FreeTypeFont:
    """Load a font in the size in which an x is so many pixels high."""
    path = Path(mpl.get_data_path(), "fonts/ttf", f"{name}.ttf")
    if not path.is_file():
        raise FileNotFoundError(
            f"matplotlib has no {path}. Install the versions of this project's requirements.lock."
        )
    basic = ImageFont.Layout.BASIC
    trial = ImageFont.truetype(str(path), 100, layout_engine=basic)
    _, top, _, bottom = trial.getbbox("x")
    return ImageFont.truetype(str(path), 100 * x_height / (bottom - top), layout_engine=basic)
