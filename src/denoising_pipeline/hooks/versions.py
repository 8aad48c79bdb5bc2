"""What a run loads is what it wrote, or what it was told to load."""

from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.io.core import AbstractVersionedDataset, DatasetError, Version
from kedro.pipeline import Pipeline


class VersionHooks:
    """Pin versions before a run starts."""

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Check `--load-versions`, and pin what the run writes to what it loads.

        Without the pin, a version of another run, or one dated in the future, would be loaded
        instead of the one just written.

        Raises:
            DatasetError: A version was asked for that does not exist; those that do are listed.
        """
        requested = run_params["load_versions"] or {}
        for name, version in requested.items():
            _check_exists(name, catalog.get(name), version)
        for name in pipeline.all_outputs() - set(requested):
            dataset = catalog.get(name)
            if isinstance(dataset, AbstractVersionedDataset) and dataset._version:
                saved = dataset._version.save
                dataset._version = Version(saved, saved)


def _check_exists(name: str, dataset: Any, version: str) -> None:
    if not isinstance(dataset, AbstractVersionedDataset) or not dataset._version:
        raise DatasetError(f"--load-versions {name}:{version}: {name!r} is not a versioned entry.")
    known = dataset.list_versions(full_path=False)
    if version not in known:
        listed = "\n  ".join(known) or "none: run the pipeline that writes it first"
        raise DatasetError(
            f"--load-versions {name}:{version} does not exist. Versions of {name!r}:\n  {listed}"
        )
