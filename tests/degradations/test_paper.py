"""Print on old paper: what is kept, and what varies."""

import numpy as np

from denoising_pipeline.degradations.blur import Blur
from denoising_pipeline.degradations.paper import DARKEST, Paper
from denoising_pipeline.images.arrays import Images

WHITE = np.ones((12, 96, 128, 1), np.float32)
PAGES = WHITE.copy()
PAGES[:, 20:28, 10:100] = 0


def on_paper(clean: Images, seed: int = 0, severity: float = 1) -> Images:
    return Paper(severity=severity).apply(clean, np.random.default_rng(seed))


def test_print_is_darker_than_the_paper_around_it() -> None:
    found = on_paper(PAGES)
    around = np.concatenate([found[:, 16:19, 10:100], found[:, 29:32, 10:100]], axis=1)
    assert (np.median(found[:, 20:28, 10:100], (1, 2)) < np.median(around, (1, 2))).all()


def test_paper_is_darker_than_white_and_never_black() -> None:
    found = on_paper(WHITE)
    assert found.min() >= (1 - DARKEST) - 1e-6
    assert found.mean() < 0.95


def test_every_image_has_a_paper_of_its_own_whatever_follows() -> None:
    found = on_paper(WHITE)
    spread = found.std((1, 2, 3))
    assert spread.max() > 3 * spread.min() > 0
    assert len({page.tobytes() for page in found}) == len(found)
    np.testing.assert_array_equal(on_paper(WHITE[:5]), found[:5])
    np.testing.assert_array_equal(on_paper(WHITE), found)
    assert not np.array_equal(on_paper(WHITE, seed=1), found)


def test_the_back_shows_through_mirrored() -> None:
    """With print, white paper beside it is darker somewhere than it is without."""
    less = on_paper(WHITE) - on_paper(PAGES)
    beside = np.delete(less, np.s_[18:30], axis=1)
    assert beside.min() > -1e-6
    assert 0.02 < beside.max((1, 2, 3)).max() <= 0.35


def test_colours_stay_equal_where_they_were() -> None:
    found = on_paper(np.repeat(PAGES, 3, axis=3))
    np.testing.assert_array_equal(found[..., 0], found[..., 2])
    np.testing.assert_array_equal(found[..., :1], on_paper(PAGES))


def test_severities_share_what_is_drawn() -> None:
    half, whole = (1 - on_paper(WHITE, severity=severity) for severity in (0.5, 1))
    np.testing.assert_allclose(half, whole / 2, atol=1e-5)


def test_a_varied_blur_is_of_each_image_another_up_to_its_spread() -> None:
    edges = [np.abs(np.diff(page, axis=0)).max() for page in _blurred(varied=True)]
    assert len({round(float(edge), 3) for edge in edges}) > 6
    assert min(edges) >= np.abs(np.diff(_blurred(varied=False), axis=1)).max() - 1e-6
    assert max(edges) > 0.9


def _blurred(*, varied: bool) -> Images:
    return Blur(spread=1, varied=varied).apply(PAGES, np.random.default_rng(0))
