"""Coloured digits: which colours there are, and what a black and white image tells of them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from denoising_pipeline.images.coloured_digits import (
    PAIRS,
    coloured,
    fetch_coloured_digits,
    palette,
)
from denoising_pipeline.images.idx import write_idx
from denoising_pipeline.images.luma import luma


def test_all_colours_exist_and_only_the_last_two_pairs_are_equally_light() -> None:
    pairs = palette()
    assert pairs.shape == (PAIRS + 1, 2, 3)
    assert pairs.min() >= 0 and pairs.max() <= 1
    grey = luma(pairs)[..., 0]
    np.testing.assert_allclose(grey[-1], grey[-2], atol=1e-6)
    assert np.abs(pairs[-1] - pairs[-2]).max() > 0.2
    apart = np.abs(grey[:-1, None] - grey[None, :-1]).max(axis=2) + np.eye(PAIRS)
    assert apart.min() > 0.02


def test_the_seed_decides_the_colours_and_each_split_has_its_own_draws() -> None:
    digits = np.zeros((20, 4, 4, 1), np.float32)
    again = coloured(digits, "train")
    np.testing.assert_array_equal(coloured(digits, "train"), again)
    assert not np.array_equal(coloured(digits, "test"), again)
    assert not np.array_equal(coloured(digits, "train", seed=1), again)
    np.testing.assert_allclose(again, again[:, :1, :1].repeat(4, 1).repeat(4, 2))


def test_files_are_written_once_and_others_are_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fetch_coloured_digits.__globals__, "DIGITS", {"train": 2, "test": 1})
    mnist, folder = tmp_path / "mnist", tmp_path / "out"
    mnist.mkdir()
    for name in ("train", "t10k"):
        for kind, array in (("images-idx3", np.zeros((3, 6, 5))), ("labels-idx1", np.zeros(3))):
            with (mnist / f"{name}-{kind}-ubyte").open("wb") as file:
                write_idx(array.astype(np.uint8), file)
    licence, *digits = fetch_coloured_digits(folder, mnist)
    assert licence.read_text().startswith("CC BY-SA 3.0\n")
    assert [path.parent.name for path in digits] == ["train", "train", "test"]
    with Image.open(digits[0]) as image:
        assert (image.mode, image.size) == ("RGB", (5, 6))
    fetch_coloured_digits(folder, mnist)
    digits[0].write_bytes(b"another")
    with pytest.raises(FileExistsError):
        fetch_coloured_digits(folder, mnist)
