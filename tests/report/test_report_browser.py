"""The report in a real browser: it draws, sorts, zooms, and fits a phone and the dark."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsers import chromium, look, needs_chromium, run
from limits import PATIENCE
from report_inputs import results
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from denoising_pipeline.report import render
from denoising_pipeline.report.projection_map import Map, render_map

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(results()), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def page(browser: Chrome, address: str) -> Chrome:
    """The page on a desk, in the light; what its console said before is forgotten."""
    look(browser, 1200, "light")
    browser.get(address)
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    browser.refresh()
    return browser


def one(browser: Chrome, selector: str) -> WebElement:
    return browser.find_element(By.CSS_SELECTOR, selector)


def column(table: WebElement, position: int) -> list[str]:
    selector = f"tbody tr > :nth-child({position})"
    return [cell.text for cell in table.find_elements(By.CSS_SELECTOR, selector)]


def chart(browser: Chrome, section: str) -> tuple[WebElement, WebElement, Any]:
    """Return the drawing, what it reads, and the data of a section's first chart."""
    drawing = one(browser, f"#{section} .plot > svg")
    run(browser, "arguments[0].scrollIntoView({block: 'center'})", drawing)
    script = one(browser, f"#{section} .chart script").get_attribute("textContent")
    return drawing, one(browser, f"#{section} output"), json.loads(script or "")


def test_nothing_goes_wrong_and_nothing_is_fetched(page: Chrome) -> None:
    assert page.get_log("browser") == []  # type: ignore[no-untyped-call]
    assert (
        run(
            page,
            "performance.getEntriesByType('resource').map((e) => e.name)"
            ".filter((name) => !name.startsWith('data:'))",
        )
        == []
    )
    assert run(page, "[...document.images].every((image) => image.naturalWidth === 28)")
    assert one(page, ".gallery img").value_of_css_property("image-rendering") == "pixelated"


def test_every_chart_is_drawn_with_its_labels(page: Chrome) -> None:
    charts = page.find_elements(By.CSS_SELECTOR, ".chart")
    assert len(charts) == 5
    for figure in charts:
        words = [text.text for text in figure.find_elements(By.CSS_SELECTOR, ".label")]
        script = figure.find_element(By.CSS_SELECTOR, "script").get_attribute("textContent")
        for series in json.loads(script or "")["series"]:
            assert any(series["name"] in word for word in words)
        assert figure.find_elements(By.CSS_SELECTOR, ".series path")


def test_tables_sort_by_a_click_and_back(page: Chrome) -> None:
    """By number where there are numbers: 9.9 comes before 10.1."""
    table = one(page, "#labels table")
    heading = table.find_element(By.CSS_SELECTOR, "thead th:nth-child(4)")
    button = heading.find_element(By.TAG_NAME, "button")
    before = column(table, 4)
    assert button.text == "PSNR"
    button.click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert column(table, 4) == sorted(before, key=float) != before
    button.click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert column(table, 4) == sorted(before, key=float, reverse=True)
    assert len(table.find_elements(By.CSS_SELECTOR, "[aria-sort]")) == 1


def test_tables_sort_by_the_keyboard(page: Chrome) -> None:
    table = one(page, "#result table")
    button = table.find_element(By.CSS_SELECTOR, "thead button")
    button.send_keys(Keys.ENTER)
    assert column(table, 1) == sorted(column(table, 1), key=str.lower)


def test_a_chart_is_read_by_pointing(page: Chrome) -> None:
    drawing, readout, data = chart(page, "robustness")
    ActionChains(page).move_to_element_with_offset(drawing, 0, 0).perform()
    found = re.fullmatch(r"sigma ([\d.]+): noisy (\S+), denoised (\S+) \(.*\)", readout.text)
    assert found
    position = data["x"].index(float(found[1]))
    for value, series in zip(found.groups()[1:], data["series"], strict=True):
        assert value == f"{series['values'][position]:.2f}"
    assert len(drawing.find_elements(By.CSS_SELECTOR, ".chosen circle")) == 2


def test_a_chart_is_read_by_the_arrow_keys(page: Chrome) -> None:
    drawing, readout, data = chart(page, "learning")
    for keys, position in ((Keys.HOME, 0), (Keys.ARROW_RIGHT, 1), (Keys.END, 11)):
        drawing.send_keys(keys)
        values = [series["values"][position] for series in data["series"]]
        training, validation = (f"{value:.2f}" for value in values)
        expected = f"epoch {position + 1}: training {training}, validation {validation}"
        assert readout.text == expected


