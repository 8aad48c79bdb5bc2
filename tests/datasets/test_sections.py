"""`SectionDataset`: a section comes back as it was, and none is nothing to fail on."""

import math
from pathlib import Path

import numpy as np
import pytest
from kedro.io import DatasetError

from denoising_pipeline.datasets import SectionDataset
from denoising_pipeline.report.blocks import (
    Alert,
    Block,
    Chart,
    Charts,
    Code,
    Drawing,
    Figures,
    Gallery,
    Links,
    Picture,
    Scale,
    Section,
    Series,
    Sheet,
    Text,
)
from denoising_pipeline.report.stored import KINDS
from denoising_pipeline.report.tables import Table, numbers, words

CHART = Chart("c", "line", "x", "y", [0.0, 1.0], [Series("s", [None, 2.5], low=[1.0, 2.0])])
BLOCKS: list[Block] = [
    Text("a <b>"),
    Alert("no"),
    Code("kedro run"),
    Links("more", [("#a", "A", "said")]),
    Figures([("PSNR", "1 dB", "")]),
    Scale("dB", [("noisy", 1.0), ("denoised", 2.0)], "denoised"),
    Gallery("g", [Picture("p", [("clean", ["9 dB"], "data:,")])]),
    Sheet("s", [("a", [], "data:,")], "a"),
    Drawing("d", "data:,"),
    Table("t", [words("w", ["x"]), numbers("n", [1.5], ".1f")]),
    CHART,
    Charts([CHART]),
]


def plain(section: Section) -> str:
    """Return all that it says; lists and tuples are the same here."""
    return repr(section).replace("(", "[").replace(")", "]").replace(",]", "]")


def test_every_block_comes_back(tmp_path: Path) -> None:
    assert {block.kind for block in BLOCKS} == KINDS.keys()
    dataset = SectionDataset(filepath=tmp_path / "a.json")
    dataset.save(Section("key", "Title", BLOCKS, "In a sentence."))
    found = dataset.load()
    assert found is not None
    assert plain(found) == plain(Section("key", "Title", BLOCKS, "In a sentence."))


def test_numbers_of_tables_come_back_whatever_made_them(tmp_path: Path) -> None:
    dataset = SectionDataset(filepath=tmp_path / "a.json")
    values = [np.float64(1.5), np.int64(2), math.nan]
    dataset.save(Section("k", "T", [Table("t", [numbers("n", values, ".1f")])]))
    found = dataset.load()
    assert found is not None
    (table,) = found.blocks
    assert isinstance(table, Table)
    assert list(table.columns[0].texts) == ["1.5", "2.0", "\N{EN DASH}"]
    assert list(table.columns[0].values)[:2] == [1.5, 2]


def test_where_there_is_none_none_is_loaded(tmp_path: Path) -> None:
    assert SectionDataset(filepath=tmp_path / "a.json").load() is None


def test_a_damaged_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text in ("{", '{"key": 1}', '{"key": "a", "title": "b", "blocks": [{"kind": "?"}]}'):
        path.write_text(text)
        with pytest.raises(DatasetError, match=r"a.json' is no section of a report"):
            SectionDataset(filepath=path).load()
