"""The page with maps needs nothing but itself, and holds every image where it says."""

import base64
import io
import json
import re

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from denoising_pipeline.report.projection_map import Map, render_map

COUNT = 7
IMAGES = np.random.default_rng(0).random((COUNT, 5, 4, 1), dtype=np.float32)
PLACES = np.array([[3.0 * n, 30.0 - n] for n in range(COUNT)])
TITLES = [f"#{n}" for n in range(COUNT - 1)] + ["</script><b>#6"]
GROUPS = ["2", "10", "2", "10", "2", "10", "<i>"]


@pytest.fixture(scope="module")
def page() -> str:
    maps = [Map("PCA", PLACES, ["error: 0.1"]), Map("t-SNE", PLACES * -1, [])]
    return render_map(maps, IMAGES, TITLES, GROUPS, "Better & worse.")


def data(page: str) -> dict[str, object]:
    found = re.search(r"const data = (\{.*\});", page)
    assert found
    read: dict[str, object] = json.loads(found[1])
    return read


def test_nothing_is_fetched(page: str) -> None:
    assert "default-src 'none'" in page
    for tag in BeautifulSoup(page, "html.parser").find_all(["img", "script", "link"]):
        assert str(tag.get("src", "data:")).startswith("data:")
        assert not tag.get("href")


def test_there_is_a_map_for_each_method_and_a_button_for_each_label(page: str) -> None:
    soup = BeautifulSoup(page, "html.parser")
    assert len(soup.select(".maps canvas")) == 2
    assert [button.text for button in soup.select(".legend [data-group]")] == ["2", "10", "<i>"]
    assert "error: 0.1" in soup.select(".maps figcaption")[0].text
    assert data(page)["groups"] == [0, 1, 0, 1, 0, 1, 2]


def test_words_cannot_end_the_script(page: str) -> None:
    assert page.count("</script>") == 1
    assert data(page)["titles"] == TITLES


def test_places_keep_their_distances(page: str) -> None:
    """Both axes have one scale, and the longer one fills the map."""
    maps = data(page)["maps"]
    assert isinstance(maps, list)
    places = np.array(maps[0]["places"])
    np.testing.assert_allclose(np.ptp(places, axis=0), [1, 1 / 3], atol=0.002)
    np.testing.assert_allclose(places.mean(0), [0.5, 0.5], atol=0.002)


def test_images_lie_in_one_picture_row_by_row(page: str) -> None:
    soup = BeautifulSoup(page, "html.parser")
    source = str(soup.select(".atlas")[0]["src"])
    atlas = np.asarray(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))))
    columns = data(page)["columns"]
    assert columns == 3
    assert atlas.shape == (3 * 5, 3 * 4)
    expected = np.rint(IMAGES[5, ..., 0] * 255)
    np.testing.assert_array_equal(atlas[5:10, 8:12], expected)


def test_large_images_are_shown_smaller() -> None:
    large = np.zeros((COUNT, 130, 20, 3), np.float32)
    found = data(render_map([Map("PCA", PLACES, [])], large, TITLES, GROUPS, ""))
    assert (found["height"], found["width"]) == (44, 7)


def test_images_at_one_place_are_drawn_as_well() -> None:
    page = render_map([Map("PCA", np.zeros((COUNT, 2)), [])], IMAGES, TITLES, GROUPS, "")
    maps = data(page)["maps"]
    assert isinstance(maps, list)
    assert maps[0]["places"] == [[0.5, 0.5]] * COUNT
