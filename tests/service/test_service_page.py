"""The page in a real browser: a file in, the divider, the strength, and the file out."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsers import chromium, look, needs_chromium, run
from PIL import Image

pytest.importorskip("onnx", reason="needs the extra `onnx`")

from limits import PATIENCE
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait
from serving import client, encoded, photograph, served, write_denoiser

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(downloads: Path) -> Iterator[Chrome]:
    with chromium(downloads) as started:
        yield started


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    model = tmp_path_factory.mktemp("model") / "average.zip"
    write_denoiser(model)
    with served(tmp_path_factory.mktemp("service"), model) as (_, found):
        yield found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph, one of two pages, a tiny one without a level, and a text."""
    folder = tmp_path_factory.mktemp("files")
    pixels = photograph(300)
    (folder / "photo.png").write_bytes(encoded(pixels))
    first, second = (Image.fromarray(pixels[:rows]) for rows in (200, 100))
    first.save(folder / "pages.tif", save_all=True, append_images=[second])
    (folder / "tiny.png").write_bytes(encoded(pixels[:6, :6]))
    (folder / "text.png").write_text("no image")
    return folder


@pytest.fixture
def page(browser: Chrome, address: str) -> Iterator[Chrome]:
    """The page on a desk, in the light; nothing went wrong on it."""
    look(browser, 1200, "light")
    browser.get(address)
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    browser.refresh()
    yield browser
    said = browser.get_log("browser")  # type: ignore[no-untyped-call]
    assert [line for line in said if "422" not in line["message"]] == []


def one(browser: Chrome, name: str) -> WebElement:
    return browser.find_element(By.ID, name)


def wait(browser: Chrome, condition: Any) -> Any:
    return WebDriverWait(browser, PATIENCE).until(condition)


def choose(browser: Chrome, file: Path) -> None:
    """Choose a file, and wait until the page shows its result or says what is wrong."""
    one(browser, "file").send_keys(str(file))
    wait(browser, lambda _: file.name in one(browser, "status").text)
    wait(browser, lambda _: not one(browser, "progress").is_displayed())


