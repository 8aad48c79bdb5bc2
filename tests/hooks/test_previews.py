"""Kedro-Viz is silent of what no run has written, and of nothing else."""

import logging
from pathlib import Path

import pytest
from kedro.io.core import Version
from kedro_datasets.pandas import CSVDataset
from kedro_viz.models.flowchart.node_metadata import DataNodeMetadata
from kedro_viz.models.flowchart.nodes import DataNode

from denoising_pipeline.hooks.previews import without_unwritten


def shown(dataset: CSVDataset) -> DataNodeMetadata:
    node = DataNode(id="1", name="scores", tags=set(), layer=None, kedro_obj=dataset)
    return DataNodeMetadata(data_node=node)


def test_a_table_that_no_run_has_written_has_no_preview_and_no_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    without_unwritten()
    path = str(tmp_path / "scores.csv")
    with caplog.at_level(logging.WARNING):
        assert shown(CSVDataset(filepath=path, version=Version(None, None))).preview is None
        assert caplog.messages == []
        assert shown(CSVDataset(filepath=path)).preview is None
        assert "'scores' could not be previewed" in caplog.text
