"""Parameters are checked before anything else happens."""

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from denoising_pipeline.config import ParameterError, validate_parameters


class ParameterHooks:
    """Refuse parameters that are not allowed; fill in the defaults of those not given."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Replace the parameters by the complete, checked ones.

        Raises:
            ParameterError: Some are not allowed, every one of which is named; or the source is
                not the one that the catalog reads.
        """
        loader = context.config_loader
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
