"""The report of a folder in a real browser: dividers move, and it fits a phone, the dark, paper."""

import base64
import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from batch_inputs import EVIL, done, failed, folder, thumbnails
from browsers import chromium, look, needs_chromium, run
from limits import PATIENCE
from PIL import Image
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.command import Command
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from denoising_pipeline.batch.report import write_report

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    long = "a_name_that_is_long_" * 8
    write_report([*folder(), done(EVIL, thumbnails()), failed(long), done(long)], path)
    return path.as_uri()


@pytest.fixture
def page(browser: Chrome, address: str) -> Chrome:
    """The page on a desk, in the light."""
    look(browser, 1200, "light")
    browser.get(address)
    return browser


def divided(browser: Chrome, selector: str) -> WebElement:
    """Return a pair of pictures that is in sight."""
    found = browser.find_element(By.CSS_SELECTOR, f"{selector} .compare")
    run(browser, "arguments[0].scrollIntoView({block: 'center'})", found)
    return found


def place(browser: Chrome, pair: WebElement) -> float:
    """Return where the divider is, in percent."""
    at: str = run(browser, "getComputedStyle(arguments[0]).getPropertyValue('--at')", pair)
    return float(at.removesuffix("%"))


def test_nothing_goes_wrong_and_nothing_is_fetched(page: Chrome) -> None:
    page.get_log("browser")  # type: ignore[no-untyped-call]
    page.refresh()
    assert page.get_log("browser") == []  # type: ignore[no-untyped-call]
    names = "performance.getEntriesByType('resource').map((e) => e.name)"
    assert run(page, f"{names}.filter((name) => !name.startsWith('data:'))") == []
    run(page, "document.querySelectorAll('img').forEach((one) => (one.loading = 'eager'))")
    assert run(
        page, "Promise.all([...document.images].map((one) => one.decode())).then(() => true)"
    )
    sizes = run(page, "[...document.images].map((one) => [one.naturalWidth, one.clientWidth])")
    assert [320, 320] in sizes
    assert [40, 320] in sizes


def test_the_divider_is_dragged_by_a_mouse(page: Chrome) -> None:
    pair = divided(page, "#file-1 .crop")
    assert place(page, pair) == pytest.approx(50, abs=1)
    drag = ActionChains(page).move_to_element_with_offset(pair, 10, 20).click_and_hold()
    drag.move_by_offset(80, 60).release().perform()
    assert place(page, pair) == pytest.approx(100 * (160 + 90) / 320, abs=1)
    ActionChains(page).move_by_offset(-150, 0).perform()
    assert place(page, pair) == pytest.approx(100 * (160 + 90) / 320, abs=1)
    other = page.find_element(By.CSS_SELECTOR, "#file-1 .whole .compare")
    assert place(page, other) == pytest.approx(50, abs=1)


def swipe(browser: Chrome, pair: WebElement, *shares: float) -> None:
    """Put a finger on a pair, move it from share to share of its width, and lift it."""
    box = run(browser, "arguments[0].getBoundingClientRect().toJSON()", pair)
    places = [
        {
            "type": "pointerMove",
            "duration": 0,
            "x": round(box["left"] + share * box["width"]),
            "y": round(box["top"] + 20),
        }
        for share in shares
    ]
    down, up = {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}
    finger = {
        "type": "pointer",
        "id": "finger",
        "parameters": {"pointerType": "touch"},
        "actions": [places[0], down, *places[1:], up],
    }
    browser.execute(Command.W3C_ACTIONS, {"actions": [finger]})


def test_the_divider_is_moved_by_a_finger(page: Chrome) -> None:
    look(page, 375, "light")
    pair = divided(page, "#file-1 .whole")
    swipe(page, pair, 0.5, 0.6, 0.8)
    assert place(page, pair) == pytest.approx(80, abs=2)
    swipe(page, pair, 0.1)
    assert place(page, pair) == pytest.approx(10, abs=2)


def test_the_divider_is_moved_by_keys_and_shows_that_it_is_chosen(page: Chrome) -> None:
    pair = divided(page, "#file-1 .crop")
    slider = pair.find_element(By.TAG_NAME, "input")
    run(page, "arguments[0].focus()", slider)
    for key, expected in ((Keys.ARROW_RIGHT, 51), (Keys.HOME, 0), (Keys.END, 100)):
        ActionChains(page).send_keys(key).perform()
        assert place(page, pair) == pytest.approx(expected, abs=0.1)
    assert pair.value_of_css_property("outline-style") == "solid"


def test_before_is_left_of_the_divider_and_after_right(page: Chrome) -> None:
    """What is drawn, not what the style says: noise is left, the smoothed picture right."""
    pair = divided(page, "#file-1 .crop")
    with Image.open(io.BytesIO(pair.screenshot_as_png)) as image:
        seen = np.asarray(image.convert("L"), np.float32)[40:-10]
    rough = np.abs(np.diff(seen, axis=0)).mean(0)
    assert rough[10:130].mean() > 2 * rough[190:310].mean()


@pytest.mark.parametrize("width", [360, 768, 1600])
def test_the_page_is_as_wide_as_the_screen(page: Chrome, width: int) -> None:
    look(page, width, "light")
    assert run(page, "innerWidth") == width
    assert run(page, "document.documentElement.scrollWidth") <= width


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_in_either_scheme(page: Chrome, scheme: str) -> None:
    """A contrast of 4.5 or more (WCAG 2.2, level AA)."""
    look(page, 1200, scheme)
    script = "getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    ground = luminance(run(page, script, "article", "backgroundColor"))
    assert (ground < 0.1) == (scheme == "dark")
    for selector in ("article h3", ".facts dt", ".warnings", "figcaption", "nav a", ".alert"):
        low, high = sorted([luminance(run(page, script, selector, "color")), ground])
        assert (high + 0.05) / (low + 0.05) >= 4.5, selector


def test_on_paper_before_and_after_lie_side_by_side(page: Chrome) -> None:
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    pair = divided(page, "#file-1 .crop")
    before, after = pair.find_elements(By.TAG_NAME, "img")
    assert before.rect["y"] == after.rect["y"]
    assert before.rect["x"] + before.rect["width"] <= after.rect["x"]
    printed = page.execute_cdp_cmd("Page.printToPDF", {})["data"]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert base64.b64decode(printed).startswith(b"%PDF")


def test_the_table_sorts_and_leads_to_the_pictures(page: Chrome) -> None:
    page.find_element(By.CSS_SELECTOR, "#files a").send_keys(Keys.ENTER)
    WebDriverWait(page, PATIENCE).until(lambda _: run(page, "location.hash") == "#file-1")
    heading = page.find_element(By.CSS_SELECTOR, "#files th:nth-child(9) button")
    run(page, "arguments[0].click()", heading)
    counts = [
        int(cell.get_attribute("data-value") or "")
        for cell in page.find_elements(By.CSS_SELECTOR, "#files tbody td:nth-child(9)")
    ]
    assert counts == sorted(counts)
