"""What a worker does that follows another one: train with it, and leave nothing behind."""

from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline

from denoising_pipeline.hooks.epoch_logger import EpochLogger
from denoising_pipeline.hooks.picture_logger import PictureLogger
from denoising_pipeline.report import RunFacts


class FollowingHooks:
    """Stand in for `TrackingHooks` where another worker leads: it tracks and writes for all."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Keep in memory what the leader saves, and give the nodes what they need."""
        for name in pipeline.all_outputs():
            catalog[name] = MemoryDataset(copy_mode="assign")
        catalog.save("epoch_logger", EpochLogger(None))
        catalog.save("picture_logger", PictureLogger(None))
        catalog.save("run_facts", RunFacts(command="", version=run_params["run_id"]))
