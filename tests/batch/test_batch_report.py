"""The report of a folder tells what became of each file, needs nothing else, and stays small."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from batch_inputs import EVIL, done, failed, folder, skipped, thumbnails
from bs4 import BeautifulSoup, Tag

from denoising_pipeline.batch import report
from denoising_pipeline.batch.pictures import LEAST
from denoising_pipeline.batch.report import duration, render, write_report
from denoising_pipeline.batch.results import FileResult
from denoising_pipeline.batch.tables import line_of


def parsed(results: list[FileResult], seconds: float | None = None) -> BeautifulSoup:
    return BeautifulSoup(render(results, {"strength": "0.5"}, seconds), "html.parser")


def part(page: BeautifulSoup, key: str) -> Tag:
    found = page.find(id=key)
    assert isinstance(found, Tag)
    return found


def rows(section: Tag) -> list[list[str]]:
    return [
        [cell.get_text() for cell in row.select("th, td")] for row in section.select("tbody tr")
    ]


@pytest.fixture(scope="module")
def page() -> BeautifulSoup:
    return parsed(folder(), 125.0)


def test_the_page_fetches_nothing(page: BeautifulSoup) -> None:
    addresses = {str(tag[name]) for name in ("src", "href") for tag in page.select(f"[{name}]")}
    outer = {address for address in addresses if address[0] != "#"}
    assert {address.split(",")[0] for address in outer} == {"data:image/jpeg;base64"}
    assert not page.find_all(["link", "iframe", "object", "base", "form"])
    style = "".join(tag.get_text() for tag in page.find_all("style"))
    assert not re.search(r"url\(|@import", style)
    policy = page.find("meta", {"http-equiv": "Content-Security-Policy"})
    assert policy is not None
    assert str(policy["content"]).startswith("default-src 'none'; img-src data:;")


def test_the_summary_counts_what_became_of_the_files(page: BeautifulSoup) -> None:
    result = part(page, "result")
    figures = {
        row.dt.get_text(): row.dd.get_text(" ", strip=True)
        for row in result.select("dl > div")
        if row.dt and row.dd
    }
    assert figures == {
        "Done": "2 of 4 files",
        "Skipped": "1",
        "Failed": "1",
        "Megapixels": "0.4",
        "Time": "2 min 5 s 0.0033 megapixels a second",
    }
    assert ["strength", "0.5"] in rows(result)
    (alert,) = page.select("[role=alert]")
    assert "1 file could not be denoised" in alert.get_text()
    assert page.h1 is not None
    assert page.h1.get_text() == "2 of 4 files denoised"


def test_failures_and_what_was_skipped_have_their_reasons(page: BeautifulSoup) -> None:
    assert rows(part(page, "failed")) == [["photos/text.png", "is no image that is read"]]
    assert rows(part(page, "skipped")) == [["photos/b.png", "is done and unchanged"]]
    assert not parsed([done()]).select("#failed, #skipped, [role=alert]")


def test_a_picture_has_its_facts_warnings_and_views(page: BeautifulSoup) -> None:
    article = part(page, "file-1")
    words = article.get_text(" ", strip=True)
    assert "photos/a.png" in words
    assert "512\N{MULTIPLICATION SIGN}400" in words
    assert "8 bit RGB PNG" in words
    assert "25.5/255" in words
    assert "31.2 dB (29.8 to 33.0)" in words
    assert "The noise is correlated." in words
    assert [image["alt"] for image in article.find_all("img")] == [
        "photos/a.png, before",
        "photos/a.png, after",
        "photos/a.png, part, before",
        "photos/a.png, part, after",
        "photos/a.png, difference",
    ]
    assert all(
        image["decoding"] == "async" and image["loading"] == "lazy"
        for image in article.find_all("img")
    )
    assert len({slider["aria-label"] for slider in page.select("input[type=range]")}) == 3


def test_a_small_image_is_shown_once_and_larger(page: BeautifulSoup) -> None:
    images = part(page, "file-4").find_all("img")
    assert [(image["width"], image["height"]) for image in images] == [("320", "240")] * 3
    assert "8:1" in part(page, "file-4").get_text()
    assert "stretched" not in page.get_text()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (400, 1), (1, 512), (30, 3)])
def test_thin_images_are_stretched_so_that_the_divider_has_room(height: int, width: int) -> None:
    article = part(parsed([done("thin.png", thumbnails(height, width))]), "file-1")
    sizes = [(int(str(i["width"])), int(str(i["height"]))) for i in article.find_all("img")]
    assert min(wide for wide, _ in sizes) >= LEAST[0]
    assert min(high for _, high in sizes) >= LEAST[1]
    assert ":1, stretched" in article.get_text()


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    unknown = replace(
        done("a.png", thumbnails()),
        sigma=None, psnr=None, psnr_low=None, psnr_high=None, told=0.2, warnings=(),
    )  # fmt: skip
    page = parsed([unknown])
    words = part(page, "file-1").get_text(" ", strip=True)
    assert "unknown, told 51.0/255" in words
    assert "PSNR" not in words
    assert not page.select(".warnings")


def test_every_file_stands_in_the_table(page: BeautifulSoup) -> None:
    table = {row[0]: row[1:] for row in rows(part(page, "files"))}
    assert list(table) == [f"photos/{name}" for name in ("a.png", "text.png", "b.png", "tiny.png")]
    size = "512\N{MULTIPLICATION SIGN}400"
    expected = f"done|8 bit RGB PNG|{size}|0.20|0.50|25.5|31.2 (29.8 to 33.0)|1"
    assert table["photos/a.png"] == expected.split("|")
    assert table["photos/text.png"][:3] == ["failed", "", ""]
    links = [link["href"] for link in part(page, "files").select("a")]
    assert links == ["#file-1", "#file-4"]


def test_names_are_escaped_wherever_they_stand() -> None:
    results = [
        replace(done(EVIL, thumbnails(30, 40)), warnings=(EVIL,), mode=EVIL, format=EVIL),
        failed(EVIL, EVIL),
        skipped(EVIL, EVIL),
    ]
    page = parsed(results)
    assert len(page.find_all("script")) == len(parsed(folder()).find_all("script")) == 1
    names = {tag.get_text() for tag in page.find_all("bdi")}
    assert names == {"photos/<script>alert('&\"')</script>\\nnew \\u202eline.png"}
    assert {
        name for tag in page.find_all(True) for name in tag.attrs if name.startswith("on")
    } == set()
    images = page.find_all("img")
    assert all(str(image["alt"]).startswith("photos/<script>") for image in images)


def test_a_name_that_is_no_text_is_written(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    write_report([failed("caf\udce9.png")], file)
    assert "caf\\udce9.png" in file.read_text("utf-8")


@pytest.mark.slow
def test_a_hundred_noisy_pictures_stay_under_ten_megabytes(tmp_path: Path) -> None:
    file = tmp_path / "new" / "report.html"
    pictures = thumbnails(400, 512, 0.4)
    write_report([done(f"{number}.png", pictures) for number in range(100)], file)
    assert 4_000_000 < file.stat().st_size < 10_000_000
    assert [path.name for path in file.parent.iterdir()] == ["report.html"]


def test_files_without_pictures_are_counted_where_others_have_some() -> None:
    results = [done("a.png", thumbnails(30, 40)), *(done(f"{number}.png") for number in range(500))]
    page = parsed(results)
    assert "1 of 501 files are shown." in " ".join(part(page, "pictures").get_text().split())
    assert len(rows(part(page, "files"))) == 501
    assert len(str(page)) < 400_000


def test_an_empty_batch_has_a_report() -> None:
    page = parsed([])
    assert page.h1 is not None
    assert page.h1.get_text() == "0 of 0 files denoised"
    assert not page.find_all(["article", "table"])[1:]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (59.9, "59.9 s"),
        (60, "1 min 0 s"),
        (3599.7, "1 h 0 min"),
        (9000, "2 h 30 min"),
    ],
)
def test_times_are_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_recording_is_as_long_as_its_samples() -> None:
    speech = replace(done("a.wav"), format="WAV", mode="grey", width=34362, height=1, pages=2)
    assert "34362 samples, WAV grey 8 bit x2" in line_of(speech)
    assert "34362 samples, 2 pages" in {
        cell for row in rows(part(parsed([speech]), "files")) for cell in row
    }


def test_of_many_files_as_many_are_listed_as_a_page_can_hold_and_all_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report, "MOST_LISTED", 3)
    many = [done(f"{n}.png") for n in range(5)]
    page = parsed([*many, *([failed()] * 4), done("a.png", thumbnails()), skipped()])
    assert page.h1 is not None
    assert page.h1.get_text() == "6 of 11 files denoised"
    assert "4 files could not be denoised" in part(page, "result").get_text()
    listed = [row[0] for row in rows(part(page, "files"))]
    names = [f"photos/{n}.png" for n in range(3)]
    assert listed == [*names, *(["photos/text.png"] * 3), "photos/a.png", "photos/b.png"]
    assert "8 of 11 are listed" in part(page, "files").get_text()
    assert "3 of 4 are listed" in part(page, "failed").get_text()
    assert "are listed" not in part(page, "skipped").get_text()
