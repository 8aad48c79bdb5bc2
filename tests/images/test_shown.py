"""What images are called, and which part of them is shown."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.shown import image_titles, middle


@pytest.mark.parametrize(
    ("row", "plain", "numbered"),
    [
        ({"label": 7}, "label 7", "#3, label 7"),
        ({"label": 7.0}, "label 7", "#3, label 7"),
        ({"name": "boat.png", "label": None}, "boat.png", "#3, boat.png"),
        ({"name": "boat.png", "label": 2}, "boat.png, label 2", "#3, boat.png, label 2"),
        ({"label": np.nan}, "#3", "#3"),
        ({"label": pd.NA}, "#3", "#3"),
        ({}, "#3", "#3"),
    ],
)
def test_images_are_called_by_what_is_known_of_them(
    row: dict[str, Any], plain: str, numbered: str
) -> None:
    rows = pd.DataFrame([{"index": 3, **row}])
    assert image_titles(rows) == [plain]
    assert image_titles(rows, numbered=True) == [numbered]


@pytest.mark.parametrize(("height", "width"), [(4, 5), (3, 100), (7, 9), (100, 100)])
def test_the_middle_is_in_the_middle(height: int, width: int) -> None:
    image = np.random.default_rng(0).random((1, 7, 9, 1), dtype=np.float32)
    found = middle(ImageSet.of(image), 0, height, width)
    rows, columns = min(height, 7), min(width, 9)
    top, left = (7 - rows) // 2, (9 - columns) // 2
    np.testing.assert_array_equal(found, image[0, top : top + rows, left : left + columns])
