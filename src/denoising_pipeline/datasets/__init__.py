"""Kedro datasets that kedro-datasets does not have. Each is imported when it is first asked for."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from denoising_pipeline.datasets.checkpoints import CheckpointsDataset
    from denoising_pipeline.datasets.json_strict import StrictJsonDataset
    from denoising_pipeline.datasets.mlflow_runs import MlflowRunsDataset
    from denoising_pipeline.datasets.model_files import ModelFilesDataset
    from denoising_pipeline.datasets.networks import (
        ClassifierDataset,
        DenoiserDataset,
        DenoisersDataset,
    )
    from denoising_pipeline.datasets.npy import NpyDataset
    from denoising_pipeline.datasets.page import PageDataset
    from denoising_pipeline.datasets.sections import SectionDataset
    from denoising_pipeline.datasets.source import SourceDataset, SourcesDataset
    from denoising_pipeline.datasets.study_storage import StudyStorageDataset

__all__ = [
    "CheckpointsDataset",
    "ClassifierDataset",
    "DenoiserDataset",
    "DenoisersDataset",
    "MlflowRunsDataset",
    "ModelFilesDataset",
    "NpyDataset",
    "PageDataset",
    "SectionDataset",
    "SourceDataset",
    "SourcesDataset",
    "StrictJsonDataset",
    "StudyStorageDataset",
]

_MODULES = {
    "CheckpointsDataset": "checkpoints",
    "ClassifierDataset": "networks",
    "DenoiserDataset": "networks",
    "DenoisersDataset": "networks",
    "MlflowRunsDataset": "mlflow_runs",
    "ModelFilesDataset": "model_files",
    "NpyDataset": "npy",
    "PageDataset": "page",
    "SectionDataset": "sections",
    "SourceDataset": "source",
    "SourcesDataset": "source",
    "StrictJsonDataset": "json_strict",
    "StudyStorageDataset": "study_storage",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
