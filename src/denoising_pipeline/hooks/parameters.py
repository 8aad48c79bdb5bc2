"""Parameters are checked before anything else happens."""

from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from denoising_pipeline.config import ParameterError, Parameters, validate_parameters
from denoising_pipeline.config.unread import misspelt_files, misspelt_keys
from denoising_pipeline.datasets import SourceDataset
from denoising_pipeline.images.source import Wanted
from denoising_pipeline.training.study.space import Space
from denoising_pipeline.training.study.trials import load_optuna


class ParameterHooks:
    """Refuse parameters that are not allowed; fill in the defaults of those not given."""

    _parameters: Parameters

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Replace the parameters by the complete, checked ones.

        Raises:
            ParameterError: Some are not allowed, every one of which is named; or the source is
                not the one that the catalog reads; or a file or key is misspelt and not read.
        """
        loader: Any = context.config_loader
        layers = {loader.base_env, loader.env or loader.default_run_env} - {None}
        folders = [Path(loader.conf_source, layer) for layer in sorted(layers)]
        lines = misspelt_files(folders, loader.config_patterns)
        if lines := lines + misspelt_keys(loader.get("globals", {})):
            raise ParameterError.of(lines)
        checked = validate_parameters(loader["parameters"])
        read = loader.runtime_params.get("source") or loader.get("globals", {}).get("source")
        if read not in (None, checked.source):
            raise ParameterError.of(
                [
                    f"source: {checked.source!r} by the parameters, {read!r} by globals.yml, which "
                    "is what the catalog reads. Take `source` out of parameters.yml; choose it by "
                    f"--params source={checked.source} or in a globals.yml"
                ]
            )
        loader["parameters"] = checked.model_dump()
        self._parameters = checked

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Check what a study would try before anything is read, whatever else runs before it.

        A source that is not there is told by the parameters what should be.

        Raises:
            SpaceError: Some of it is not allowed.
            ImportError: Optuna is not installed.
        """
        if "params:study" in pipeline.inputs():
            load_optuna()
            Space.of(self._parameters.study.space, self._parameters.training)
        for name in (name for name in pipeline.inputs() if not name.startswith("params:")):
            if isinstance(source := catalog.get(name), SourceDataset):
                source.wanted = _wanted(self._parameters)


def _wanted(parameters: Parameters) -> Wanted:
    """Return what parameters want to learn from."""
    if not parameters.noise_injection.root.drawn:
        return "noisy" if parameters.ingestion.noisy else "pairs"
    if parameters.training.model.sample_rate:
        return "recordings"
    return "images" if parameters.training.patch else "any"