def ticks(drawing: WebElement) -> list[str]:
    return [text.text for text in drawing.find_elements(By.CSS_SELECTOR, "text.middle")][:-1]


def test_a_chart_is_zoomed_by_dragging_buttons_and_keys(page: Chrome) -> None:
    drawing, _, _ = chart(page, "distribution")
    whole = ticks(drawing)
    drag = ActionChains(page).move_to_element_with_offset(drawing, -100, 0).click_and_hold()
    drag.move_by_offset(150, 5).release().perform()
    zoomed = ticks(drawing)
    spans = [float(found[-1]) - float(found[0]) for found in (whole, zoomed)]
    assert spans[1] < spans[0] / 3
    closer, further, everything = page.find_elements(By.CSS_SELECTOR, "#distribution .tools button")
    everything.click()
    assert ticks(drawing) == whole
    closer.click()
    assert ticks(drawing) != whole
    further.click()
    assert ticks(drawing) == whole
    drawing.send_keys("+")
    assert ticks(drawing) != whole
    drawing.send_keys(Keys.ESCAPE)
    assert ticks(drawing) == whole


@pytest.mark.parametrize("width", [360, 768, 1600])
def test_the_page_is_as_wide_as_the_screen(page: Chrome, width: int) -> None:
    """Wide tables scroll by themselves, and charts are drawn anew at the width they have."""
    look(page, width, "light")
    run(page, "document.querySelectorAll('details').forEach((one) => (one.open = true))")
    widths = (
        "[...document.querySelectorAll('.plot > svg')].map((one) =>"
        " [one.viewBox.baseVal.width, one.parentElement.clientWidth])"
    )
    WebDriverWait(page, PATIENCE).until(lambda _: run(page, "innerWidth") == width)
    WebDriverWait(page, PATIENCE).until(
        lambda _: all(drawn == room for drawn, room in run(page, widths))
    )
    assert run(page, "document.documentElement.scrollWidth") <= width
    late = [
        text.rect["x"] + text.rect["width"]
        for text in page.find_elements(By.CSS_SELECTOR, ".plot text")
    ]
    assert max(late) <= width


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_in_either_scheme(page: Chrome, scheme: str) -> None:
    """A contrast of 4.5 or more (WCAG 2.2, level AA), on a page as light or dark as was asked."""
    look(page, 1200, scheme)
    script = "getComputedStyle(arguments[0])[arguments[1]]"
    ground = luminance(run(page, script, one(page, "body"), "backgroundColor"))
    assert (ground < 0.1) == (scheme == "dark")
    colours = {
        "color": ("body", "h1", "nav a", ".kicker", "caption", ".gallery span", "output"),
        "fill": (".plot .end", ".plot .label"),
        "stroke": (".series.strong path:not(.area)", ".series.weak path:not(.area)"),
    }
    for name, selectors in colours.items():
        for selector in selectors:
            words = luminance(run(page, script, one(page, selector), name))
            low, high = sorted([words, ground])
            needed = 3 if name == "stroke" else 4.5
            assert (high + 0.05) / (low + 0.05) >= needed, selector


def test_series_are_told_apart_without_colour(page: Chrome) -> None:
    """Dashed against full, hollow squares against filled circles."""
    for section in ("learning", "robustness"):
        lines = [
            one(page, f"#{section} .series.{kind} path:not(.area)").value_of_css_property(
                "stroke-dasharray"
            )
            for kind in ("strong", "weak")
        ]
        assert lines[0] == "none" != lines[1]
        assert page.find_elements(By.CSS_SELECTOR, f"#{section} .series.strong circle")
        assert page.find_elements(By.CSS_SELECTOR, f"#{section} .series.weak rect")


def test_a_word_is_explained_by_a_key_or_a_touch_and_closed_by_escape(page: Chrome) -> None:
    look(page, 390, "light")
    mark = one(page, "#result .figures .word")
    assert mark.get_attribute("aria-label") == "What is PSNR?"
    box = one(page, "#word-psnr")
    mark.send_keys(Keys.ENTER)
    assert box.is_displayed()
    assert "Peak signal-to-noise ratio" in box.text
    assert 0 <= box.rect["x"] <= box.rect["x"] + box.rect["width"] <= 390
    ActionChains(page).send_keys(Keys.ESCAPE).perform()
    assert not box.is_displayed()
    mark.click()
    assert box.is_displayed()
    one(page, "h1").click()
    assert not box.is_displayed()