def requests(browser: Chrome) -> list[str]:
    """What was fetched since the page was opened."""
    names: list[str] = run(
        browser, "performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    return names


def covered(browser: Chrome) -> float:
    """How much of the picture the divider leaves as it was, as a share of its width."""
    clip = one(browser, "after").value_of_css_property("clip-path")
    width: float = run(browser, "document.getElementById('after').clientWidth")
    return float(re.findall(r"[\d.]+", clip)[-1]) / width


def shown(browser: Chrome) -> bool:
    return one(browser, "result").is_displayed()


def test_a_chosen_picture_is_shown_before_and_after(
    page: Chrome, address: str, files: Path
) -> None:
    choose(page, files / "photo.png")
    assert shown(page)
    facts = one(page, "facts").text
    assert "300 x 300" in facts
    assert "PNG, RGB, 8 bit" in facts
    level = float(facts.split("\n")[1])
    assert level == pytest.approx(25, abs=3)
    for name in ("before", "after"):
        assert run(page, f"document.getElementById('{name}').naturalWidth") == 300
    assert all(name.startswith(address) for name in requests(page))
    assert covered(page) == pytest.approx(0.5, abs=0.01)


def test_the_divider_follows_mouse_and_keys(page: Chrome, files: Path) -> None:
    choose(page, files / "photo.png")
    divider = one(page, "divider")
    quarter = one(page, "stage").size["width"] // 4
    ActionChains(page).drag_and_drop_by_offset(divider, quarter, 0).perform()
    assert covered(page) == pytest.approx(0.75, abs=0.02)
    assert divider.get_attribute("aria-valuenow") in {"74", "75", "76"}
    for key, expected in ((Keys.HOME, 0), (Keys.ARROW_RIGHT, 0.02), (Keys.END, 1)):
        divider.send_keys(key)
        assert covered(page) == pytest.approx(expected, abs=0.01)


def test_the_divider_follows_a_finger(page: Chrome, files: Path) -> None:
    look(page, 390, "light")
    choose(page, files / "photo.png")
    run(page, "document.getElementById('stage').scrollIntoView({block: 'center'})")
    box = run(page, "document.getElementById('stage').getBoundingClientRect().toJSON()")
    y = box["top"] + box["height"] / 2
    for kind, share in (("Start", 0.5), ("Move", 0.3), ("Move", 0.2), ("End", None)):
        x = None if share is None else box["left"] + share * box["width"]
        points = [] if x is None else [{"x": x, "y": y}]
        page.execute_cdp_cmd(
            "Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points}
        )
    assert covered(page) == pytest.approx(0.2, abs=0.02)


def test_strength_blends_in_the_browser_and_nothing_is_asked_of_the_service(
    page: Chrome, files: Path
) -> None:
    choose(page, files / "photo.png")
    before = requests(page)
    slider = one(page, "strength")
    for _ in range(5):
        slider.send_keys(Keys.PAGE_DOWN)
    assert one(page, "percent").text == "50 %"
    assert one(page, "after").value_of_css_property("opacity") == "0.5"
    assert requests(page) == before


def test_what_is_downloaded_has_the_strength_that_is_shown(
    page: Chrome, address: str, files: Path, downloads: Path
) -> None:
    choose(page, files / "photo.png")
    for _ in range(3):
        one(page, "strength").send_keys(Keys.PAGE_DOWN)
    one(page, "download").click()
    target = downloads / "photo_denoised.png"
    wait(page, lambda _: target.exists())
    with client(address) as web:
        content = (files / "photo.png").read_bytes()
        expected = web.post("/denoise", params={"strength": 0.7}, content=content).content
    assert target.read_bytes() == expected


def test_a_dropped_picture_is_denoised(page: Chrome, files: Path) -> None:
    content = (files / "photo.png").read_bytes()
    page.execute_script(
        """
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(arguments[0])], "dropped.png"));
        const event = { dataTransfer: transfer, bubbles: true, cancelable: true };
        document.getElementById("drop").dispatchEvent(new DragEvent("drop", event));
        """,
        list(content),
    )
    wait(page, lambda _: "dropped.png: done" in one(page, "status").text)
    assert shown(page)


def test_what_is_wrong_is_said_and_the_next_picture_works(page: Chrome, files: Path) -> None:
    one(page, "file").send_keys(str(files / "text.png"))
    wait(page, lambda _: one(page, "error").is_displayed())
    assert "text.png is no image that is read" in one(page, "error").text
    assert not shown(page)
    choose(page, files / "tiny.png")
    assert shown(page)
    assert not one(page, "error").is_displayed()
    assert "unknown" in one(page, "facts").text
    assert "noise level" in one(page, "warnings").text


def test_pages_are_looked_at_one_by_one(page: Chrome, files: Path) -> None:
    choose(page, files / "pages.tif")
    assert shown(page)
    assert "300 x 200" in one(page, "facts").text
    one(page, "page").send_keys(Keys.ARROW_UP, Keys.TAB)
    wait(page, lambda _: "300 x 100" in one(page, "facts").text)
    assert run(page, "document.getElementById('after').naturalHeight") == 100


def test_pixel_by_pixel_a_picture_is_as_large_as_it_is(page: Chrome, files: Path) -> None:
    look(page, 390, "light")
    large = files / "large.png"
    large.write_bytes(encoded(np.tile(photograph(300), (2, 4, 1))))
    choose(page, large)
    width = "document.getElementById('after').getBoundingClientRect().width"
    assert run(page, width) < 390
    one(page, "zoom").click()
    assert run(page, width) == 1200
    assert run(page, "document.documentElement.scrollWidth") <= 390
    run(page, "void (document.getElementById('scroller').scrollLeft = 600)")
    wait(page, lambda _: covered(page) > 0.6)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_fits_the_screen_and_its_words_stand_out(
    page: Chrome, files: Path, width: int, scheme: str
) -> None:
    """Contrast of 4.5 or more (WCAG 2.2, level AA)."""
    look(page, width, scheme)
    choose(page, files / "tiny.png")
    assert run(page, "document.documentElement.scrollWidth") <= width
    ground = luminance(page, page.find_element(By.TAG_NAME, "body"), "background-color")
    assert (ground < 0.1) == (scheme == "dark")
    for selector in ("h1", "header p", "#status", "#facts dt", "#facts dd", "#warnings li"):
        words = luminance(page, page.find_element(By.CSS_SELECTOR, selector), "color")

        low, high = sorted([words, ground])
        assert (high + 0.05) / (low + 0.05) >= 4.5, selector


def luminance(browser: Chrome, element: WebElement, name: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    colour: str = run(browser, f"getComputedStyle(arguments[0])['{name}']", element)
    channels = [int(part) / 255 for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
