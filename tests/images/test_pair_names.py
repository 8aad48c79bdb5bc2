"""Which files are a pair, by their names."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from denoising_pipeline.images.options import IngestionParameters, PairNames
from denoising_pipeline.images.pair_names import (
    CLEAN_AND_NOISY,
    Pair,
    chosen_names,
    find_pairs,
    matched,
)


@pytest.mark.parametrize(
    ("clean", "noisy", "files"),
    [
        ("clean/*", "noisy/*", {"a": ("clean/a.png", "noisy/a.jpg")}),
        ("clean/*", "noisy/*", {"train/a.1": ("Clean/train/a.1.png", "noisy/train/a.1.tif")}),
        ("*_mean.*", "*_real.*", {"a": ("a_mean.JPG", "a_real.JPG")}),
        ("*_mean.*", "*_real", {"b/c": ("b/c_mean.tif", "b/c_real.png")}),
        ("*", "*_noisy", {"a": ("a.png", "a_noisy.png")}),
        ("gt_*", "in_*", {"7": ("gt_7.png", "in_7.png")}),
    ],
)
def test_names_that_differ_as_the_patterns_do_are_pairs(
    clean: str, noisy: str, files: dict[str, tuple[str, str]]
) -> None:
    paths = [path for both in files.values() for path in both]
    pairs, faults = matched(paths, PairNames(clean=clean, noisy=noisy))
    assert pairs == {name: Pair(*both) for name, both in files.items()}
    assert not faults


def test_files_without_a_partner_or_with_two_are_named() -> None:
    paths = ["clean/a.png", "clean/b.png", "clean/c.png", "clean/c.jpg", "noisy/a.png"]
    paths += ["noisy/c.png", "noisy/d.png", "e.png", "clean.png"]
    pairs, faults = matched(paths, CLEAN_AND_NOISY)
    assert [*pairs] == ["a"]
    assert faults == {
        "b": "'clean/b.png': there is no 'noisy/b' of any ending",
        "c": "'clean/c.png' and 'clean/c.jpg' and 'noisy/c.png' are more than a pair",
        "d": "'noisy/d.png': there is no 'clean/d' of any ending",
        "e.png": "'e.png' is named neither clean/* nor noisy/*",
        "clean.png": "'clean.png' is named neither clean/* nor noisy/*",
    }


def test_two_folders_are_pairs_unless_it_is_said_otherwise() -> None:
    both = ["Clean/a.png", "noisy/a.png"]
    named = PairNames(clean="*_a", noisy="*_b")
    assert chosen_names(both, None) == CLEAN_AND_NOISY
    assert chosen_names(both, named) == named
    deeper = ["x/clean/a.png", "x/noisy/a.png"]
    for paths in (both[:1], ["a.png"], ["clean.png", "noisy.png"], deeper):
        assert chosen_names(paths, None) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"clean": "*_a*", "noisy": "*_b"}, r"one \* is needed"),
        ({"clean": "clean", "noisy": "noisy/*"}, r"one \* is needed"),
        ({"clean": "clean.*", "noisy": "noisy/*"}, r"one \* is needed"),
        ({"clean": "a_*.*", "noisy": "A_*"}, "cannot both be named 'a_"),
        ({"clean": "a_*"}, "Field required"),
    ],
)
def test_patterns_that_name_no_pairs_are_refused(given: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        IngestionParameters.model_validate({"pairs": given})


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["real/a.png", "mean/a.jpg", "real/b.png", "mean/b.jpg"], ("mean/*", "real/*")),
        (["a_1_real.png", "a_1_mean.png", "b_real.png", "b_mean.png"], ("*_mean", "*_real")),
        (["gt-a.png", "noisy-a.png", "gt-b.png", "noisy-b.png"], ("gt-*", "noisy-*")),
        (["x_gt_1.png", "x_in_1.png", "y_gt_1.png", "y_in_1.png"], None),
    ],
)
def test_found_pairs_know_the_patterns_of_their_names(
    tmp_path: Path, files: list[str], expected: tuple[str, str] | None
) -> None:
    (found,) = find_pairs(tmp_path, [tmp_path / name for name in files])
    names = found.patterns(tmp_path)
    assert (names and (names.clean, names.noisy)) == expected