def test_a_heading_sorts_and_explains_apart(page: Chrome) -> None:
    heading = one(page, "#labels thead th:has(.word)")
    sort, mark = heading.find_elements(By.CSS_SELECTOR, "button")
    arrow = 14  # Pixels between the two; a pseudo-element has no place of its own to ask for.
    assert mark.rect["x"] - (sort.rect["x"] + sort.rect["width"]) > arrow
    mark.click()
    assert one(page, ":popover-open").is_displayed()
    assert heading.get_attribute("aria-sort") is None


def test_a_picture_is_enlarged_by_a_click_or_a_key_and_closed_by_escape(page: Chrome) -> None:
    small = page.find_elements(By.CSS_SELECTOR, "#picture .gallery .enlarge")
    before = small[0].rect["width"]
    small[0].click()
    large = one(page, "dialog.large")
    assert large.is_displayed()
    shown = large.find_elements(By.TAG_NAME, "img")
    assert len(shown) == 3
    assert shown[0].rect["width"] > 2 * before
    title = large.find_element(By.TAG_NAME, "strong")
    assert title.text == "#0, label 7"
    ActionChains(page).send_keys(Keys.ARROW_RIGHT).perform()
    assert title.text == "#1, label 2"
    ActionChains(page).send_keys(Keys.ESCAPE).perform()
    assert not large.is_displayed()
    small[2].send_keys(Keys.ENTER)
    assert large.is_displayed()
    large.find_element(By.TAG_NAME, "button").click()
    assert not large.is_displayed()


def test_a_table_that_goes_on_to_the_right_says_so_until_its_end_is_seen(page: Chrome) -> None:
    look(page, 390, "light")
    box, hint = one(page, "#labels .scroll"), one(page, "#labels .more-hint")
    WebDriverWait(page, PATIENCE).until(lambda _: hint.is_displayed())
    assert "more" in (box.get_attribute("class") or "").split()
    run(page, "arguments[0].scrollTo(9999, 0)", box)
    WebDriverWait(page, PATIENCE).until(
        lambda _: "more" not in (box.get_attribute("class") or "").split()
    )
    look(page, 1600, "light")
    WebDriverWait(page, PATIENCE).until(lambda _: not hint.is_displayed())


def test_on_paper_it_is_light_and_no_table_is_cut(page: Chrome) -> None:
    look(page, 700, "dark")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        style = "getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        assert luminance(run(page, style, "body", "backgroundColor")) > 0.9
        cut = (
            "[...document.querySelectorAll('.scroll')].filter((box) => box.clientWidth > 0 &&"
            " box.scrollWidth > box.clientWidth + 1).map((box) => box.ariaLabel)"
        )
        assert run(page, cut) == []
        assert not one(page, "nav").is_displayed()
        assert one(page, "#word-psnr").is_displayed()
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_a_map_shows_the_image_under_the_pointer_unless_its_label_is_left_out(
    browser: Chrome, tmp_path: Path
) -> None:
    """One image lies in each corner: white ones of label 3 on the left, black ones of 5."""
    images = np.zeros((4, 8, 8, 1), np.float32)
    images[:2] = 1
    places = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    titles = ["#0: 3", "#1: 3", "#2: 5", "#3: 5"]
    path = tmp_path / "map.html"
    path.write_text(render_map([Map("PCA", places, [])], images, titles, list("3355"), ""), "utf-8")
    look(browser, 600, "light")
    browser.get(path.as_uri())
    canvas, shown = one(browser, ".maps canvas"), one(browser, ".shown")
    run(browser, "arguments[0].scrollIntoView({block: 'end'})", canvas)
    corner = canvas.size["width"] // 2 - 14
    middle = "document.querySelector('.shown canvas').getContext('2d').getImageData(50, 50, 1, 1)"

    def point_at(x: int, y: int) -> None:
        hover = ActionChains(browser).move_to_element(canvas).move_by_offset(x, y)
        hover.perform()

    point_at(-corner, -corner)
    assert shown.text == "#1: 3"
    assert run(browser, f"[...{middle}.data]") == [255, 255, 255, 255]
    point_at(corner, corner)
    assert shown.text == "#2: 5"
    assert run(browser, f"[...{middle}.data]") == [0, 0, 0, 255]
    point_at(0, 0)
    assert not shown.is_displayed()
    button = one(browser, ".legend [data-group='1']")
    for pressed in ("false", "true"):
        button.click()
        assert button.get_attribute("aria-pressed") == pressed
        point_at(corner, corner)
        assert shown.is_displayed() == (pressed == "true")
